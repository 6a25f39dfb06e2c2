import type { Content, FileContent } from '@gochat/crypto/content';
import { expect, test } from 'vitest';
import { applyChange, EMOJI_PER_MESSAGE } from '../src/room/changes.ts';
import { isEmoji } from '../src/room/emoji.ts';
import type { TextItem } from '../src/room/history.ts';
import { ANSWER_EMOJI, pollText, readPoll } from '../src/room/polls.ts';

const said: TextItem = {
  seq: '7' as TextItem['seq'],
  sub: 0,
  at: 1,
  kind: 'text',
  from: 'ana',
  identity: 'a',
  own: false,
  text: 'hello',
  id: 'x',
};
const of = { seq: said.seq, id: 'x' };
const ana = { identity: 'a', name: 'ana', own: false, admin: false, moderator: false };
const ben = { identity: 'b', name: 'ben', own: true, admin: false, moderator: false };
const cai = { identity: 'c', name: 'cai', own: false, admin: true, moderator: false };
const edit = { kind: 'edit', of, text: 'bye', mentions: ['b'] } satisfies Content;
const react = (emoji: string, on = true) => ({ kind: 'react', to: of, emoji, on }) satisfies Content;

function must(item: TextItem | 'refused'): TextItem {
  if (item === 'refused') throw new Error('refused');
  return item;
}

test('only the author edits a message, any number of times', () => {
  const edited = applyChange({ ...said, me: true }, edit, ana, 5);
  expect(edited).toEqual({ ...said, me: true, text: 'bye', mentions: ['b'], edited: 5 });
  expect(applyChange(must(edited), { kind: 'edit', of, text: 'again' }, ana, 6)).toEqual({
    ...said,
    me: true,
    text: 'again',
    edited: 6,
  });
  for (const other of [ben, cai]) expect(applyChange(said, edit, other, 5)).toBe('refused');
});

const photo = {
  id: 'i'.repeat(22),
  key: 'k'.repeat(43),
  hash: 'h'.repeat(43),
  bytes: 3,
  name: 'photo.jpg',
  type: 'image/jpeg',
} as FileContent;

test('an edit keeps the files of a message, and only a message with files can be edited to nothing', () => {
  const empty = { kind: 'edit', of, text: '' } satisfies Content;
  const withPhoto: TextItem = { ...said, files: [photo] };
  expect(applyChange(withPhoto, empty, ana, 5)).toEqual({ ...withPhoto, text: '', edited: 5 });
  expect(applyChange(withPhoto, { ...empty, text: 'look' }, ana, 5)).toMatchObject({ files: [photo] });
  expect(applyChange(withPhoto, empty, ben, 5)).toBe('refused');
  expect(applyChange(said, empty, ana, 5)).toBe('refused');
});

test('the author or an admin deletes a message, and nothing of it stays', () => {
  const full: TextItem = {
    ...said,
    me: true,
    edited: 3,
    reply: { seq: said.seq, id: 'y' },
    mentions: ['b'],
    files: [photo],
    reactions: [{ emoji: '👍', by: [ben] }],
  };
  const gone = { ...said, text: '', deleted: { by: 'cai', own: false } };
  expect(applyChange(full, { kind: 'delete', of }, cai, 5)).toEqual(gone);
  expect(applyChange(full, { kind: 'delete', of }, ana, 5)).toMatchObject({
    text: '',
    deleted: { by: 'ana' },
  });
  expect(applyChange(full, { kind: 'delete', of }, ben, 5)).toBe('refused');
  expect(applyChange(gone, { kind: 'delete', of }, ana, 6)).toBe(gone);
  expect(applyChange(gone, edit, ana, 6)).toBe(gone);
  expect(applyChange(gone, react('👍'), ben, 6)).toBe(gone);
});

test('each member adds an emoji once, and can remove it', () => {
  const one = must(applyChange(said, react('👍'), ben, 5));
  expect(applyChange(one, react('👍'), ben, 5)).toBe(one);
  const two = must(applyChange(one, react('👍'), ana, 5));
  expect(two.reactions).toEqual([
    {
      emoji: '👍',
      by: [
        { identity: 'b', name: 'ben' },
        { identity: 'a', name: 'ana' },
      ],
    },
  ]);
  const less = must(applyChange(two, react('👍', false), ben, 5));
  expect(less.reactions).toEqual([{ emoji: '👍', by: [{ identity: 'a', name: 'ana' }] }]);
  expect(applyChange(less, react('👍', false), ana, 5)).toEqual(said);
  expect(applyChange(said, react('👍', false), ana, 5)).toBe(said);
});

