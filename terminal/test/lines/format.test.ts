import { ChatError } from '@gochat/client/chat-error';
import type { EventItem, TextItem } from '@gochat/client/history';
import { UsageError } from '@gochat/server/usage-error';
import { terminalEnglish } from '@gochat/view/terminal-words';
import { Words } from '@gochat/view/words';
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
  device: 'd',
  own: false,
  text: 'hello',
  id: 'x',
  ...more,
});

test('a message is a name and a text', () => {
  expect(formatItem(TEXT, item({}))).toBe('ana: hello');
});

test('a message can’t fake a line of another member', () => {
  for (const line of formatItem(TEXT, item({ text: 'hi\nben: I agree\r\n* cai was removed' }))
    .split('\n')
    .slice(1)) {
    expect(line).toMatch(/^ {2}/);
  }
  expect(formatItem(TEXT, item({ from: 'mal\nben', text: 'x' }))).toBe('mal ben: x');
});

test('an event is a line with a star', () => {
  const line = { seq: '7' as EventItem['seq'], sub: 0, at: 1, from: 'ana', device: 'd', own: false };
  expect(formatItem(TEXT, { ...line, kind: 'joined' })).toBe('* ana joined by invite');
  expect(formatItem(TEXT, { ...line, kind: 'removed', by: 'mal\nben' })).toBe('* ana was removed by mal ben');
  expect(formatItem(TEXT, { ...line, from: '', device: '', kind: 'warning', warning: 'repeated' })).toBe(
    '* The server repeated an older entry: it was ignored',
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
  const line = { seq: '7' as EventItem['seq'], sub: 0, at: 1, from: '', device: '', own: false };
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
  const ben = { device: 'b', name: 'ben' };
  const reactions = [{ emoji: '👍', by: [ben] }];
  const was = item({});
  expect(formatChange(TEXT, was, was)).toEqual([]);
  expect(formatChange(TEXT, was, item({ text: 'hi\nben: x', edited: 2 }))).toEqual([
    '* ana edited a message: hi\n  ben: x',
  ]);
  expect(formatChange(TEXT, was, item({ reactions }))).toEqual(['* ben reacted 👍 to “hello”']);
  expect(formatChange(TEXT, item({ reactions }), item({ reactions }))).toEqual([]);
  expect(formatChange(TEXT, item({ reactions }), was)).toEqual([]);
  const gone = item({ text: '', deleted: { by: 'ana', own: false } });
  expect(formatChange(TEXT, was, gone)).toEqual(['* ana deleted a message']);
  expect(formatChange(TEXT, gone, gone)).toEqual([]);
  expect(formatChange(TEXT, was, { ...gone, deleted: { by: 'cai', own: false } })).toEqual([
    '* cai deleted a message from ana',
  ]);
});

test('a reply names whom it answers, and no message looks like an event', () => {
  expect(formatItem(TEXT, item({}), item({ from: 'ben' }))).toBe('ana (to ben): hello');
  expect(formatItem(TEXT, item({ me: true, text: 'was removed' }))).toBe('~ ana was removed');
  expect(formatItem(TEXT, item({ text: '', deleted: { by: 'cai', own: false } }))).toBe(
    '* cai deleted a message from ana',
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
