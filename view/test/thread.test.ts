import type { TextItem } from '@gochat/client/history';
import { expect, test } from 'vitest';
import { makeRows } from '../src/timeline/rows.ts';
import { rootOf, threadOf } from '../src/timeline/thread.ts';
import { inputOf, item, noRows } from './timeline-input.ts';

function reply(seq: number, to: TextItem): TextItem {
  return item(seq, 'ben', `reply ${seq}`, { id: `id ${seq}`, reply: { seq: to.seq, id: to.id } });
}

const topic = item(1, 'ana', 'topic', { id: 'id 1' });
const other = item(2, 'ana', 'something else', { id: 'id 2' });
const first = reply(3, topic);
const nested = reply(4, first);
const waiting = { ...reply(0, nested), id: 'waits' };
const all = [topic, other, first, nested];

test('a message says how many replies it has, with the replies to these', () => {
  const rows = (items: readonly TextItem[], cache = noRows()) =>
    makeRows(inputOf(items), cache).rows.flatMap((row) => (row.kind === 'message' ? [row.replies] : []));
  expect(rows(all)).toEqual(['2 replies', '', '1 reply', '']);
  expect(rows([topic, other])).toEqual(['', '']);
  const input = inputOf([topic, other]);
  const count = () =>
    makeRows(input, noRows()).rows.flatMap((row) => (row.kind === 'message' ? [row.replies] : []))[0];
  expect(count()).toBe('');
  input.lines.take([first]);
  expect(count()).toBe('1 reply');
});

test('a thread is a message and all replies below it, also those that wait to be sent', () => {
  const { lines } = inputOf(all);
  const part = threadOf(topic, lines.all, [
    waiting,
    { ...waiting, id: 'elsewhere', reply: undefined as never },
  ]);
  expect(part.lines.map(({ item: { seq } }) => seq)).toEqual(['1', '3', '4']);
  expect(part.waiting).toEqual([waiting]);
  const input = inputOf([], { thread: true, complete: true });
  const { rows } = makeRows({ ...input, lines: { all: part.lines, message: () => undefined } }, noRows());
  expect(rows[0]).toMatchObject({ kind: 'start', back: 'All messages' });
  expect(rows.flatMap((row) => (row.kind === 'message' ? [row.replies] : []))).toEqual(['', '', '']);
});

test('the thread of a reply begins with the message that was answered first, even if senders make a circle', () => {
  const find = (of: readonly TextItem[]) => (ref: { readonly id: string }) =>
    of.find(({ id }) => id === ref.id);
  expect(rootOf(nested, find(all))).toBe(topic);
  expect(rootOf(nested, find([nested, first]))).toBe(first);
  const circle = { ...first, reply: { seq: nested.seq, id: nested.id } };
  expect([circle, nested]).toContain(rootOf(nested, find([circle, nested])));
});
