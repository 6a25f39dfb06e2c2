import { type Database, open, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb';

/** Binary keys to binary values. */
export type Tree = Database<Buffer, Buffer>;

export type Environment = RootDatabase<Buffer, Buffer>;

const BINARY = { keyEncoding: 'binary', encoding: 'binary' } as const;

/** Opens or makes one LMDB file, readable by its owner only. */
export function openEnvironment(path: string): Environment {
  const options: RootDatabaseOptionsWithPath & { permissionsMode: number } = {
    ...BINARY,
    path,
    maxDbs: 16,
    permissionsMode: 0o600,
    // With overlapping syncs a transaction is visible before it is on disk; without them, whatever can be read is durable.
    overlappingSync: false,
  };
  return open<Buffer, Buffer>(options);
}

export function openTree(environment: Environment, name: string): Tree {
  return environment.openDB<Buffer, Buffer>({ ...BINARY, name });
}
