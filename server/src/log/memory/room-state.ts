import type { Clock } from '../engine.ts';
import { requireId, requireKey } from '../ids.ts';
import type { PutOptions, RoomId, RoomState, StateValue } from '../log.ts';

interface StoredValue extends StateValue {
  readonly expiresAt: number;
}

/** The state values of the memory engine. */
export class MemoryState implements RoomState {
  readonly #rooms = new Map<RoomId, Map<string, StoredValue>>();
  readonly #now: Clock;
  readonly #requireOpen: () => void;
  #revision = 0;

  constructor(now: Clock, requireOpen: () => void) {
    this.#now = now;
    this.#requireOpen = requireOpen;
  }

  async get(room: RoomId, key: string): Promise<StateValue | undefined> {
    const found = this.#find(room, key);
    return found && { value: found.value, revision: found.revision };
  }

  async put(
    room: RoomId,
    key: string,
    value: Uint8Array,
    { revision, ttlSec }: PutOptions = {},
  ): Promise<{ readonly revision: string } | 'conflict'> {
    if (!fits(this.#find(room, key), revision)) return 'conflict';
    const expiresAt = ttlSec === undefined ? Number.POSITIVE_INFINITY : this.#now() + ttlSec * 1000;
    const stored: StoredValue = {
      value: new Uint8Array(value),
      revision: String(++this.#revision),
      expiresAt,
    };
    const values = this.#rooms.get(room) ?? new Map<string, StoredValue>();
    this.#rooms.set(room, values.set(key, stored));
    return { revision: stored.revision };
  }

  async delete(
    room: RoomId,
    key: string,
    { revision }: Pick<PutOptions, 'revision'> = {},
  ): Promise<'deleted' | 'conflict'> {
    if (!fits(this.#find(room, key), revision)) return 'conflict';
    this.#rooms.get(room)?.delete(key);
    return 'deleted';
  }

  drop(room: RoomId): void {
    this.#rooms.delete(room);
  }

  sweep(): void {
    const now = this.#now();
    for (const values of this.#rooms.values())
      for (const [key, { expiresAt }] of values) if (expiresAt <= now) values.delete(key);
  }

  #find(room: RoomId, key: string): StoredValue | undefined {
    this.#requireOpen();
    const found = this.#rooms.get(requireId(room))?.get(requireKey(key));
    return found && found.expiresAt > this.#now() ? found : undefined;
  }
}

function fits(present: StateValue | undefined, revision: string | undefined): boolean {
  if (revision === undefined) return true;
  return revision === 'absent' ? present === undefined : present?.revision === revision;
}
