import { randomUUID } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import type { Route } from '../net/route.ts';
import type { Environment } from '../store/environment.ts';

/** A guest's call that asks how the owner connects. The answer is a route, or null for directly. */
export const ROUTE_CALL = 'owner.route';

/** See {@link Route}. */
export const route = v.object({ proxy: v.string(), unlinked: v.boolean() });

/** An owner's record: a file in the profile's folder, which all processes read. */
const ownerRecord = v.object({
  /** Random, new for each claim. */
  token: v.string(),
  pid: v.number(),
  /** Where the owner listens. */
  socket: v.string(),
});
export type OwnerRecord = v.InferOutput<typeof ownerRecord>;

/** The owner that may write has a key that begins with this. What a condition of a write can look at is whether a key exists. */
const HOLDER = 'owner ';
/** Follows every key that begins as {@link HOLDER} without its blank: earlier versions had the token under that. */
const AFTER_HOLDERS = 'owner~';
const ROUTE_KEY = new TextEncoder().encode('route');
const NEW = 'owner.new-';
const NUMBERED = /^owner\.([1-9]\d{0,14})$/;

/** The newest of the records, which are numbered from 1. */
export interface Newest {
  /** 0: there is none. */
  readonly number: number;
  /** Undefined when there is none, or it can't be read. */
  readonly record: OwnerRecord | undefined;
}

export function newestOwner(dir: string): Newest {
  const number = Math.max(0, ...numbers(dir));
  return { number, record: number === 0 ? undefined : readRecord(dir, number) };
}

/**
 * Records the successor of the owner with this number, unless another process was first. The system creates a file's name for one
 * process only; a record that was deleted since doesn't become the newest again, since its successors are there.
 * @returns its number; undefined when another was first.
 * @throws the system's error
 */
export function succeedOwner(dir: string, former: number, record: OwnerRecord): number | undefined {
  const number = former + 1;
  const draft = join(dir, `${NEW}${randomUUID()}`);
  // Under a path of this folder nobody listens in a copy of it.
  const socket = dirname(record.socket) === dir ? basename(record.socket) : record.socket;
  writeFileSync(draft, JSON.stringify({ ...record, socket }), { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, nameOf(dir, number));
  } catch (error) {
    // Without the draft: the process that was first has removed it.
    if (['EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  if (newestOwner(dir).number !== number) {
    rmSync(nameOf(dir, number), { force: true });
    return undefined;
  }
  removeOlder(dir, former);
  return number;
}

/** Removes drafts and the records before `kept`. The last two stay: a process that lists the folder meanwhile finds one of them. */
function removeOlder(dir: string, kept: number): void {
  const old = numbers(dir).filter((number) => number < kept);
  const drafts = readdirSync(dir).filter((name) => name.startsWith(NEW));
  for (const path of [...old.map((number) => nameOf(dir, number)), ...drafts.map((name) => join(dir, name))])
    rmSync(path, { force: true });
}

function readRecord(dir: string, number: number): OwnerRecord | undefined {
  try {
    const record = v.parse(ownerRecord, JSON.parse(readFileSync(nameOf(dir, number), 'utf8')));
    return { ...record, socket: resolve(dir, record.socket) };
  } catch {
    return undefined;
  }
}

function nameOf(dir: string, number: number): string {
  return join(dir, `owner.${number}`);
}

function numbers(dir: string): readonly number[] {
  return readdirSync(dir).flatMap((name) => {
    const number = NUMBERED.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

/** @returns how the profile last reached its servers; undefined: directly. @throws ValiError when it can't be read: a direct connection might be wrong */
export function readRoute(environment: Environment): Route | undefined {
  const bytes = environment.peek('meta', ROUTE_KEY);
  return bytes === undefined ? undefined : v.parse(route, JSON.parse(Buffer.from(bytes).toString()));
}

/** Makes this token the only one whose owner may write, and the route the profile's. Durable when it returns. */
export function fence(environment: Environment, token: string, used: Route | undefined): void {
  const { meta } = environment;
  environment.transactNow(() => {
    const former = [...meta.getKeys({ start: Buffer.from(HOLDER.trim()), end: Buffer.from(AFTER_HOLDERS) })];
    for (const key of former) void meta.remove(key);
    void meta.put(holderKey(token), Buffer.of());
    if (used === undefined) void meta.remove(ROUTE_KEY);
    else void meta.put(ROUTE_KEY, Buffer.from(JSON.stringify(used)));
  });
}

/** The key that is there while the owner with this token may write. */
export function holderKey(token: string): Uint8Array {
  return Buffer.from(`${HOLDER}${token}`);
}

/** @returns whether the owner with this token may write, as of the transaction that this is called in. */
export function isHolder(environment: Environment, token: string): boolean {
  return environment.meta.get(holderKey(token)) !== undefined;
}
