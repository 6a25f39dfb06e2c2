import { expect, test } from 'vitest';
import { betterLeaders } from '../../src/log/jetstream/leaders.ts';
import { RoomStreams } from '../../src/log/jetstream/room-streams.ts';
import { newId } from './room.ts';

const ROOM = 'AAAAAAAAAAAAAAAAAAAAAA';
const OTHER = 'AQEBAQEBAQEBAQEBAQEBAQ';

test('one pair of streams has the names and subjects that clusters have always had', () => {
  const streams = new RoomStreams();
  expect(streams.pairs).toEqual([{ log: 'GOCHAT_LOG', state: 'GOCHAT_STATE', prefix: '' }]);
  expect(streams.entries(ROOM, 'message')).toBe(`gochat.log.${ROOM}.m`);
  expect(streams.allEntries(ROOM)).toBe(`gochat.log.${ROOM}.*`);
  expect(streams.value(ROOM, 'key')).toBe(`gochat.state.${ROOM}.a2V5`);
});

test('a room is always in the same stream, or it would be lost', () => {
  const four = new RoomStreams(4);
  expect(four.logs).toEqual(['GOCHAT_LOG', 'GOCHAT_LOG_2', 'GOCHAT_LOG_3', 'GOCHAT_LOG_4']);
  expect([ROOM, OTHER].map((room) => [four.logOf(room), four.stateOf(room)])).toEqual([
    ['GOCHAT_LOG', 'GOCHAT_STATE'],
    ['GOCHAT_LOG_2', 'GOCHAT_STATE_2'],
  ]);
  expect(four.entries(ROOM, 'handshake')).toBe(`gochat.log.1.${ROOM}.c`);
  expect(four.allValues(OTHER)).toBe(`gochat.state.2.${OTHER}.*`);
});

test('rooms are spread evenly', () => {
  for (const count of [2, 3, 30]) {
    const streams = new RoomStreams(count);
    const rooms = new Map(streams.logs.map((log) => [log, 0]));
    for (let i = 0; i < 500 * count; i += 1) {
      const log = streams.logOf(newId());
      rooms.set(log, (rooms.get(log) ?? 0) + 1);
    }
    // Seven standard deviations.
    for (const share of rooms.values()) expect(Math.abs(share - 500)).toBeLessThan(7 * Math.sqrt(500));
  }
});

const everywhere = (...leaders: string[]) =>
  new Map(
    leaders.map((leader, i) => [
      `s${i + 1}`,
      [leader, ...['a', 'b', 'c'].filter((server) => server !== leader)] as [string, ...string[]],
    ]),
  );

test.each([
  [['a', 'b', 'c', 'a'], {}],
  [['a', 'a', 'a'], { s1: 'b', s2: 'c' }],
  [['a', 'a', 'b', 'b', 'a', 'b'], { s1: 'c', s3: 'c' }],
])('of streams that are led by %j, these get other leaders: %j', (leaders, moved) => {
  expect(Object.fromEntries(betterLeaders(everywhere(...leaders)))).toEqual(moved);
});

test('a stream is led only by a server that stores it', () => {
  const placed = new Map<string, [string, ...string[]]>([
    ['s1', ['a', 'b', 'c']],
    ['s2', ['a', 'b', 'c']],
    ['s3', ['a', 'b', 'c']],
    ['s4', ['d', 'e', 'f']],
    ['s5', ['d', 'e', 'f']],
  ]);
  expect(Object.fromEntries(betterLeaders(placed))).toEqual({ s1: 'b', s2: 'c', s4: 'e' });
});
