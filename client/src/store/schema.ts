import type { Environment, Table } from './environment.ts';
import { ProfileTooNew } from './profile-too-new.ts';

/** Changes the records of one version into those of the next, inside the transaction that raises the version. */
export type Migration = (records: Table) => void;

/** `MIGRATIONS[n]` leads from version n + 1 to n + 2. Records are sealed: a migration sees keys and lengths only. */
const MIGRATIONS: readonly Migration[] = [];

const SCHEMA_KEY = new TextEncoder().encode('schema');

/**
 * Brings the records to the schema that this program knows; a new environment starts there.
 * @param guard as of the store: throws when this process may not write.
 * @throws ProfileTooNew
 */
export async function migrate(
  environment: Environment,
  guard: () => void = () => undefined,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  const target = migrations.length + 1;
  await environment.transact(() => {
    guard();
    const stored = environment.meta.get(SCHEMA_KEY);
    const version = stored === undefined ? target : Number(stored.toString('latin1'));
    if (!(version <= target)) {
      throw new ProfileTooNew(`schema ${version}, known ${target}`);
    }
    for (const step of migrations.slice(version - 1)) step(environment.records);
    void environment.meta.put(SCHEMA_KEY, Buffer.from(String(target), 'latin1'));
  });
}
