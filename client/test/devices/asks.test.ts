import { expect, test } from 'vitest';
import { Asks } from '../../src/devices/asks.ts';

const MINUTE = 60_000;

test('of what one device asks for again and again, one request in ten minutes is answered', () => {
  const asks = new Asks();
  const answered = Array.from({ length: 61 }, (_, minute) => asks.takes('room', 'bot', minute * MINUTE));
  expect(answered.flatMap((is, minute) => (is ? [minute] : []))).toEqual([0, 10, 20, 30, 40, 50, 60]);
});

test('other devices, and the same one in another room, are answered meanwhile', () => {
  const asks = new Asks();
  expect(asks.takes('room', 'bot', 0)).toBe(true);
  expect(asks.takes('room', 'phone', 1)).toBe(true);
  expect(asks.takes('other', 'bot', 1)).toBe(true);
  expect(asks.takes('room', 'bot', 2)).toBe(false);
});

test('a server that turns its clock back has no more requests answered', () => {
  const asks = new Asks();
  expect(asks.takes('room', 'bot', 100 * MINUTE)).toBe(true);
  expect(asks.takes('room', 'bot', 0)).toBe(false);
});
