import type { RoomState } from './room-state.ts';

/** docs/protocol.md, “Who may say what”. */

/** @param previous when the person said something last that was not left out; both times by the server's clock */
export function silence(
  { admins, mods = [], mutes = [], voices = [], speak, slow }: RoomState,
  identity: string,
  kind: string,
  { at, previous }: { readonly at: number; readonly previous: number | undefined },
): 'muted' | 'staff-only' | 'not-listed' | 'slow' | null {
  if (kind !== 'text' && kind !== 'edit') return null;
  if (admins.includes(identity) || mods.includes(identity)) return null;
  if (mutes.includes(identity)) return 'muted';
  if (speak === 'staff') return 'staff-only';
  if (speak === 'listed' && !voices.includes(identity)) return 'not-listed';
  if (slow === undefined || previous === undefined || kind === 'edit') return null;
  return at < previous + 1000 * slow ? 'slow' : null;
}
