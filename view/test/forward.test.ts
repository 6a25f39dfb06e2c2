import { expect, test } from 'vitest';
import type { Chat } from '../src/chat/chat.ts';
import type { PaletteDialog } from '../src/dialogs/dialog.ts';
import { askForward } from '../src/dialogs/forward.ts';
import { item, words } from './timeline-input.ts';

test('a message is forwarded to rooms in which this person may write', async () => {
  const shown: PaletteDialog[] = [];
  const room = (id: string, more: object = {}, closed = '') => ({ closed, info: { id, name: id, ...more } });
  const other = { identity: 'ben' };
  const all = [
    room('kitchen'),
    room('left', {}, 'You have left this room'),
    room('muted', { silence: 'muted' }),
    room('news', { silence: 'staff-only' }),
    room('ben', { direct: { ...other, state: 'there' } }),
    room('asked', { direct: { ...other, state: 'asked' } }),
    room('gone', { direct: { ...other, state: 'left' } }),
  ];
  const chat = {
    words,
    rooms: { all },
    navigation: { room: all[0] },
    dialogs: { show: ({ dialog }: { dialog: PaletteDialog }) => void shown.push(dialog) },
  } as unknown as Chat;
  await askForward(chat, item(1, 'ana', 'pass it on'));
  expect(shown.map(({ items }) => items.map(({ name }) => name))).toEqual([['kitchen', 'ben', 'asked']]);
});
