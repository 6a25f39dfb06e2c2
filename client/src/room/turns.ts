import type { Content } from '@gochat/crypto/content';
import { membersOf, type Room } from '@gochat/crypto/room';
import { maySay, type Silence, silenceOf } from '@gochat/crypto/speaking';
import type { RoomMeta } from './room-meta.ts';

/** What was said in a room, and when by the server's clock. */
interface Said {
  readonly identity: string;
  readonly content: Content;
  readonly at: number;
}

/** Judges what is said in a room, as all readers do, and when this person may speak next. */
export class Turns {
  /** When each person spoke last while slow mode was on, by identity key. */
  readonly #spoke: Map<string, number>;

  constructor(spoke: RoomMeta['spoke'] = {}) {
    this.#spoke = new Map(Object.entries(spoke));
  }

  /** To be stored. */
  get spoke(): RoomMeta['spoke'] {
    return this.#spoke.size === 0 ? undefined : Object.fromEntries(this.#spoke);
  }

  /** Call it for each message, in the order of the log. @param room in the epoch of the message. @returns why it may not be shown */
  judge(room: Room, { identity, content, at }: Said): Silence | undefined {
    const { state } = room.context;
    if (state === 'newer') return undefined;
    if (state.slow === undefined) this.#spoke.clear();
    const silence = maySay(state, identity, content, { at, previousAt: this.#spoke.get(identity) });
    if (silence === undefined && state.slow !== undefined && content.kind === 'text')
      this.#spoke.set(identity, at);
    return silence;
  }

  /** @returns when this person may say the next text, in milliseconds since 1970 by the server's clock; undefined: at any time */
  next(room: Room): number | undefined {
    const { state } = room.context;
    const identity = selfOf(room);
    const previousAt = identity === undefined ? undefined : this.#spoke.get(identity);
    if (state === 'newer' || identity === undefined || previousAt === undefined) return undefined;
    const silence = maySay(state, identity, { kind: 'text' }, { at: previousAt, previousAt });
    return silence?.reason === 'slow' ? silence.until : undefined;
  }
}

/** Whether this person has to wait between two texts. */
export function isSlow(room: Room): boolean {
  const { state } = room.context;
  const identity = selfOf(room);
  if (state === 'newer' || identity === undefined) return false;
  return maySay(state, identity, { kind: 'text' }, { at: 0, previousAt: 0 })?.reason === 'slow';
}

/** @returns why this person may not say that at present; undefined also for a text that only has to wait */
export function ownSilence(room: Room, { kind }: Content): Exclude<Silence['reason'], 'slow'> | undefined {
  const { state } = room.context;
  const identity = selfOf(room);
  if (state === 'newer' || identity === undefined || (kind !== 'text' && kind !== 'edit')) return undefined;
  return silenceOf(state, identity)?.reason;
}

function selfOf(room: Room): string | undefined {
  return membersOf(room).find((m) => m.self)?.identity;
}
