import { expect, test } from 'vitest';
import type { MessageRow, Row } from '../src/timeline/row.ts';
import { makeRows, type TimelineInput } from '../src/timeline/rows.ts';
import { context, device, event, item, NOON, nothingKept, story } from './story.ts';

const DAY_MS = 24 * 3600 * 1000;

function read(of: TimelineInput): string[] {
  return makeRows(of, nothingKept()).rows.map(inShort);
}

function inShort(row: Row): string {
  switch (row.kind) {
    case 'day':
    case 'unread':
    case 'start':
      return `-- ${row.text}`;
    case 'message':
      return `${row.first ? `${row.author.name}: ` : '  '}${row.source}`;
    case 'deleted':
    case 'notice':
    case 'warning':
    case 'ignored':
      return `(${row.kind}) ${row.text}`;
    default:
      return row satisfies never;
  }
}

function messages(of: TimelineInput): MessageRow[] {
  return makeRows(of, nothingKept()).rows.flatMap((row) => (row.kind === 'message' ? [row] : []));
}

test('messages of one author within five minutes stand together', () => {
  const told = story([
    item(1, 'ana', 'one'),
    item(2, 'ana', 'two'),
    item(3, 'ben', 'three'),
    item(4, 'ana', 'four'),
    item(5, 'ana', 'five', { at: NOON + 400_000 }),
  ]);
  expect(read(told)).toEqual(['-- Today', 'ana: one', '  two', 'ben: three', 'ana: four', 'ana: five']);
});

test('days are set apart', () => {
  const told = story([
    item(1, 'ana', 'long ago', { at: NOON - 40 * DAY_MS }),
    item(2, 'ana', 'yesterday', { at: NOON - DAY_MS }),
    item(3, 'ana', 'today'),
  ]);
  expect(read(told)).toEqual([
    expect.stringMatching(/^-- Wednesday,? 14 October 2026$/),
    'ana: long ago',
    '-- Yesterday',
    'ana: yesterday',
    '-- Today',
    'ana: today',
  ]);
});

test('the unread line stands above the first new message of others', () => {
  const told = story(
    [item(1, 'ana', 'old'), item(2, 'me', 'mine'), item(3, 'ana', 'new'), item(4, 'ana', 'newer')],
    {
      newAfter: 1,
    },
  );
  expect(read(told)).toEqual(['-- Today', 'ana: old', 'me: mine', '-- New messages', 'ana: new', '  newer']);
  expect(makeRows(told, nothingKept()).unreadKey).toBe('unread.3.0');
});

test('joins and removals in a row are folded into one notice, each with its time', () => {
  const told = story([
    event(1, 'ana', { kind: 'joined' }),
    event(2, 'ben', { kind: 'joined' }),
    event(3, 'cleo', { kind: 'removed', by: 'ana' }),
    item(4, 'ana', 'hello'),
  ]);
  expect(read(told)).toEqual([
    '-- Today',
    '(notice) ana and ben joined by invite; cleo was removed by ana',
    'ana: hello',
  ]);
  const notice = makeRows(told, nothingKept()).rows[1];
  expect(notice).toMatchObject({
    details: [{ text: 'ana joined by invite' }, { text: 'ben joined by invite' }, {}],
  });
});

test('what somebody who is ignored says is folded, and how much it was is told', () => {
  const told = story([item(1, 'ben', 'one'), item(2, 'ben', 'two'), item(3, 'ana', 'hi')], {
    context: context({ ignored: new Set([device('ben')]) }),
  });
  expect(read(told)).toEqual(['-- Today', '(ignored) 2 messages from ben (ignored)', 'ana: hi']);
});

test('a warning is a row of its own', () => {
  const told = story([event(1, '', { kind: 'warning', warning: 'repeated' })]);
  expect(read(told)).toEqual(['-- Today', '(warning) The server repeated an older entry: it was ignored']);
});

test('a message that was taken back says by whom', () => {
  const deleted = { by: 'ana', own: false };
  const told = story([
    item(1, 'ana', '', { deleted }),
    item(2, 'me', '', { deleted: { by: 'me', own: true } }),
    item(3, 'ben', '', { deleted }),
  ]);
  expect(read(told).slice(1)).toEqual([
    '(deleted) ana deleted this message',
    '(deleted) You deleted this message',
    '(deleted) ana deleted a message from ben',
  ]);
});

