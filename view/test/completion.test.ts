import type { MemberInfo } from '@gochat/client/methods';
import { expect, test } from 'vitest';
import { commandsIn } from '../src/commands/commands.ts';
import { completionAt } from '../src/room/completion.ts';
import { openEmojiBook } from '../src/text/emoji.ts';
import { device, words } from './timeline-input.ts';

const members: MemberInfo[] = ['ana', 'Anton', 'ben'].map((name) => ({
  id: device(name).slice(0, 8),
  device: device(name),
  identity: device(name),
  name,
  admin: false,
  self: false,
}));
const emoji = await openEmojiBook();
const parts = { members, rooms: ['kitchen', 'garden'], commands: commandsIn(words.text.commands), emoji };

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

test('names of emoji are replaced, but not in code; unknown names stay', () => {
  expect(emoji.spell(':tada: and `:tada:` and :nonsense: 12:30:15')).toBe(
    '🎉 and `:tada:` and :nonsense: 12:30:15',
  );
  expect(emoji.spell('```\n:tada:\n```\n:+1:')).toBe('```\n:tada:\n```\n👍');
  expect(emoji.spell(':constructor:')).toBe(':constructor:');
});
