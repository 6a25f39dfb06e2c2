import type { MemberInfo } from '@gochat/client/methods';
import { describe, expect, test } from 'vitest';
import { commandsIn } from '../src/commands/commands.ts';
import { completionAt } from '../src/room/completion.ts';
import { openEmojiBook } from '../src/text/emoji.ts';
import { key, words } from './timeline-input.ts';

const members: MemberInfo[] = ['ana', 'Anton', 'ben'].map((name) => ({
  id: key(name).slice(0, 8),
  identity: key(name),
  name,
  admin: false,
  role: 'member' as const,
  self: false,
  devices: [{ key: key(name), self: false }],
}));
const emoji = await openEmojiBook();
const parts = {
  members,
  rooms: ['kitchen', 'garden'],
  commands: commandsIn(await words.text.commands()),
  emoji,
  paths: undefined,
};

const offered = (text: string, cursor = text.length) =>
  completionAt(text, cursor, parts)?.items.map((one) => one.insert) ?? [];

test.each([
  ['a member', 'hi @an', ['@ana ', '@Anton ']],
  ['all members', '@', ['@ana ', '@Anton ', '@ben ']],
  ['no member within a word', 'mail@an', []],
  ['a command by its start', '/inv', ['/invite ', '/invites ']],
  ['a command by an alias', '/kic', ['/remove ']],
  ['no command in the middle of a text', 'so /inv', []],
  ['no command after two slashes', '//inv', []],
  ['a member after a command about one', '/remove b', ['ben']],
  ['a room', '/room gar', ['garden']],
  ['a choice', '/theme d', ['dark']],
  ['nothing after a command without arguments', '/quit x', []],
  ['nothing when it is complete', '/theme dark', []],
])('%s', (_what, text, inserts) => {
  expect(offered(text)).toEqual(inserts);
});

test('an emoji is suggested by its name, from two letters on', () => {
  expect(offered('so :tada')).toEqual(['🎉 ']);
  expect(offered(':t')).toEqual([]);
  expect(offered('12:30')).toEqual([]);
});

test('only the text before the cursor is completed', () => {
  expect(completionAt('hi @an and more', 6, parts)).toMatchObject({ from: 3, to: 6 });
});

test('emoji are known by their names', () => {
  expect(emoji.named('tada')).toBe('🎉');
  expect(emoji.named('+1')).toBe('👍');
  expect(emoji.named('nonsense')).toBeUndefined();
  expect(emoji.named('constructor')).toBeUndefined();
});

describe('members are found by what people type of their names', () => {
  const named = (...names: string[]) =>
    names.map((name) => ({ ...(members[0] as MemberInfo), id: name, identity: key(name), name }));
  const found = (text: string, ...names: string[]) =>
    completionAt(text, text.length, { ...parts, members: named(...names) })?.items.map((one) => one.insert) ??
    [];

  test.each([
    ['without an accent', '@Le', 'Léo'],
    ['without a stroke', '@oy', 'Øystein'],
    ['in another case', '@du', 'Du Pont'],
    ['with a blank', '@du po', 'Du Pont'],
    ['by a later word', '@pont', 'Du Pont'],
    ['after Chinese text', '你好@李', '李明'],
    ['with an @ in the name', '@kim@ho', 'kim@home.example'],
    ['with markup in the name', '@*st', '*star*'],
    ['with underscores', '@__in', '__init__'],
    ['in Persian', '@علی', 'علی‌رضا'],
  ])('%s', (_how, text, name) => {
    expect(found(text, name, 'zoe')).toEqual([`@${name} `]);
  });

  test('but not after a word, and not when another letter is typed', () => {
    expect(found('mail@le', 'Léo')).toEqual([]);
    expect(found('@が', 'かな')).toEqual([]);
  });
});

test('nothing is chosen before an arrow key is pressed', () => {
  for (const text of [':-p', 'score :10', '/me', '@an', ':tada'])
    expect(completionAt(text, text.length, parts)?.selected).toBeUndefined();
});
