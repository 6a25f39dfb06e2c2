import { randomBytes } from 'node:crypto';
import type { Clock } from '../engine.ts';
import type { PutOptions, RoomId, RoomState, StateValue } from '../log.ts';
import { decodeState, encodeState, type StateRecord } from './layout.ts';
import { EngineRefusal, type Nats } from './nats.ts';
import { retry } from './retry.ts';
import type { RoomStreams } from './room-streams.ts';

/** JSStreamWrongLastSequence: the value has another version. */
const WRONG_LAST = 10071;
/** How long a deletion leaves a tombstone: longer than any request takes. */
const TOMBSTONE_SEC = 60;

interface CurrentValue extends StateRecord {
  readonly seq: number;
}

/** The state values in JetStream: each is the last message on its own subject, and its sequence is the revision. */
export class JetStreamState implements RoomState {
  readonly #nats: Nats;
  readonly #streams: RoomStreams;
  readonly #now: Clock;

  constructor(nats: Nats, streams: RoomStreams, now: Clock) {
    this.#nats = nats;
    this.#streams = streams;
    this.#now = now;
  }

  get(room: RoomId, key: string): Promise<StateValue | undefined> {
    return retry(async () => {
      const { seq, value, ...record } = await this.#current(room, key);
      return value === undefined || this.#gone(record) ? undefined : { value, revision: String(seq) };
    });
  }

  put(
    room: RoomId,
    key: string,
    value: Uint8Array,
    { revision, ttlSec }: PutOptions = {},
  ): Promise<{ readonly revision: string } | 'conflict'> {
    const expiresAt = ttlSec === undefined ? 0 : Math.floor(this.#now()) + ttlSec * 1000;
    return this.#write(room, key, { expiresAt, value }, revision, ttlSec);
  }

  async delete(
    room: RoomId,
    key: string,
    { revision }: Pick<PutOptions, 'revision'> = {},
  ): Promise<'deleted' | 'conflict'> {
    const written = await this.#write(room, key, { expiresAt: 0 }, revision, TOMBSTONE_SEC);
    return written === 'conflict' ? 'conflict' : 'deleted';
  }

  #write(
    room: RoomId,
    key: string,
    record: Omit<StateRecord, 'write'>,
    revision: string | undefined,
    ttlSec: number | undefined,
  ): Promise<{ readonly revision: string } | 'conflict'> {
    const write = randomBytes(16).toString('base64url');
    const subject = this.#streams.value(room, key);
    const data = encodeState({ ...record, write });
    return retry(async () => {
      const present = revision === undefined ? undefined : await this.#current(room, key);
      if (present?.write === write) return { revision: String(present.seq) };
      if (present !== undefined && revision !== this.#revisionOf(present)) return 'conflict';
      const headers = {
        'Nats-Msg-Id': write,
        ...(present === undefined ? {} : { 'Nats-Expected-Last-Subject-Sequence': String(present.seq) }),
        ...(ttlSec === undefined ? {} : { 'Nats-TTL': `${ttlSec}s` }),
      };
      try {
        return { revision: String((await this.#nats.store({ subject, data, headers })).seq) };
      } catch (error) {
        // The other write may have been an earlier try of this one, whose answer was lost: the next try finds out.
        if (error instanceof EngineRefusal && error.code === WRONG_LAST && present === undefined)
          return 'conflict';
        throw error;
      }
    });
  }

  #revisionOf(present: CurrentValue): string {
    return present.value === undefined || this.#gone(present) ? 'absent' : String(present.seq);
  }

  #gone({ expiresAt }: Pick<StateRecord, 'expiresAt'>): boolean {
    return expiresAt !== 0 && expiresAt <= this.#now();
  }

  async #current(room: RoomId, key: string): Promise<CurrentValue> {
    const stored = await this.#nats.last(this.#streams.stateOf(room), this.#streams.value(room, key));
    return stored === undefined
      ? { seq: 0, write: '', expiresAt: 0 }
      : { ...decodeState(stored.data), seq: stored.seq };
  }
}
