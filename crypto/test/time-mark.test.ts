import type { Position } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import type { RoomEvent } from '../src/event.ts';
import { judgeSender } from '../src/time-mark.ts';
import { allTalk, roomOfPeople } from './assert.ts';
import type { Log, Shown } from './log.ts';
import { Person, seededEnv, warningsIn } from './world.ts';

const [MINUTE, HOUR] = [60_000, 3_600_000];

async function two() {
  const { log, people } = await roomOfPeople('ana', 'ben');
  const [ana, ben] = people as [Person, Person];
  return { log, ana, ben };
}

/** A server that shows the entries from a position on at other times. */
function shifted(log: Log, from: Position, ms: number): Shown {
  return { entries: log.entries.map((e) => (Number(e.seq) < Number(from) ? e : { ...e, at: e.at + ms })) };
}

function marks(events: readonly RoomEvent[]) {
  return events.flatMap((e) =>
    'timeMark' in e && e.timeMark !== undefined ? [Object.keys(e.timeMark)] : [],
  );
}

test('an honest log marks no time', async () => {
  const { log, ana, ben } = await two();
  for (let round = 0; round < 3; round += 1) {
    await allTalk(log, ana, ben);
    await ben.heals(log);
  }
  expect(marks([...ana.events, ...ben.events])).toEqual([]);
});

test.each([
  ['ten minutes later', 10 * MINUTE, [['offMs', 'aheadMs']]],
  ['ten minutes earlier', -10 * MINUTE, [['offMs', 'backMs']]],
  ['four minutes later', 4 * MINUTE, []],
])('a message that the server shows %s than it was sent', async (_, ms, expected) => {
  const { log, ana, ben } = await two();
  await allTalk(log, ana, ben);
  const seq = await ben.says(log, 'now');
  expect(marks(await ana.reads(shifted(log, seq, ms)))).toEqual(expected);
});

test('a message of this device that the server shows at another time is marked, also after a restart', async () => {
  const { log, ana, ben } = await two();
  ana.restarts = true;
  await allTalk(log, ana, ben);
  const seq = log.post(await ana.seals('now')) as Position;
  expect(marks(await ana.reads(shifted(log, seq, -HOUR)))).toEqual([['offMs', 'backMs']]);
});

test('a join that the server shows in the future is marked', async () => {
  const { log, link } = await roomOfPeople('ana', 'ben');
  const [, ben] = (await roomOfPeople('ana', 'ben')).people as [Person, Person];
  const cai = new Person('cai', seededEnv(7));
  const seq = await cai.joins(log, link);
  expect(marks(await ben.reads(shifted(log, seq, HOUR)))).toEqual([['aheadMs']]);
});

test('a clock that was always wrong by hours marks nothing while this device saw that the server is right', () => {
  const sealed = (at: number, off: number, clock: number | undefined, now = at) =>
    judgeSender(at, at - off, clock, now);
  const first = sealed(HOUR * 99, 3 * HOUR, undefined);
  expect(first).toEqual({ mark: {}, clock: 3 * HOUR });
  expect(sealed(HOUR * 100, 3 * HOUR + MINUTE, first.clock)).toEqual({ mark: {}, clock: 3 * HOUR });
  expect(sealed(HOUR * 100, 3 * HOUR + 6 * MINUTE, first.clock).mark).toEqual({ offMs: 6 * MINUTE });
  // It is set right, and wrong again.
  const right = sealed(HOUR * 101, MINUTE, first.clock);
  expect(right).toEqual({ mark: {}, clock: 0 });
  expect(sealed(HOUR * 102, 3 * HOUR, right.clock)).toEqual({ mark: { offMs: 3 * HOUR }, clock: 0 });
});

test('the first message of a clock that is wrong is marked if neither clock is known to be right', () => {
  const { mark, clock } = judgeSender(HOUR * 99, HOUR * 96, undefined, HOUR * 120);
  expect({ mark, clock }).toEqual({ mark: { offMs: 3 * HOUR }, clock: 3 * HOUR });
  expect(judgeSender(HOUR * 100, HOUR * 97, clock, HOUR * 120).mark).toEqual({});
});

test('a slow creep of the times is marked once it exceeds five minutes', () => {
  let clock: number | undefined;
  const found: number[] = [];
  for (let minutes = 0; minutes < 10; minutes += 1) {
    const judged = judgeSender(HOUR + minutes * MINUTE, HOUR, clock, HOUR);
    clock = judged.clock;
    if (judged.mark.offMs !== undefined) found.push(minutes);
  }
  expect(found).toEqual([6, 7, 8, 9]);
});

test('a device whose clock is late marks the future once, and then only what is further ahead', async () => {
  const { log, ana, ben } = await two();
  await allTalk(log, ana, ben);
  const reader = await ben.copy();
  const peers = new Map(reader.peers);
  const own = peers.get(ben.device);
  if (own === undefined) throw new Error('ben has written');
  peers.set(ben.device, { n: own.n, ids: own.ids });
  await ben.keeps({ ...reader, peers });
  const seq = await ana.says(log, 'one');
  await ana.says(log, 'two');
  const later = shifted(log, seq, 2 * HOUR);
  const [first, ...more] = marks(await ben.reads(later));
  expect(first).toContain('aheadMs');
  expect(more.flat()).not.toContain('aheadMs');
});

test('a message that is sealed again under the same request is in the log once, and is known as an own one', async () => {
  const { log, ana, ben } = await two();
  const first = await ben.seals('waited');
  const [draft] = ben.drafts;
  if (draft === undefined) throw new Error('a draft');
  const second = await ben.seals('waited', draft);
  const again = { ...second, id: first.id };
  // The first one arrives late, after the second was made.
  log.post(first);
  log.post(again);
  const seen = await ben.reads(log);
  expect(seen.map(({ kind }) => kind)).toEqual(['sent']);
  await ana.reads(log);
  expect([warningsIn(seen), ana.warnings, ana.heard]).toEqual([[], [], ['ben: waited']]);
});
