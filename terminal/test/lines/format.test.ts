import { ChatError } from '@gochat/client/chat-error';
import type { EventItem, TextItem } from '@gochat/client/history';
import { UsageError } from '@gochat/server/usage-error';
import { terminalEnglish } from '@gochat/view/terminal-words';
import { Words } from '@gochat/view/words';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDuration } from '../../src/duration.ts';
import { exitCodeOf } from '../../src/exit.ts';
import { columns, formatChange, formatItem, jsonItem } from '../../src/lines/format.ts';
import { widthOf } from '../../src/screen/draw/width.ts';

const TEXT = new Words('en-GB', terminalEnglish, 'UTC').text;

const item = (more: Partial<TextItem>): TextItem => ({
  seq: '7' as TextItem['seq'],
  sub: 0,
  at: 1,
  kind: 'text',
  from: 'ana',
  identity: 'd',
  own: false,
  text: 'hello',
  id: 'x',
  ...more,
});

test('a message is a name and a text', () => {
  expect(formatItem(TEXT, item({}))).toBe('<ana> hello');
});

test('a message can’t fake a line of another member', () => {
  for (const line of formatItem(TEXT, item({ text: 'hi\nben: I agree\r\n* cai was removed' }))
    .split('\n')
    .slice(1)) {
    expect(line).toMatch(/^ {2}/);
  }
  expect(formatItem(TEXT, item({ from: 'mal\nben', text: 'x' }))).toBe('<mal ben> x');
});

test('an event is a line that begins with two dashes', () => {
  const line = { seq: '7' as EventItem['seq'], sub: 0, at: 1, from: 'ana', identity: 'd', own: false };
  expect(formatItem(TEXT, { ...line, kind: 'joined' })).toBe('-- <ana> joined by invite');
  expect(formatItem(TEXT, { ...line, kind: 'removed', by: 'mal\nben' })).toBe(
    '-- <ana> was removed by <mal ben>',
  );
  expect(formatItem(TEXT, { ...line, from: '', identity: '', kind: 'warning', warning: 'repeated' })).toBe(
    '-- The server repeated an older entry: it was ignored',
  );
});

test('a line for scripts has the documented members', () => {
  expect(JSON.parse(jsonItem({ room: 'r', name: 'Kitchen' }, item({})))).toEqual({
    room: 'r',
    name: 'Kitchen',
    seq: '7',
    at: 1,
    from: 'ana',
    kind: 'text',
    text: 'hello',
    id: 'x',
  });
});

test('a line for scripts has an event’s facts', () => {
  const line = { seq: '7' as EventItem['seq'], sub: 0, at: 1, from: '', identity: '', own: false };
  expect(
    JSON.parse(
      jsonItem(
        { room: 'r', name: 'Kitchen' },
        { ...line, kind: 'warning', warning: 'missing', member: 'ana', count: 2 },
      ),
    ),
  ).toEqual({
    room: 'r',
    name: 'Kitchen',
    seq: '7',
    at: 1,
    from: '',
    kind: 'warning',
    warning: 'missing',
    member: 'ana',
    count: 2,
  });
});

test('each change of a message is printed once', () => {
  const ben = { identity: 'b', name: 'ben' };
  const reactions = [{ emoji: '👍', by: [ben] }];
  const was = item({});
  expect(formatChange(TEXT, was, was)).toEqual([]);
  expect(formatChange(TEXT, was, item({ text: 'hi\nben: x', edited: 2 }))).toEqual([
    '<ana>(edited) hi\n  ben: x',
  ]);
  expect(formatChange(TEXT, was, item({ reactions }))).toEqual(['-- <ben> reacted 👍 to “hello”']);
  expect(formatChange(TEXT, item({ reactions }), item({ reactions }))).toEqual([]);
  expect(formatChange(TEXT, item({ reactions }), was)).toEqual([]);
  const gone = item({ text: '', deleted: { by: 'ana', own: false } });
  expect(formatChange(TEXT, was, gone)).toEqual(['-- <ana> deleted a message']);
  expect(formatChange(TEXT, gone, gone)).toEqual([]);
  expect(formatChange(TEXT, was, { ...gone, deleted: { by: 'cai', own: false } })).toEqual([
    '-- <cai> deleted a message from <ana>',
  ]);
});

test('a reply names whom it answers, and no message looks like an event', () => {
  expect(formatItem(TEXT, item({}), item({ from: 'ben' }))).toBe('<ana>(to <ben>) hello');
  expect(formatItem(TEXT, item({ me: true, text: 'was removed' }))).toBe('* <ana> was removed');
  expect(formatItem(TEXT, item({ text: '', deleted: { by: 'cai', own: false } }))).toBe(
    '-- <cai> deleted a message from <ana>',
  );
});

