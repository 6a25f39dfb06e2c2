import type { Content } from './content.ts';
import { isStaff, type RoomState } from './room-state.ts';

/** What a person is in a room. Each identity is exactly one of these, on all its devices. */
export type Role = 'admin' | 'moderator' | 'speaker' | 'member' | 'observer';

/**
 * @param identity the identity key as base64url
 * @returns the role that the state gives it, whether or not it has a leaf. Who is muted is an observer even with a voice: a moderator can
 *   mute a speaker, but only an admin changes who has a voice.
 */
export function roleOf(state: RoomState, identity: string): Role {
  if (state.admins.includes(identity)) return 'admin';
  if (state.mods?.includes(identity)) return 'moderator';
  if (state.mutes?.includes(identity)) return 'observer';
  return state.voices?.includes(identity) ? 'speaker' : 'member';
}

/** Why somebody may not say something. */
export type Silence =
  /** It is an observer. */
  | { readonly reason: 'muted' }
  /** Only admins and moderators may speak, or only those and speakers. */
  | { readonly reason: 'staff-only' }
  | { readonly reason: 'not-listed' }
  /** It has said something a moment ago. `until`: from when on it may speak again, in milliseconds since 1970 by the server's clock. */
  | { readonly reason: 'slow'; readonly until: number };

/** When something is said, in milliseconds since 1970 by the server's clock. */
export interface SpeakingTimes {
  readonly at: number;
  /**
   * When the person said something last that is shown. Undefined if this device doesn't know: then it is allowed. So a device that has
   * just joined may show a message that others leave out.
   */
  readonly previousAt?: number | undefined;
}

/**
 * Whether a person may say this in an epoch with this room state. All readers judge alike, by the state of the message's epoch and the
 * server's time of the message. Admins and moderators may always speak, and everybody may react, vote, delete and leave.
 * @param identity the identity key as base64url
 * @returns why not; undefined if it may
 */
export function maySay(
  state: RoomState,
  identity: string,
  content: Pick<Content, 'kind'>,
  { at, previousAt }: SpeakingTimes,
): Silence | undefined {
  if ((content.kind !== 'text' && content.kind !== 'edit') || isStaff(state, identity)) return undefined;
  const silence = silenceOf(state, identity);
  if (silence !== undefined) return silence;
  // A correction needn't wait.
  if (state.slow === undefined || previousAt === undefined || content.kind === 'edit') return undefined;
  const until = previousAt + state.slow * 1000;
  return at < until ? { reason: 'slow', until } : undefined;
}

/** @returns why a person may say nothing at all; undefined if it may */
export function silenceOf(
  state: RoomState,
  identity: string,
): Exclude<Silence, { reason: 'slow' }> | undefined {
  const role = roleOf(state, identity);
  if (role === 'admin' || role === 'moderator') return undefined;
  if (role === 'observer') return { reason: 'muted' };
  if (state.speak === 'staff') return { reason: 'staff-only' };
  if (state.speak === 'listed' && role !== 'speaker') return { reason: 'not-listed' };
  return undefined;
}
