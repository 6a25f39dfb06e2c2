import type { MessagePlace } from '@gochat/client/message-link';
import type { Chat } from '../chat/chat.ts';

/** Opens the room that a link to a message leads to, and shows the message. Nothing is asked of any server. */
export function openMessage(chat: Chat, { room: id, seq, id: message }: MessagePlace): void {
  const { flashes, navigation, platform, words } = chat;
  const room = chat.rooms.get(id);
  if (room === undefined || room.isHidden) {
    flashes.bad(words.text.flashes.noRoomOfLink);
    return;
  }
  flashes.attempt(async () => {
    navigation.open(id);
    if ((await room.find(seq, message)) === undefined) flashes.bad(words.text.flashes.noMessage);
    // A screen that has just changed to the room takes over earlier jumps in it.
    else platform.after(0, () => navigation.room === room && navigation.jump(seq));
  });
}
