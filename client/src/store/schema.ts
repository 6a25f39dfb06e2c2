import type { Environment, Table } from './environment.ts';
import { ProfileTooNew } from './profile-too-new.ts';

/** Converts the records of one version to the next, in the transaction that raises the version. */
export type Migration = (records: Table) => void;

/** `MIGRATIONS[n]` leads from version n + 1 to n + 2. Records are sealed: a migration sees keys and lengths only. */
const MIGRATIONS: readonly Migration[] = [];

const SCHEMA_KEY = new TextEncoder().encode('schema');

/**
 * Migrates the records to this program's schema; a new environment starts with it.
 * @param guard throws when this process may not write; called in the transaction
 * @throws ProfileTooNew
 */
export function migrate(
  environment: Environment,
  guard: () => void = () => undefined,
  migrations: readonly Migration[] = MIGRATIONS,
): void {
  const target = migrations.length + 1;
  environment.transactNow(() => {
    guard();
    const stored = environment.meta.get(SCHEMA_KEY);
    const version = stored === undefined ? target : Number(stored.toString('latin1'));
    if (!(version <= target)) {
      throw new ProfileTooNew(`schema ${version}, known ${target}`);
    }
    if (stored !== undefined && version === target) return;
    for (const step of migrations.slice(version - 1)) step(environment.records);
    void environment.meta.put(SCHEMA_KEY, Buffer.from(String(target), 'latin1'));
  });
}
