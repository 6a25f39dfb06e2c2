import type { Clock } from '../engine.ts';
import type { Entry, RoomId } from '../log.ts';
import { Unavailable } from '../log.ts';
import type { Posts } from './posts.ts';
import type { Trees } from './trees.ts';
import type { Writer } from './writer.ts';

export interface Written {
  readonly room: RoomId;
  readonly entry: Entry;
}

/** What all parts of the embedded engine share. */
export interface Store {
  readonly trees: Trees;
  readonly posts: Posts;
  readonly writer: Writer<Written>;
  readonly now: Clock;
}

/** Reads outside a transaction. Sees every write that was acknowledged before. @throws Unavailable */
export function read<T>({ writer }: Store, look: () => T): T {
  writer.requireOpen();
  try {
    return look();
  } catch (cause) {
    throw new Unavailable('the log could not be read', { cause });
  }
}
