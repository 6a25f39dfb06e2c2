import { expect, test } from 'vitest';
import type { MessageRow, Row } from '../src/timeline/row.ts';
import { makeRows, type TimelineInput } from '../src/timeline/rows.ts';
import { context, event, inputOf, item, key, NOON, noRows } from './timeline-input.ts';

const DAY_MS = 24 * 3600 * 1000;

function read(of: TimelineInput): string[] {
  return makeRows(of, noRows()).rows.map(inShort);
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
  return makeRows(of, noRows()).rows.flatMap((row) => (row.kind === 'message' ? [row] : []));
}

test('a message that is not sent any more says so, and one that the others may have received says that', () => {
  const [refused, unknown] = [item(0, 'me', 'a', { id: 'a' }), item(0, 'me', 'b', { id: 'b' })];
  const input = inputOf([], {
    waiting: [refused, unknown],
    refused: new Map([
      ['a', 'refused'],
      ['b', 'unknown'],
    ]),
  });
  const { rows } = makeRows(input, noRows());
  expect(rows).toMatchObject([
    {
      delivery: 'refused',
      deliveryText: 'not sent: you were no longer a member, or could not write',
      seq: '',
    },
    { delivery: 'refused', deliveryText: expect.stringContaining('may have received it'), seq: '' },
  ]);
});

test('what a newer version sent is shown by its words for older ones, and says so', () => {
  const input = inputOf([item(3, 'ben', 'a drawn cat', { newer: true }), item(4, 'ben', 'hello')]);
  const remark = expect.stringContaining('newer version of GoChat');
  expect(messages(input)).toMatchObject([
    { source: 'a drawn cat', newer: remark, spoken: remark },
    { source: 'hello', newer: '' },
  ]);
});

test('a message that perhaps not everybody could read says so where it is, until it waits to be sent again', () => {
  const line = item(3, 'me', 'a', { id: 'a' });
  const cache = noRows();
  const delivery = (more: Partial<TimelineInput>) =>
    makeRows({ ...input, ...more }, cache).rows.flatMap((row) =>
      row.kind === 'message' ? [[row.delivery, row.deliveryText]] : [],
    );
  const input = inputOf([line]);
  const [key = ''] = makeRows(input, noRows()).rows.flatMap((row) =>
    row.kind === 'message' ? [row.key] : [],
  );
  expect(delivery({})).toEqual([['sent', 'sent']]);
  const missed = new Map([['a', 'missed']] as const);
  expect(delivery({ refused: missed })).toEqual([['refused', expect.stringContaining('send it again')]]);
  expect(delivery({ changed: new Map([[key, line]]) })).toEqual([['waiting', 'waiting to be sent']]);
  expect(delivery({})).toEqual([['sent', 'sent']]);
});

test.each(['> ', '#', '- ', '1.', '```\n```', '> - ', '&nbsp;'])(
  'a message whose markup shows nothing is shown as it was written: %j',
  (text) => {
    const [row] = messages(inputOf([item(1, 'ana', text)]));
    const lines = text.split('\n').map((line) => ({ kind: 'text', text: line }));
    const inside = lines.flatMap((line, i) => (i === 0 ? [line] : [{ kind: 'break' }, line]));
    expect(row?.body).toEqual([{ kind: 'paragraph', inside }]);
    expect(row?.spoken).not.toMatch(/; $|; ;/);
  },
);

test('messages of one author within five minutes form a group', () => {
  const input = inputOf([
    item(1, 'ana', 'one'),
    item(2, 'ana', 'two'),
    item(3, 'ben', 'three'),
    item(4, 'ana', 'four'),
    item(5, 'ana', 'five', { at: NOON + 400_000 }),
  ]);
  expect(read(input)).toEqual(['-- Today', 'ana: one', '  two', 'ben: three', 'ana: four', 'ana: five']);
});

test('each day has a separator', () => {
  const input = inputOf([
    item(1, 'ana', 'long ago', { at: NOON - 40 * DAY_MS }),
    item(2, 'ana', 'yesterday', { at: NOON - DAY_MS }),
    item(3, 'ana', 'today'),
  ]);
  expect(read(input)).toEqual([
    expect.stringMatching(/^-- Wednesday,? 14 October$/),
    'ana: long ago',
    '-- Yesterday',
    'ana: yesterday',
    '-- Today',
    'ana: today',
  ]);
});

