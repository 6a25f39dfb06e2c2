import { expect, test } from 'vitest';
import { isIdOrPrefix, pickRoom } from '../src/account/pick-room.ts';

test.each([
  ['vnRfT2VMbTg3', true],
  ['vnRf', true],
  ['vnR', false],
  ['', false],
  ['vnRg', false],
])('%j names an id: %s', (wanted, is) => {
  expect(isIdOrPrefix('vnRfT2VMbTg3', wanted)).toBe(is);
  expect(isIdOrPrefix('abc', 'abc')).toBe(true);
});

const ROOMS = [
  { id: 'aaaaaaaa', name: 'kitchen', left: true },
  { id: 'bbbbbbbb', name: 'kitchen', left: false },
  { id: 'cccccccc', name: 'shed', left: true },
  { id: 'eeeeeeee', name: 'caf\u00e9', left: false },
  { id: 'ddddddd1', name: 'twin', left: false },
  { id: 'ddddddd2', name: 'twin', left: false },
];

test.each([
  ['kitchen', 'bbbbbbbb'],
  ['shed', 'cccccccc'],
  ['cafe\u0301', 'eeeeeeee'],
  ['aaaaaaaa', 'aaaaaaaa'],
  ['cccc', 'cccccccc'],
])('%j is the room %s', (wanted, id) => {
  expect(pickRoom(ROOMS, wanted).id).toBe(id);
});

test.each([
  ['twin', 'room-ambiguous'],
  ['dddd', 'room-ambiguous'],
  ['ccc', 'room-unknown'],
  ['', 'room-unknown'],
])('%j is no one room: %s', (wanted, reason) => {
  expect(() => pickRoom(ROOMS, wanted)).toThrow(
    expect.objectContaining({ data: expect.objectContaining({ reason }) }),
  );
});
