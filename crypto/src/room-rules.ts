import { LIMITS } from '@gochat/protocol/limits';
import type { Rules } from '@gochat/protocol/rules';
import { type HistorySetting, historySetting } from './packs.ts';
import type { RoomState } from './room-state.ts';

/** What of a room's settings is about what members may do, and how long it is shown. */
export interface RoomRules {
  /** Who may speak: everybody; admins and moderators; or those, and whom an admin has given a voice. */
  readonly speak: 'all' | 'staff' | 'listed';
  /** The shortest time between two messages of a person, in seconds. */
  readonly slow?: number;
  /** Who may make invites. */
  readonly links: 'all' | 'staff';
  /** After how many seconds a message disappears. */
  readonly expire?: number;
  /** How much of the history newcomers are shown. */
  readonly history: HistorySetting;
}

/** @returns the rules of a room; those of a new room if the state is of a newer version */
export function rulesOf(state: RoomState | 'newer'): RoomRules {
  if (state === 'newer') return { speak: 'all', links: 'all', history: 'none' };
  const { speak = 'all', slow, links = 'all', expire } = state;
  return {
    speak,
    ...(slow !== undefined && { slow }),
    links,
    ...(expire !== undefined && { expire }),
    history: historySetting(state),
  };
}

/** In how many milliseconds, and how much, one may post where only some may speak: enough for a reaction or a request to leave. */
const QUIET_MS = 10_000;
const QUIET_BYTES = 4137;
/** How much longer than its members the server keeps what disappears: clocks differ. */
const RETAIN_MORE_MS = 3600 * 1000;

/** Whether the server limits who doesn't prove a voice. */
export function needsVoice({ speak, slow }: RoomState): boolean {
  return speak !== undefined || slow !== undefined;
}

/**
 * @param voice the public half of the voice key, as base64url
 * @returns what the server is ordered to enforce. It knows neither the persons nor the reason.
 */
export function serverRules(state: RoomState, voice: string | undefined): Rules {
  const { speak, slow, expire } = state;
  return {
    ...(needsVoice(state) && voice !== undefined && { voice }),
    ...quiet({ speak, slow }),
    ...(expire !== undefined && { retainMs: expire * 1000 + RETAIN_MORE_MS }),
  };
}

/** Whether the server enforces the same of both, but for the voice key. */
export function haveSameRules(one: RoomState, other: RoomState): boolean {
  return JSON.stringify(serverRules(one, undefined)) === JSON.stringify(serverRules(other, undefined));
}

/** Where only some may speak, slow mode is about those alone, who have a voice. */
function quiet({ speak, slow }: Pick<RoomState, 'speak' | 'slow'>): Pick<Rules, 'quietBytes' | 'quietMs'> {
  if (speak !== undefined) return { quietBytes: QUIET_BYTES, quietMs: QUIET_MS };
  return slow === undefined ? { quietMs: 0 } : { quietBytes: LIMITS.messageBytes, quietMs: slow * 1000 };
}
