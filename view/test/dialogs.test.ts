import { expect, test } from 'vitest';
import type { Chat } from '../src/chat/chat.ts';
import type { Dialog } from '../src/dialogs/dialog.ts';
import { DialogHost } from '../src/dialogs/dialog-host.ts';
import { askJoin } from '../src/dialogs/join.ts';
import { askConfigure, askCreate, askLeave, askReturn } from '../src/dialogs/rooms.ts';
import { words } from './timeline-input.ts';

const PREVIEW = {
  name: 'kitchen',
  by: 'ana',
  topic: '',
  history: 'none',
  rules: {},
  members: ['ana'],
  already: false,
  room: 'room-1',
};

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
  const room = { info: { id: 'room-1', name: 'kitchen', topic: 'soup', history: 'none', rules: {} } };
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

const none = { there: [], here: [] };
const COMPARISON = {
  by: 'ana',
  proved: true,
  same: false,
  admins: none,
  moderators: none,
  bans: none,
  tag: 'first',
};

/** The dialog in which ben, who could not follow a change by mal, is asked whether he wants to come back. */
function returning() {
  const { chat, dialogs, said, answer } = slowChat();
  const asked: unknown[] = [];
  const { call } = chat.profile;
  const profile = {
    call: (method: string, params: unknown) => {
      asked.push([method, params]);
      return (call as (method: string) => unknown)(method);
    },
  };
  const room = { info: { id: 'room-1', unfollowed: 'mal' } };
  askReturn({ ...chat, profile, navigation: { room } } as unknown as Chat);
  return { dialogs, said, answer, asked };
}

test('who comes back sees first what differs there, and agrees to just that', async () => {
  const { dialogs, said, answer, asked } = returning();
  expect(dialogs.dialog).toMatchObject({ busy: true });
  dialogs.submit({});
  expect(asked).toHaveLength(1);
  await answer({ ...COMPARISON, members: { there: ['ca\u202ei'], here: ['dan', 'eve'] } });
  expect(dialogs.dialog).toMatchObject({ busy: false, danger: true });
  expect(textOf(dialogs.dialog)).toEqual(
    expect.arrayContaining([
      'ana has signed that the others are there.',
      'Members there, not here: cai.',
      'Members here, not there: dan and eve.',
    ]),
  );
  dialogs.submit({});
  expect(asked.at(-1)).toMatchObject(['return', { room: 'room-1', seen: 'first' }]);
  await answer({ returned: true });
  expect([dialogs.dialog, said]).toEqual([undefined, ['This device is back with the others']]);
});

test('what only the author of the change has signed is no proof, and the dialog says so', async () => {
  const { dialogs, answer } = returning();
  await answer({ ...COMPARISON, by: 'mal', proved: false, same: true, members: none });
  expect(dialogs.dialog).toMatchObject({ danger: false });
  expect([...textOf(dialogs.dialog)].join(' ')).toMatch(/Only mal .* does not prove .* as here\./);
});

test('whoever agreed to what has changed since is shown the new differences before the next answer', async () => {
  const { dialogs, answer, asked } = returning();
  await answer({ ...COMPARISON, members: none });
  dialogs.submit({});
  await answer(Promise.reject(new Error('it differs')));
  expect(dialogs.dialog).toMatchObject({ busy: false, error: 'Error: it differs' });
  dialogs.submit({});
  expect(asked.at(-1)).toMatchObject(['compare', { room: 'room-1' }]);
  await answer({ ...COMPARISON, members: { there: ['dan'], here: [] }, tag: 'second' });
  expect(textOf(dialogs.dialog)).toContain('Members there, not here: dan.');
  dialogs.submit({});
  expect(asked.at(-1)).toMatchObject(['return', { seen: 'second' }]);
});
