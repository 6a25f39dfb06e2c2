// biome-ignore-all lint/performance/noBarrelFile: a library is imported in one place
export { type DBSchema, type IDBPDatabase, openDB, unwrap } from 'idb';
