import type { Chat } from '../chat/chat.ts';

/** Asks this person's other devices for older messages of a room, which appear when they come. @returns why that is of no use */
export async function askOlder(chat: Chat, room: string): Promise<string | undefined> {
  const { older } = await chat.words.text.devices();
  const { devices } = await chat.profile.call('olderHistory', { room, waitMs: 0 });
  if (devices === 0) return older.nobody;
  chat.flashes.good(older.asked(devices));
  return undefined;
}
