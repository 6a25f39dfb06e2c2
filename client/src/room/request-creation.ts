import type { DownOf } from '@gochat/protocol/down';
import type { Dialled } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import type { Connection } from '../net/connection.ts';
import { RequestError } from '../net/connection-errors.ts';

/** Proves to a server that whoever creates a room is in another one there. @returns undefined if this profile is in none, or wants to show none */
export type Vouch = (frame: UpOf<'create'>, at: Dialled) => Promise<UpOf<'create'>['by']>;

/**
 * Asks a server for a room, and once more with a proof if it wants its token: a server that doesn't ask is shown no other room.
 * @throws RequestError, Disconnected
 */
export async function requestCreation(
  over: Connection,
  frame: UpOf<'create'>,
  vouch: Vouch,
): Promise<DownOf<'ack'>> {
  try {
    return await over.request(frame);
  } catch (error) {
    if (!(error instanceof RequestError) || error.code !== 'token') throw error;
    const by = await vouch(frame, over.dialled);
    if (by === undefined) throw error;
    return await over.request({ ...frame, by });
  }
}