test('the unread line is above the first new message of others', () => {
  const input = inputOf(
    [item(1, 'ana', 'old'), item(2, 'me', 'mine'), item(3, 'ana', 'new'), item(4, 'ana', 'newer')],
    {
      newAfter: 1,
    },
  );
  expect(read(input)).toEqual(['-- Today', 'ana: old', 'me: mine', '-- New messages', 'ana: new', '  newer']);
  expect(makeRows(input, noRows()).unreadKey).toBe('unread.3.0');
});

test('joins and removals in a row are folded into one notice, each with its time', () => {
  const input = inputOf([
    event(1, 'ana', { kind: 'joined' }),
    event(2, 'ben', { kind: 'joined' }),
    event(3, 'cleo', { kind: 'removed', by: 'ana' }),
    item(4, 'ana', 'hello'),
  ]);
  expect(read(input)).toEqual([
    '-- Today',
    '(notice) ana and ben joined by invite; cleo was removed by ana',
    'ana: hello',
  ]);
  const notice = makeRows(input, noRows()).rows[1];
  expect(notice).toMatchObject({
    details: [{ text: 'ana joined by invite' }, { text: 'ben joined by invite' }, {}],
  });
});

test('the messages of an ignored member are folded into one row with their number', () => {
  const input = inputOf([item(1, 'ben', 'one'), item(2, 'ben', 'two'), item(3, 'ana', 'hi')], {
    context: context({ ignored: new Set([key('ben')]) }),
  });
  expect(read(input)).toEqual(['-- Today', '(ignored) 2 messages from ben (ignored)', 'ana: hi']);
});

test('a warning has its own row', () => {
  const input = inputOf([event(1, '', { kind: 'warning', warning: 'repeated' })]);
  expect(read(input)).toEqual(['-- Today', '(warning) The server repeated an older entry: it was ignored']);
});

test('a deleted message names who deleted it', () => {
  const deleted = { by: 'ana', own: false };
  const input = inputOf([
    item(1, 'ana', '', { deleted }),
    item(2, 'me', '', { deleted: { by: 'me', own: true } }),
    item(3, 'ben', '', { deleted }),
  ]);
  expect(read(input).slice(1)).toEqual([
    '(deleted) ana deleted this message',
    '(deleted) You deleted this message',
    '(deleted) ana deleted a message from ben',
  ]);
});

test('an own message is waiting, then sent, then read by those who have read up to it', () => {
  const readers = [
    { identity: key('ana'), name: 'ana', at: 2 },
    { identity: key('ben'), name: 'ben', at: 3 },
  ];
  const input = inputOf([item(1, 'me', 'a'), item(3, 'me', 'b'), item(4, 'me', 'c')], {
    readers,
    waiting: [item(0, 'me', 'd', { id: 'waiting'.padEnd(22, 'A') })],
  });
  expect(messages(input).map((row) => row.deliveryText)).toEqual([
    'read by ana and ben',
    'read by ben',
    'sent',
    'waiting to be sent',
  ]);
});

test('a reply shows the current text of the message that it replies to', () => {
  const first = item(1, 'ana', 'where?');
  const reply = { seq: first.seq, id: first.id };
  const answer = item(2, 'ben', 'here', { reply });
  expect(messages(inputOf([first, answer]))[1]?.reply).toMatchObject({
    from: 'ana',
    text: 'where?',
    key: '1.0',
  });
  const edited = { ...first, text: 'where and when?', edited: NOON };
  expect(messages(inputOf([edited, answer]))[1]?.reply?.text).toBe('where and when?');
  const forged = item(2, 'ben', 'here', { reply: { ...reply, id: 'other'.padEnd(22, 'A') } });
  expect(messages(inputOf([first, forged]))[1]?.reply).toMatchObject({
    from: '',
    text: 'a message that is not on this device',
  });
});

