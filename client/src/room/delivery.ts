import type { Step } from '@gochat/crypto/event';
import { newId } from '@gochat/crypto/new-id';
import type { Env } from '@gochat/crypto/primitives';
import { announceRetention, skipExpired } from '@gochat/crypto/retention';
import type { Room } from '@gochat/crypto/room';
import type { DownOf, Entry } from '@gochat/protocol/down';
import { encodeBytes } from '@gochat/protocol/encoding';
import { comparePositions } from '@gochat/protocol/fields';
import { ChatError } from '../api/chat-error.ts';
import type { CatchingUp } from '../api/methods.ts';
import { toChatError } from '../api/to-chat-error.ts';
import type { Connection } from '../net/connection.ts';
import { Disconnected, RequestError } from '../net/connection-errors.ts';
import type { Timers } from '../schedule/timers.ts';
import type { RoomInput } from './room-input.ts';
import type { RoomSender } from './room-sender.ts';
import type { RoomStore } from './room-store.ts';

/** The shortest wait before a room is entered again after its delivery has ended. */
const ENTER_AGAIN_MS = 500;
/** The wait before a refused enter is repeated: a replica that lacks entries may have received them then. */
const ENTER_LATER_MS = 10_000;
/** Catching up that takes longer than this is shown. */
const SHOW_AFTER_MS = 500;

/** What is received: nothing, nothing before the answer to `enter`, the backlog, or new entries. */
type Stage = 'off' | 'entering' | 'backlog' | 'live';

export interface DeliveryParts {
  readonly store: RoomStore;
  readonly env: Env;
  readonly timers: Timers;
  readonly sender: RoomSender;
  readonly put: (input: RoomInput) => void;
  /** Forgets frames that are not processed. */
  readonly dropFrames: () => void;
  /** {@link Delivery.catchingUp} has changed without an input. */
  readonly progressed: () => void;
}

/** What a room has missed. */
interface Backlog {
  /** Positions: messages may lie between, and none before. */
  readonly from: number;
  readonly to: number;
  readonly since: number;
  /** How many of its entries are processed, and the position of the last of them. */
  read: number;
  at: number;
}