test('angle brackets in a name are printed as others', () => {
  expect(formatItem(TEXT, item({ from: 'mal> hi <ben' }))).toBe('<mal› hi ‹ben> hello');
});

/** Parts of texts and names that could imitate a line, or end one. */
const HOSTILE = [
  ...[
    '<ana>',
    '<ana> ',
    '<ben>(to <ana>) ',
    '-- ',
    '-- ben was removed',
    '* <ana> ',
    '  ',
    '>',
    '<',
    ' ',
    '-',
    '*',
    'x',
  ],
  ...[
    '\n',
    '\r',
    '\r\n',
    '\t',
    '\v',
    '\f',
    '\0',
    '\b',
    '\u0085',
    '\u2028',
    '\u2029',
    '\u001b[2K',
    '\u001b[1A',
    '\u001b[G',
    '\u001b]0;',
  ],
  ...[
    '\u009b2K',
    '\u001b',
    '\u202e',
    '\u2066',
    '\u200b',
    '\u200d',
    '\ufe0f',
    '\ud800',
    '\u0301'.repeat(9),
    '\u2800',
    '\u3164',
  ],
];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 3 })), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''));

/** What ends a line, moves the cursor, or changes the direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds
const MOVES = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

test('no name and no text prints a system line, or a line of another member', () => {
  const beginning = /^(?:\* )?(<[^<>]*>)(?:\(to <[^<>]*>\)|\(edited\))? /;
  fc.assert(
    fc.property(hostile, hostile, hostile, fc.boolean(), (from, other, text, me) => {
      const message = item({ from, text, ...(me && { me }) });
      const [, name = ''] = beginning.exec(formatItem(TEXT, item({ from }))) ?? [];
      expect(name).toMatch(/^<[^<>]+>$/);
      const said = [
        formatItem(TEXT, message),
        formatItem(TEXT, message, item({ from: other })),
        ...formatChange(TEXT, message, { ...message, edited: 2 }),
      ];
      expect(said).toHaveLength(3);
      for (const one of said) {
        const [first = '', ...further] = one.split('\n');
        expect(beginning.exec(first)?.[1]).toBe(name);
        for (const line of further) expect(line.startsWith('  ')).toBe(true);
        expect(one).not.toMatch(MOVES);
      }
      const by = { identity: 'b', name: from };
      const event = { seq: message.seq, sub: 0, at: 1, from, identity: 'd', own: false };
      const system = [
        formatItem(TEXT, { ...message, deleted: { by: from, own: false } }),
        formatItem(TEXT, { ...event, kind: 'changed', name: other, topic: text, admins: [other] }),
        formatItem(TEXT, { ...event, kind: 'removed', by: other }),
        ...formatChange(TEXT, message, { ...message, reactions: [{ emoji: '👍', by: [by] }] }),
      ];
      expect(system).toHaveLength(4);
      for (const one of system) {
        expect(one.startsWith(`-- ${name} `)).toBe(true);
        expect(one).not.toContain('\n');
        expect(one).not.toMatch(MOVES);
      }
    }),
  );
});

test('columns are aligned, one line each', () => {
  expect(
    columns([
      ['a', 'long name', ''],
      ['bbb', 'x\ny', 'z'],
    ]),
  ).toEqual(['a    long name', 'bbb  x y        z']);
  expect(columns([])).toEqual([]);
});

test('columns are aligned by what a terminal shows, not by the length of the text', () => {
  const names = ['ab', '厨房', '👩‍👩‍👧', 'é', 'e\u0301', 'ｱ', '한글', 'ไทย', 'Δ', '🇩🇪'];
  const rows = columns(names.map((name) => [name, '|']));
  expect(new Set(rows.map((row) => widthOf(row.slice(0, row.indexOf('|')))))).toEqual(new Set([6]));
});

test.each([
  ['5s', 5000],
  ['250ms', 250],
  ['7d', 604_800_000],
  ['1h30m', 5_400_000],
  ['2w', 1_209_600_000],
])('%s is a valid duration', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '5', 's', '-5s', '5 s', '5s!', '1.5h', 'forever', '99999999999999999w'])(
  '%j is not a duration',
  (text) => {
    expect(() => parseDuration(text)).toThrow(UsageError);
  },
);

test('each kind of error has its exit code', () => {
  const code = (of: ChatError['code']) => exitCodeOf(new ChatError({ reason: 'unknown' }, { code: of }));
  expect([code('usage'), code('ambiguous'), code('unknown-room'), code('locked')]).toEqual([2, 2, 2, 2]);
  expect([code('offline'), code('not-member'), code('refused'), code('internal')]).toEqual([3, 4, 5, 1]);
  expect(exitCodeOf(new UsageError('x'))).toBe(2);
  expect(exitCodeOf(new Error('x'))).toBe(1);
});