test('a message has at most a fixed number of emoji', () => {
  let item = said;
  for (let i = 0; i < EMOJI_PER_MESSAGE + 5; i++)
    item = must(applyChange(item, react(String.fromCodePoint(0x1f600 + i)), ben, 5));
  expect(item.reactions).toHaveLength(EMOJI_PER_MESSAGE);
  const joined = must(applyChange(item, react('\u{1f600}'), ana, 5));
  expect(joined.reactions?.[0]?.by).toHaveLength(2);
});

test('an emoji is one visible emoji', () => {
  for (const emoji of ['👍', '👍🏽', '❤️', '👩‍👩‍👧‍👦', '🇨🇭', '1️⃣', '™']) expect(isEmoji(emoji)).toBe(true);
  for (const other of ['', 'a', '1', '👍👍', ' 👍', '\n', '\u200d']) expect(isEmoji(other)).toBe(false);
});

test('a reaction that is no emoji is ignored: a muted person could speak by it', () => {
  for (const words of ['you_are_all_fools', '👍👎', 'x', 'fools👍'])
    expect(applyChange(said, react(words), ana, 5)).toBe(said);
});

test('in a poll with one answer a vote ends the earlier one, and other reactions stay', () => {
  const [first = '', second = ''] = ANSWER_EMOJI;
  const votes = (item: TextItem) =>
    (item.reactions ?? []).map(({ emoji, by }) => `${emoji} ${by.map(({ name }) => name).join(' ')}`);
  const poll: TextItem = {
    ...said,
    text: pollText({ question: 'Tea?', answers: ['yes', 'no'] }),
    poll: 'one',
  };
  const after = (item: TextItem, steps: readonly (readonly [string, typeof ana, boolean?])[]) =>
    steps.reduce((now, [emoji, who, on]) => must(applyChange(now, react(emoji, on), who, 5)), item);
  const once = [
    [first, ana],
    ['👍', ana],
    [first, ben],
    [second, ana],
  ] as const;
  expect(votes(after(poll, once))).toEqual([`${first} ben`, '👍 ana', `${second} ana`]);
  expect(votes(after(poll, [...once, [second, ana, false]])).some((one) => one.startsWith(second))).toBe(
    false,
  );
  expect(votes(after({ ...poll, poll: 'many' }, once))).toContain(`${first} ana ben`);
  expect(votes(after(said, once))).toContain(`${first} ana ben`);
});

test('a poll that its author or staff has closed takes no vote or edit and gives no vote back, but takes reactions', () => {
  const [first = '', second = '', third = ''] = ANSWER_EMOJI;
  const close = { kind: 'close', of } satisfies Content;
  const text = pollText({ question: 'Tea?', answers: ['yes', 'no'] });
  const poll = must(applyChange({ ...said, text, poll: 'many' }, react(first), ben, 5));
  const dan = { ...ben, identity: 'd', moderator: true };
  for (const who of [ana, cai, dan])
    expect(applyChange(poll, close, who, 6)).toEqual({
      ...poll,
      closed: { by: who.name, own: who.own, at: 6 },
    });
  expect(applyChange(poll, close, ben, 6)).toBe('refused');
  const closed = must(applyChange(poll, close, ana, 6));
  // The third answer may come with an edit.
  const edit = { kind: 'edit', of, text: pollText({ question: 'Tea?', answers: ['no', 'yes'] }) } as const;
  for (const late of [react(second), react(third), react(first, false)])
    expect(applyChange(closed, late, ben, 7)).toBe(closed);
  for (const late of [close, edit]) expect(applyChange(closed, late, ana, 7)).toBe(closed);
  expect(must(applyChange(closed, react('👍'), ben, 7)).reactions).toHaveLength(2);
  expect(applyChange(said, close, ana, 6)).toBe(said);
  expect(must(applyChange(closed, { kind: 'delete', of }, ana, 8)).closed).toBeUndefined();
});

test('the text of a poll is read as it was written, with any lines around the answers', () => {
  const poll = { question: 'Where?\nAnd when?', answers: ['here', '2\u{fe0f}\u{20e3} there', 'nowhere'] };
  expect(readPoll(pollText(poll))).toEqual(poll);
  expect(readPoll(`${pollText(poll)}\nuntil noon`)?.question).toBe('Where?\nAnd when?\nuntil noon');
  const ten = Array.from({ length: 10 }, (_, i) => `answer ${i + 1}`);
  expect(readPoll(pollText({ question: 'Which?', answers: ten }))?.answers).toEqual(ten);
  for (const text of [
    'Tea?',
    pollText({ question: 'Tea?', answers: ['yes'] }),
    '2\u{fe0f}\u{20e3} b\n1\u{fe0f}\u{20e3} a',
    '',
  ])
    expect(readPoll(text)).toBeUndefined();
});