test('a mention and a reply both mark the message', () => {
  const mine = item(1, 'me', 'so');
  const reply = { seq: mine.seq, id: mine.id ?? '' };
  const input = inputOf([
    mine,
    item(2, 'ana', '@me look', { mentions: [key('me')] }),
    item(3, 'ben', 'yes', { reply }),
    item(4, 'ben', '@me, unmeant'),
  ]);
  expect(messages(input).map((row) => row.mentioned)).toEqual([false, true, true, false]);
});

test('a reaction has its count, who reacted, and whether this profile did', () => {
  const by = ['ana', 'ben', 'me'].map((name) => ({ identity: key(name), name }));
  const [row] = messages(inputOf([item(1, 'ana', 'done', { reactions: [{ emoji: '🎉', by }] })]));
  expect(row?.reactions).toEqual([{ emoji: '🎉', count: 3, own: true, by: 'ana, ben and you' }]);
});

test('what contradicts the time of a line is said with it', () => {
  const input = inputOf([
    item(1, 'ana', 'one', { timeMark: { offMs: 12 * 60_000 } }),
    item(2, 'me', 'two', { own: true, timeMark: { offMs: -3 * 3_600_000, backMs: 20_000 } }),
    item(3, 'ana', 'three', { timeMark: { aheadMs: 3 * 24 * 3_600_000 } }),
    item(4, 'ana', 'four'),
  ]);
  expect(messages(input).map(({ timeMark }) => timeMark)).toEqual([
    'The server’s time is 12 minutes later than the sender’s clock',
    'The server’s time is 3 hours earlier than your clock and 20 seconds earlier than that of the entry before',
    'The server’s time is 3 days ahead of this device’s clock',
    '',
  ]);
  expect(messages(input)[0]?.spoken).toContain('12 minutes later');
  const joined = makeRows(
    inputOf([{ ...event(5, 'ana', { kind: 'joined' }), timeMark: { aheadMs: 600_000 } }]),
    noRows(),
  );
  expect(joined.rows.at(-1)).toMatchObject({ text: expect.stringContaining('10 minutes ahead') });
});

test('a hostile name or text is sanitized', () => {
  const hostile = '\u001b]52;c;ZXZpbA==\u0007\u202e<b>x</b>\u0000';
  const [row] = messages(inputOf([item(1, `${hostile}\nana`, hostile)]));
  expect(row?.author.name).toBe('<b>x</b> ana');
  expect(row?.source).toBe('<b>x</b>');
});

test('a new message, an edit or a read receipt makes only the changed rows again', () => {
  const items = Array.from({ length: 1000 }, (_, i) =>
    item(i + 1, i % 3 === 0 ? 'me' : 'ana', `message ${i}`),
  );
  const input = inputOf(items);
  const kept = noRows();
  const before = makeRows(input, kept).rows;

  input.lines.take([item(2000, 'ben', 'new')]);
  const after = makeRows(input, kept).rows;
  expect(changedBetween(before, after)).toBe(1);

  input.lines.take([{ ...(items[500] ?? item(0, '', '')), text: 'changed', edited: NOON }]);
  const edited = makeRows(input, kept).rows;
  expect(changedBetween(after, edited)).toBe(1);

  const receipt = makeRows({ ...input, readers: [{ identity: key('ana'), name: 'ana', at: 10 }] }, kept).rows;
  expect(changedBetween(edited, receipt)).toBe(4);
  expect(
    changedBetween(
      receipt,
      makeRows({ ...input, readers: [{ identity: key('ana'), name: 'ana', at: 10 }] }, kept).rows,
    ),
  ).toBe(0);
});

test('older pages come first, without duplicates', () => {
  const input = inputOf([item(5, 'ana', 'five'), item(6, 'ana', 'six')]);
  input.lines.prepend([item(3, 'ana', 'three'), item(4, 'ana', 'four'), item(5, 'ana', 'five')]);
  input.lines.take([item(6, 'ana', 'six!', { edited: NOON }), item(1, 'ana', 'too far back')]);
  expect(read(input)).toEqual(['-- Today', 'ana: three', '  four', '  five', '  six!']);
});

function changedBetween(before: readonly Row[], after: readonly Row[]): number {
  const old = new Set(before);
  return after.filter((row) => !old.has(row)).length;
}
