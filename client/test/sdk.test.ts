import { describe, expect, test } from 'vitest';
import type { ChatEvent } from '../src/api/methods.ts';
import { ChatRoom, GoChat, type HistoryItem, type Profile } from '../src/api/sdk.ts';

const NOT_MEMBER = { code: 'not-member', data: { reason: 'removed' } } as const;

/** A profile with a room of one line. @param after as for `items()` */
function profile(after = '0') {
  const listeners = new Set<(event: ChatEvent) => void>();
  let close: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  const item = { seq: '1', kind: 'text', text: 'one' } as unknown as HistoryItem;
  const answers: Record<string, (params: { after?: string }) => unknown> = {
    follow: () => ({ live: true, problem: undefined }),
    history: (params) => (params.after === '0' ? [item] : []),
  };
  const fake = {
    call: async (method: string, params: object) => answers[method]?.(params),
    on(listener: (event: ChatEvent) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => close(),
    closed,
  };
  return {
    items: new ChatRoom(fake as unknown as Profile, { id: 'r', name: 'kitchen' }).items(after),
    close: fake.close,
    emit: (event: ChatEvent) => {
      for (const listener of listeners) listener(event);
    },
  };
}

test('a loop over items ends when the profile is closed', async () => {
  const { items, close } = profile();
  expect((await items.next()).value).toMatchObject({ text: 'one' });
  const next = items.next();
  await close();
  expect(await next).toEqual({ done: true, value: undefined });
});

test('a loop over items ends with an error when the membership ends', async () => {
  const { items, emit } = profile();
  expect((await items.next()).value).toMatchObject({ text: 'one' });
  const next = items.next();
  await Promise.resolve();
  emit({ kind: 'online', room: 'other', live: false, problem: NOT_MEMBER });
  emit({ kind: 'online', room: 'r', live: false, problem: NOT_MEMBER });
  await expect(next).rejects.toMatchObject({ code: 'not-member', data: { reason: 'removed' } });
});

test.each(['-1', 'abc', '', '1.5', '99999999999999999999'])('no items come after %j', async (after) => {
  await expect(profile(after).items.next()).rejects.toMatchObject({ code: 'usage' });
});

test('a room is found as commands find it: an id is not taken for a name, and a room that was left comes last', async () => {
  const rooms = [
    { id: 'k9Xq-left', name: 'kitchen', status: 'left' },
    { id: 'a7Zw-kitchen', name: 'kitchen', status: 'active' },
    { id: 'h3Vb-hostile', name: 'a7Zw-kitchen', status: 'active' },
  ];
  const fake = { call: async () => rooms, on: () => () => undefined };
  const chat: GoChat = Reflect.construct(GoChat, [fake]);
  for (const name of ['kitchen', 'a7Zw-kitchen', 'a7Zw'])
    expect((await chat.room(name)).id).toBe('a7Zw-kitchen');
  await expect(chat.room('')).rejects.toMatchObject({ code: 'unknown-room' });
});

test.each([null, undefined, 'an id', 7, {}, { id: 7 }, { kind: 'joined', seq: '1' }])(
  '%j is no message that can be changed or answered',
  async (given) => {
    const room = new ChatRoom({ on: () => () => undefined } as unknown as Profile, {
      id: 'r',
      name: 'kitchen',
    });
    const message = given as unknown as HistoryItem;
    const error = { code: 'usage', data: { reason: 'not-a-message' } };
    await expect(room.edit(message, 'new')).rejects.toMatchObject(error);
    await expect(room.delete(message)).rejects.toMatchObject(error);
    await expect(room.react(message, '👍')).rejects.toMatchObject(error);
    await expect(room.reply(message, 'yes')).rejects.toMatchObject(error);
    await expect(room.vote(message, 1)).rejects.toMatchObject(error);
    await expect(room.pin(message)).rejects.toMatchObject(error);
  },
);

test.each(['ana', null, [null], ['ana'], [{ name: 'ana' }]])('%j mentions nobody', async (given) => {
  const room = new ChatRoom({ on: () => () => undefined } as unknown as Profile, {
    id: 'r',
    name: 'kitchen',
  });
  await expect(room.send('@ana look', 5000, given as never)).rejects.toMatchObject({
    code: 'usage',
    data: { reason: 'content-invalid' },
  });
});

test.each([
  [null, ['a', 'b']],
  ['Which?', null],
  ['Which?', 'ab'],
  ['Which?', ['a', null]],
  ['Which?', ['a', 7, { b: 1 }]],
])('%j with the answers %j is no poll', async (question, answers) => {
  const room = new ChatRoom({ on: () => () => undefined } as unknown as Profile, {
    id: 'r',
    name: 'kitchen',
  });
  await expect(room.poll(question as string, answers as string[])).rejects.toMatchObject({
    code: 'usage',
    data: { reason: 'poll-answers' },
  });
  await expect(room.poll('Which?', ['a', 'b'], null as never)).rejects.toMatchObject({
    data: { reason: 'option-unknown' },
  });
});

describe('what was not meant is not done', () => {
  const unused = { call: async () => expect.unreachable('something was done'), on: () => () => undefined };
  const chat = Object.create(GoChat.prototype, { profile: { value: unused } }) as GoChat;
  const room = new ChatRoom(unused as unknown as Profile, { id: 'r', name: 'kitchen' });
  const posted = { id: 'A'.repeat(22), state: 'posted', seq: '1' } as never;
  const notFlags = ['true', 'false', 'yes', 1, 0, null, {}];

  const flags: Readonly<Record<string, (value: never) => Promise<unknown>>> = {
    'invite approve': (approve) => room.invite({ approve }),
    'linkDevice limited': (limited) => chat.linkDevice({ limited }),
    'poll many': (many) => room.poll('Which?', ['a', 'b'], { many }),
    'sendFile keepMetadata': (keepMetadata) => room.sendFile('x', { keepMetadata }),
    'ban on': (on) => room.ban({ identity: 'i' }, on),
    'pin on': (on) => room.pin(posted, on),
    'vote on': (on) => room.vote(posted, 1, on),
    'open unlinked': (unlinked) => GoChat.open('/nowhere', { unlinked }),
  };
  test.each(Object.entries(flags))('%s is true or false', async (_, call) => {
    for (const value of notFlags)
      await expect(call(value as never)).rejects.toMatchObject({
        code: 'usage',
        data: { reason: 'option-flag' },
      });
  });

  const options: Readonly<Record<string, (given: never) => Promise<unknown>>> = {
    invite: (given) => room.invite(given),
    linkDevice: (given) => chat.linkDevice(given),
    recoveryLink: (given) => chat.recoveryLink(given),
    poll: (given) => room.poll('Which?', ['a', 'b'], given),
    sendFile: (given) => room.sendFile('x', given),
    file: async (given) => room.file(posted, 0, given),
    open: (given) => GoChat.open('/nowhere', given),
  };
  test.each(Object.entries(options))('%s takes no option that there is not', async (_, call) => {
    for (const given of [{ misspelt: true }, { toString: true }, ['approve'], 'limited'])
      await expect(call(given as never)).rejects.toMatchObject({ code: 'usage' });
    await expect(call({ misspelt: true } as never)).rejects.toMatchObject({
      data: { reason: 'option-unknown', name: 'misspelt' },
    });
  });
});