/** What a room receives over its connection. */
export class Delivery {
  readonly #parts: DeliveryParts;
  #connection: Connection | undefined;
  #stage: Stage = 'off';
  /** The connection over which the room will be entered again. */
  #enteringAgain: Connection | undefined;
  #problem: ChatError | undefined;
  #isCutOff = false;
  /** The voice key with which the room was entered. */
  #voice: string | undefined;
  #backlog: Backlog | undefined;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  get stage(): Stage {
    return this.#stage;
  }

  /** Why nothing more is received over this connection. */
  get problem(): ChatError | undefined {
    return this.#problem;
  }

  /** Whether the server has ended this device's key by a handshake that this device couldn't follow. */
  get isCutOff(): boolean {
    return this.#isCutOff;
  }

  /** How much of the backlog is processed; undefined unless that takes some time. */
  get catchingUp(): CatchingUp | undefined {
    if (this.#stage !== 'backlog' || this.#backlog === undefined) return undefined;
    const { from, to, since, read, at } = this.#backlog;
    if (read === 0 || this.#parts.env.now() - since < SHOW_AFTER_MS) return undefined;
    // The rest is as dense as what is read.
    return { read, of: Math.max(read, Math.round((read * (to - from)) / (at - from))) };
  }

  /** Counts processed entries. */
  processed(entries: readonly Entry[]): void {
    const backlog = this.#backlog;
    if (this.#stage !== 'backlog' || backlog === undefined) return;
    for (const { seq } of entries) {
      const at = Number(seq);
      // Handshakes lie between expired messages, too.
      if (at <= backlog.at) continue;
      backlog.read += 1;
      backlog.at = at;
    }
  }

  attach(connection: Connection): void {
    this.#parts.dropFrames();
    this.#connection = connection;
    this.#problem = undefined;
    this.#isCutOff = false;
    this.#begin(connection);
  }

  detach(): void {
    this.#connection = undefined;
    this.#stage = 'off';
    // What wasn't processed comes again over the next connection.
    this.#parts.dropFrames();
  }

  /** Whether a frame that came over a connection is to be processed. */
  receives(over: Connection): boolean {
    return this.#connection === over && (this.#stage === 'backlog' || this.#stage === 'live');
  }

  /** @returns whether the room is live now */
  becomeLive(over: Connection): boolean {
    if (this.#connection === over) this.#stage = 'live';
    return this.#connection === over;
  }

  /** Nothing more is received, unless the room is entered again. */
  stop(error: unknown): void {
    this.#stage = 'off';
    this.#problem = toChatError(error);
  }

  /** Sends `enter`, and `create` before it if the room was created here and its position is unknown. */
  enter(over: Connection): void {
    const { store, sender } = this.#parts;
    if (this.#connection !== over) return;
    this.#stage = 'entering';
    this.#voice = voiceOf(store.room);
    if (store.meta.left) this.#stage = 'off';
    else if (store.request?.type === 'join') this.stop(new ChatError({ reason: 'join-unfinished' }));
    else if (store.request?.type === 'create') sender.create(over, store.request);
    else sender.enter(over, store.room, store.meta.lostHandshakes ? 'epoch' : 'own');
  }

  /**
   * Enters the room again with the voice that this device has, if it has entered it with another one or none. What arrives until then is
   * dropped, and comes again.
   */
  proveVoice(over: Connection): void {
    const { store, env } = this.#parts;
    if (this.#connection !== over || this.#stage !== 'live' || this.#voice === voiceOf(store.room)) return;
    this.#stage = 'off';
    this.#parts.dropFrames();
    // After its reply nothing more comes of what was followed.
    const frame = { type: 'exit', id: newId<never>(env), room: store.room.id } as const;
    const again = () => this.#parts.put({ kind: 'enter-again', over });
    over.request(frame).then(again, again);
  }

  enterAgain(over: Connection): void {
    if (this.#enteringAgain === over) this.#enteringAgain = undefined;
    if (this.#connection === over) this.#problem = undefined;
    this.enter(over);
  }

  /** @returns the steps to apply */
  entered(answer: DownOf<'entered'>, over: Connection): Step<Room>[] {
    const { room } = this.#parts.store;
    if (this.#connection !== over) return [];
    if (comparePositions(answer.handshake, room.base) < 0) {
      // Entries may have arrived with the answer.
      this.#parts.dropFrames();
      this.stop(unknownKeys());
      this.#enterIn(ENTER_LATER_MS, over);
      return [];
    }
    this.#stage = 'backlog';
    const now = this.#parts.env.now();
    const from = Math.max(Number(room.position), Number(answer.floor));
    this.#backlog = { from, to: Number(answer.last), since: now, read: 0, at: from };
    this.#parts.timers.after(SHOW_AFTER_MS, this.#parts.progressed);
    const announced = announceRetention(room, over.retainMs, answer.rules, now);
    const skipped = skipExpired(announced.room, answer.floor, now);
    return skipped.room !== room || skipped.events.length > 0 ? [announced, skipped] : [];
  }

  notEntered(error: unknown, over: Connection): void {
    if (this.#connection !== over || error instanceof Disconnected) return;
    if (error instanceof RequestError && error.retryAfterMs > 0) {
      this.#enterIn(Math.max(ENTER_AGAIN_MS, error.retryAfterMs), over);
      return;
    }
    this.stop(error instanceof RequestError && error.code === 'refused' ? unknownKeys(error) : error);
    if (error instanceof RequestError && error.code !== 'closed') this.#enterIn(ENTER_LATER_MS, over);
  }

  /** The server has ended the delivery of this room; the connection continues. */
  ended({ retryAfterMs = 0 }: DownOf<'error'>, over: Connection): void {
    this.#stage = 'off';
    this.#enterIn(Math.max(ENTER_AGAIN_MS, retryAfterMs), over);
  }

  /** A handshake has retired the proved key. This epoch's key can read more, unless this device was removed. */
  retired(mark: DownOf<'retired'>, over: Connection): void {
    const { room } = this.#parts.store;
    this.#stage = 'off';
    if (room.status === 'removed') return;
    if (comparePositions(room.key, mark.seq) >= 0) {
      this.#begin(over);
      return;
    }
    this.#isCutOff = true;
    this.stop(new ChatError({ reason: 'broken' }));
  }

  #begin(over: Connection): void {
    this.#stage = 'entering';
    this.#parts.put({ kind: 'enter', over });
  }

  #enterIn(ms: number, over: Connection): void {
    if (this.#enteringAgain === over) return;
    this.#enteringAgain = over;
    this.#parts.timers.after(ms, () => this.#parts.put({ kind: 'enter-again', over }));
  }
}

function voiceOf({ voice }: Room): string | undefined {
  return voice && encodeBytes(voice.publicKey);
}

/** The server refuses a key that was in its log, or its last handshake is older than one that it has delivered. */
function unknownKeys(cause?: RequestError): ChatError {
  return new ChatError({ reason: 'keys-unknown' }, { cause });
}
