import { ChatError } from '../api/chat-error.ts';
import type { RoomInfo } from '../api/methods.ts';
import { linkAddress } from '../net/address.ts';
import type { Profile } from '../profile/profile-connection.ts';

/** Where a message is. It has no secret: only members of the room have the message. */
export interface MessagePlace {
  /** The room's id. */
  readonly room: string;
  readonly seq: string;
  /** The message's own id. */
  readonly id: string;
}

const FORM = /^https?:\/\/[^/?#]+\/#\/message\/([\w-]{22})\.(\d{1,16})\.([\w-]{22})$/i;

/** @returns a link to a message, for other members of its room. Browsers send nothing of it but the server's address. */
export function messageLink(
  { server, id: room }: Pick<RoomInfo, 'server' | 'id'>,
  { seq, id }: { readonly seq: string; readonly id: string },
): string {
  return `${linkAddress(server)}/#/message/${room}.${seq}.${id}`;
}

/** @returns the same for a room of a profile. @throws ChatError `unknown-room` if it isn't there any more */
export async function linkToMessage(
  profile: Pick<Profile, 'call'>,
  room: string,
  place: { readonly seq: string; readonly id: string },
): Promise<string> {
  const info = (await profile.call('rooms', {})).find(({ id }) => id === room);
  if (info === undefined) throw new ChatError({ reason: 'room-unknown', name: room });
  return messageLink(info, place);
}

/** @param text a whole link. @returns undefined if it doesn't lead to a message */
export function readMessageLink(text: string): MessagePlace | undefined {
  const [, room, seq, id] = FORM.exec(text.trim()) ?? [];
  return room === undefined || seq === undefined || id === undefined ? undefined : { room, seq, id };
}
