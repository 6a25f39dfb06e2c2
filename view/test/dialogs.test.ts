import { expect, test } from 'vitest';
import type { Chat } from '../src/chat/chat.ts';
import type { Dialog } from '../src/dialogs/dialog.ts';
import { DialogHost } from '../src/dialogs/dialog-host.ts';
import { askConfigure, askCreate, askJoin, askLeave } from '../src/dialogs/rooms.ts';
import { words } from './timeline-input.ts';

const PREVIEW = { name: 'kitchen', by: 'ana', topic: '', members: ['ana'], already: false, room: 'room-1' };

/** A chat whose calls are answered by hand. */
function slowChat() {
  const answers: ((result: unknown) => void)[] = [];
  const entered: string[] = [];
  const said: string[] = [];
  const flashes = { failed: () => undefined, textOf: String, end: () => undefined };
  const dialogs = new DialogHost(flashes, () => undefined);
  const chat = {
    words,
    dialogs,
    server: 'https://chat.example.org',
    platform: { keepsProfile: async () => true },
    preferences: { current: { name: 'ben' } },
    profile: { call: () => new Promise((resolve) => answers.push(resolve)) },
    navigation: { enter: async (room: string) => void entered.push(room), room: undefined },
    flashes: { good: (text: string) => said.push(text) },
  } as unknown as Chat;
  /** Answers the last call, and waits until what it causes is done. */
  const answer = async (result: unknown) => {
    answers.at(-1)?.(result);
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { chat, dialogs, entered, said, answer };
}

const textOf = (dialog: Dialog | undefined) => (dialog !== undefined && 'text' in dialog ? dialog.text : []);

test.each([
  ['the only admin among others', true, [{ admin: false }], 2],
  ['one of two admins', true, [{ admin: true }], 1],
  ['no admin', false, [{ admin: true }], 1],
  ['alone', true, [], 1],
])('who leaves as %s gets the warnings that apply', (_who, admin, others, lines) => {
  const { chat, dialogs } = slowChat();
  const members = [{ self: true, admin }, ...others.map((other) => ({ self: false, ...other }))];
  const room = { info: { name: 'kitchen', admin }, members };
  askLeave({ ...chat, navigation: { room } } as unknown as Chat);
  expect(textOf(dialogs.dialog)).toHaveLength(lines);
});

test.each(['name', 'topic'] as const)('who asks to change the %s begins in its field', (what) => {
  const { chat, dialogs } = slowChat();
  const room = { info: { id: 'room-1', name: 'kitchen', topic: 'soup' } };
  askConfigure({ ...chat, navigation: { room } } as unknown as Chat, what);
  expect(dialogs.dialog).toMatchObject({ kind: 'form', focus: what });
});

test('a preview that was cancelled shows no dialog', async () => {
  const { chat, dialogs, answer } = slowChat();
  askJoin(chat, 'first');
  dialogs.close();
  await answer(PREVIEW);
  expect(dialogs.dialog).toBeUndefined();
});

test('a preview that was cancelled does not replace the one of another link', async () => {
  const { chat, dialogs, answer } = slowChat();
  askJoin(chat, 'first');
  const { dialog: first } = dialogs;
  dialogs.close();
  askJoin(chat, '');
  const { dialog: second } = dialogs;
  await answer(PREVIEW);
  expect([dialogs.dialog, first === second]).toEqual([second, false]);
});

test('closing the form while its work goes on leaves the open room open, and reports what was done', async () => {
  const { chat, dialogs, entered, said, answer } = slowChat();
  askCreate(chat);
  dialogs.submit({ name: 'garden', as: 'ben', server: 'https://chat.example.org' });
  dialogs.close();
  await answer({ id: 'room-2', name: 'garden' });
  askJoin(chat, 'a link');
  await answer(PREVIEW);
  expect(textOf(dialogs.dialog)[0]).toBe('ana invites you to kitchen.');
  dialogs.submit({ as: 'ben' });
  dialogs.close();
  await answer({ id: 'room-1', name: 'kitchen' });
  expect([entered, dialogs.dialog, said]).toEqual([[], undefined, ['You joined kitchen']]);
});