test('an own message is waiting, then sent, then read by those who have read as far', () => {
  const readers = [
    { device: device('ana'), name: 'ana', at: 2 },
    { device: device('ben'), name: 'ben', at: 3 },
  ];
  const told = story([item(1, 'me', 'a'), item(3, 'me', 'b'), item(4, 'me', 'c')], {
    readers,
    waiting: [item(0, 'me', 'd', { id: 'waiting'.padEnd(22, 'A') })],
  });
  expect(messages(told).map((row) => row.deliveryText)).toEqual([
    'read by ana and ben',
    'read by ben',
    'sent',
    'waiting to be sent',
  ]);
});

test('a reply shows what it answers, as it is now', () => {
  const first = item(1, 'ana', 'where?');
  const reply = { seq: first.seq, id: first.id };
  const answer = item(2, 'ben', 'here', { reply });
  expect(messages(story([first, answer]))[1]?.reply).toMatchObject({
    from: 'ana',
    text: 'where?',
    key: '1.0',
  });
  const edited = { ...first, text: 'where and when?', edited: NOON };
  expect(messages(story([edited, answer]))[1]?.reply?.text).toBe('where and when?');
  const forged = item(2, 'ben', 'here', { reply: { ...reply, id: 'other'.padEnd(22, 'A') } });
  expect(messages(story([first, forged]))[1]?.reply).toMatchObject({
    from: '',
    text: 'a message that is not on this device',
  });
});

test('whoever is called by name, or answered, is mentioned', () => {
  const mine = item(1, 'me', 'so');
  const reply = { seq: mine.seq, id: mine.id ?? '' };
  const told = story([
    mine,
    item(2, 'ana', '@me look', { mentions: [device('me')] }),
    item(3, 'ben', 'yes', { reply }),
    item(4, 'ben', '@me, unmeant'),
  ]);
  expect(messages(told).map((row) => row.mentioned)).toEqual([false, true, true, false]);
});

test('reactions are counted, and say by whom and whether one is among them', () => {
  const by = ['ana', 'ben', 'me'].map((name) => ({ device: device(name), name }));
  const [row] = messages(story([item(1, 'ana', 'done', { reactions: [{ emoji: '🎉', by }] })]));
  expect(row?.reactions).toEqual([{ emoji: '🎉', count: 3, own: true, by: 'ana, ben and you' }]);
});

test('a hostile name or text can’t leave its place', () => {
  const hostile = '\u001b]52;c;ZXZpbA==\u0007\u202e<b>x</b>\u0000';
  const [row] = messages(story([item(1, `${hostile}\nana`, hostile)]));
  expect(row?.author.name).toBe('<b>x</b> ana');
  expect(row?.source).toBe('<b>x</b>');
});

test('one new message, edit or read receipt makes only what it changes anew', () => {
  const items = Array.from({ length: 1000 }, (_, i) =>
    item(i + 1, i % 3 === 0 ? 'me' : 'ana', `message ${i}`),
  );
  const told = story(items);
  const kept = nothingKept();
  const before = makeRows(told, kept).rows;

  told.lines.take([item(2000, 'ben', 'new')]);
  const after = makeRows(told, kept).rows;
  expect(changedBetween(before, after)).toBe(1);

  told.lines.take([{ ...(items[500] ?? item(0, '', '')), text: 'changed', edited: NOON }]);
  const edited = makeRows(told, kept).rows;
  expect(changedBetween(after, edited)).toBe(1);

  const receipt = makeRows({ ...told, readers: [{ device: device('ana'), name: 'ana', at: 10 }] }, kept).rows;
  expect(changedBetween(edited, receipt)).toBe(4);
  expect(
    changedBetween(
      receipt,
      makeRows({ ...told, readers: [{ device: device('ana'), name: 'ana', at: 10 }] }, kept).rows,
    ),
  ).toBe(0);
});

test('older pages come in front, and what is there already isn’t doubled', () => {
  const told = story([item(5, 'ana', 'five'), item(6, 'ana', 'six')]);
  told.lines.prepend([item(3, 'ana', 'three'), item(4, 'ana', 'four'), item(5, 'ana', 'five')]);
  told.lines.take([item(6, 'ana', 'six!', { edited: NOON }), item(1, 'ana', 'too far back')]);
  expect(read(told)).toEqual(['-- Today', 'ana: three', '  four', '  five', '  six!']);
});

function changedBetween(before: readonly Row[], after: readonly Row[]): number {
  const old = new Set(before);
  return after.filter((row) => !old.has(row)).length;
}
