import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { Position } from '@gochat/protocol/fields';
import { describe, expect, test } from 'vitest';
import { logCode, logCodesKept } from '../src/log-code.ts';
import { protect } from '../src/mls/messages.ts';
import { encodePayload, type Payload } from '../src/payload.ts';
import { utf8 } from '../src/primitives.ts';
import { announceRetention, boundExpired, skipExpired } from '../src/retention.ts';
import { type Room, roomCode } from '../src/room.ts';
import { sealBody } from '../src/seal.ts';
import { agree, allRead, allTalk, roomOfPeople } from './assert.ts';
import { babbles, litters } from './hostile.ts';
import { entryAt, instead, type Log, type Shown, swapped, without } from './log.ts';
import { type Person, warningsIn } from './world.ts';

async function three() {
  const world = await roomOfPeople('ana', 'ben', 'cai');
  const [ana, ben, cai] = world.people as [Person, Person, Person];
  return { ...world, ana, ben, cai };
}

/** Posts a payload that no honest client makes. */
async function utters(log: Log, person: Person, bytes: Uint8Array): Promise<Position> {
  const { room, env } = person;
  const { message, state } = await protect(room.mls, bytes);
  person.room = { ...room, mls: state };
  return log.append('message', encodeBytes(sealBody(room.keys, 'message', room.id, message, env)));
}

function payload(person: Person, n: number, more: Partial<Payload> = {}): Uint8Array {
  return encodePayload({
    id: person.id(),
    n,
    sealedAt: person.env.now(),
    claim: undefined,
    previous: undefined,
    content: { kind: 'text', text: 'hm' },
    ...more,
  } as Parameters<typeof encodePayload>[0]);
}

function warnings(events: Awaited<ReturnType<Person['reads']>>) {
  return events.flatMap((e) => (e.kind === 'warning' ? [e.warning] : []));
}

test('an honest log gives no warning', async () => {
  const { log, ana, ben, cai } = await three();
  for (let round = 0; round < 3; round += 1) {
    await allTalk(log, ana, ben, cai);
    await ben.heals(log);
  }
  expect([ana, ben, cai].flatMap((p) => p.warnings)).toEqual([]);
});

test('a repeated message is detected and read once', async () => {
  const { log, ana, ben } = await three();
  const seq = await ben.says(log, 'once');
  await ana.reads(log);
  expect(warningsIn(await ana.takes(entryAt(log, seq)))).toEqual(['repeated']);
  const { seq: later } = { seq: log.append('message', entryAt(log, seq).body) };
  expect(warningsIn(await ana.reads(log))).toEqual(['repeated']);
  expect(later).toBe(ana.room.position);
  expect(ana.heard).toEqual(['ben: once']);
});

test('a repeated handshake changes nothing', async () => {
  const { log, ana, ben, cai } = await three();
  await ben.heals(log);
  const { body } = entryAt(log, log.handshake);
  await allRead(log, [ana, cai]);
  log.append('handshake', body);
  await allRead(log, [ana, ben, cai]);
  expect([ana, ben, cai].map((p) => p.warnings)).toEqual(Array(3).fill(['skipped-handshake']));
  await allTalk(log, ana, ben, cai);
});

test.each([
  ['position', { seq: (seq: Position) => String(Number(seq) + 1) as Position, at: (at: number) => at }],
  ['time', { seq: (seq: Position) => seq, at: (at: number) => at + 1 }],
])(
  'a server that shows one member another %s of an entry is found with the next message',
  async (_, shift) => {
    const { log, ana, ben, cai } = await three();
    const moved = await ben.says(log, 'one');
    await allRead(log, [cai]);
    const shown = log.entries.map((e) =>
      e.seq === moved ? { ...e, seq: shift.seq(e.seq), at: shift.at(e.at) } : e,
    );
    expect(warningsIn(await ana.reads({ entries: shown }))).toEqual([]);
    await cai.says(log, 'two');
    expect(warnings(await ana.reads(log))).toMatchObject([{ kind: 'forked', from: { name: 'cai' } }]);
    // The next epoch begins with the same view, so that nothing more is reported.
    await ben.reads(log);
    await ben.heals(log);
    await ana.reads(log);
    await ben.says(log, 'three');
    expect(warningsIn(await ana.reads(log))).toEqual(['forked']);
    await ben.says(log, 'four');
    expect(warningsIn(await ana.reads(log))).toEqual([]);
  },
);

test('dropped messages are counted, and messages of members that had read them reveal the loss', async () => {
  const { log, ana, ben, cai } = await three();
  await ben.says(log, 'zero');
  const dropped = [await ben.says(log, 'one'), await ben.says(log, 'two'), await ben.says(log, 'three')];
  await ben.says(log, 'four');
  await cai.says(log, 'five');
  const seen = await ana.reads(without(log, ...dropped));
  const from = { name: 'ben' };
  expect(warnings(seen)).toMatchObject([
    { kind: 'withheld', from },
    { kind: 'missing', from, count: 3 },
    { kind: 'withheld', from: { name: 'cai' } },
  ]);
  expect(ana.heard).toEqual(['ben: zero', 'ben: four', 'cai: five']);
});

test("entries withheld from one member are detected by another member's message", async () => {
  const { log, ana, ben, cai } = await three();
  const kept = await ben.says(log, 'not for ana');
  await cai.says(log, 'did you hear?');
  const seen = await ana.reads(without(log, kept));
  expect(warnings(seen)).toMatchObject([{ kind: 'withheld', from: { name: 'cai' } }]);
});

test('reordered messages are detected', async () => {
  const { log, ana, ben, cai } = await three();
  const first = await ben.says(log, 'first');
  const second = await cai.says(log, 'second');
  await ben.says(log, 'third');
  const seen = await ana.reads(swapped(log, first, second));
  expect(warningsIn(seen)).toContain('forked');
});

test('two reordered messages of one sender are detected', async () => {
  const { log, ana, ben } = await three();
  await ben.says(log, 'zero');
  const first = await ben.says(log, 'first');
  const second = await ben.says(log, 'second');
  const seen = await ana.reads(swapped(log, first, second));
  expect(warnings(seen)).toMatchObject([
    { kind: 'withheld' },
    { kind: 'missing', count: 1 },
    { kind: 'repeated' },
  ]);
});

/** The server shows ben a different entry than ana and cai. */
async function forkedLog() {
  const world = await three();
  const { log, ana, ben, cai } = world;
  const forAna = log.append('message', (await cai.seals('for ana')).body);
  const other = (await cai.seals('for ben')).body;
  const forBen: Shown = instead(log, forAna, { kind: 'message', body: other });
  await ben.reads(forBen);
  await allRead(log, [ana, cai]);
  return world;
}

test('a fork within an epoch is detected at the first message across it', async () => {
  const { log, ana, ben, cai } = await forkedLog();
  log.post(await ben.seals('what I saw'));
  const seen = await ana.reads(log);
  expect(warnings(seen)).toMatchObject([{ kind: 'forked', from: { name: 'ben' } }]);
  log.post(await ana.seals('what I saw'));
  expect(warningsIn(await cai.reads(log))).toEqual(['forked']);
});

test('a fork in the previous epoch is detected in the next', async () => {
  const { log, ana, ben, cai } = await forkedLog();
  await cai.heals(log);
  await allRead(log, [ana, ben]);
  agree(ana, ben, cai);
  log.post(await ben.seals('what I saw'));
  expect(warnings(await ana.reads(log))).toMatchObject([{ kind: 'forked', from: { name: 'ben' } }]);
  log.post(await ben.seals('only the first message of an epoch shows it'));
  expect(warningsIn(await ana.reads(log))).toEqual([]);
});

test('members of a room with forked handshakes have different room codes', async () => {
  const { log, ana, ben, cai } = await three();
  const other = log.copy();
  await ben.heals(log);
  await cai.heals(other);
  await ana.reads(log);
  expect(roomCode(ana.room)).toBe(roomCode(ben.room));
  expect(roomCode(ana.room)).not.toBe(roomCode(cai.room));
  expect(warningsIn(await ana.reads({ entries: [...log.entries, ...other.entries.slice(-1)] }))).toEqual([]);
  other.append('message', (await cai.seals('hello?')).body);
  log.append('message', other.entries.at(-1)?.body ?? '');
  expect(warningsIn(await ana.reads(log))).toEqual(['undecryptable']);
});

test('a message says how many entries its sender had not seen, if they are too many to compare', async () => {
  const { log, ana, ben, cai } = await three();
  await ben.says(log, 'one');
  await cai.reads(log);
  const [late, soon] = [(await cai.seals('late')).body, (await cai.seals('later')).body];
  for (let n = 0; n < 254; n += 1) babbles(log, ben);
  await ana.reads(log);
  log.append('message', late);
  expect(warnings(await ana.reads(log))).toEqual([]);
  log.append('message', soon);
  expect(warnings(await ana.reads(log))).toMatchObject([
    { kind: 'unseen', from: { name: 'cai' }, count: 255 },
  ]);
});

describe('the log code', () => {
  test('is the same for all who were shown the same entries, at the last multiple of 8', async () => {
    const { log, ana, ben, cai } = await three();
    expect(logCode(ana.room)).toMatchObject({ at: 0, code: expect.stringMatching(/^\d{5} \d{5} \d{5}$/) });
    for (let n = 0; n < 9; n += 1) await ben.says(log, String(n));
    await ana.reads(log);
    await cai.reads(log, log.entries.at(-2)?.seq);
    expect(logCode(ana.room)).toMatchObject({ at: 8 });
    expect([logCode(ben.room), logCode(cai.room)]).toEqual([logCode(ana.room), logCode(ana.room)]);
    expect(logCode(ana.room, 9)).toEqual(logCode(ben.room, 9));
    expect([logCode(cai.room, 9), logCode(ana.room, 10)]).toEqual([undefined, undefined]);
    expect(logCodesKept(cai.room)).toEqual({ first: 0, last: 8 });
    await ben.heals(log);
    await ana.reads(log);
    expect(logCode(ana.room)?.code).not.toBe(logCode(cai.room, 0)?.code);
  });

  test('differs after a fork, where the room code does not', async () => {
    const { ana, ben, cai } = await forkedLog();
    for (const person of [ana, ben, cai]) expect(roomCode(person.room)).toBe(roomCode(ana.room));
    const at = ana.room.chain.index;
    expect(logCode(cai.room, at)).toEqual(logCode(ana.room, at));
    expect(logCode(ben.room, at)?.code).not.toBe(logCode(ana.room, at)?.code);
    expect(logCode(ben.room, at - 1)).toEqual(logCode(ana.room, at - 1));
  });

  test('is unknown if entries of the epoch expired, and of older entries than the last 256', async () => {
    const { log, ana, ben } = await three();
    for (let n = 0; n < 300; n += 1) babbles(log, ben);
    await ana.reads(log);
    expect(logCodesKept(ana.room)).toEqual({ first: 45, last: 300 });
    expect([logCode(ana.room, 44), logCode(ana.room, 45)?.at]).toEqual([undefined, 45]);
    const { room } = skipExpired(ana.room, String(Number.MAX_SAFE_INTEGER) as Position, 1);
    expect([logCode(room), logCodesKept(room)]).toEqual([undefined, {}]);
  });
});

test('garbage gives a warning of its kind', async () => {
  const { log, ana, ben } = await three();
  babbles(log, ben);
  await litters(log, ben);
  expect(warningsIn(await ana.reads(log))).toEqual(['undecryptable', 'skipped-handshake']);
});

test('invalid and unknown content give warnings', async () => {
  const { log, ana, ben } = await three();
  const strange = [
    utf8('no JSON at all'),
    utf8('[]'),
    Uint8Array.of(0xff),
    utf8(JSON.stringify({ id: 'short', n: 1, t: 1, content: {} })),
    utf8(
      JSON.stringify({ id: 'AAAAAAAAAAAAAAAAAAAAAB', n: 1, t: 1, content: { kind: 'text', text: 'bits' } }),
    ),
    utf8(
      JSON.stringify({
        id: ben.id(),
        n: 1,
        t: 1,
        c: [0, 'AAAAAAAAAAAAAAAAAAAAAB'],
        content: { kind: 'text', text: 'x' },
      }),
    ),
    payload(ben, 1, { content: { kind: 'picture' } as never }),
  ];
  for (const bytes of strange) await utters(log, ben, bytes);
  expect(warnings(await ana.reads(log))).toMatchObject(
    strange.map(() => ({ kind: 'unknown-content', from: { name: 'ben' } })),
  );
  expect(ana.room.peers.get(ben.device)?.n).toBe(1);
  expect(ana.heard).toEqual([]);
});

test('content of a newer version is shown by its alt, and known content without the members that are new', async () => {
  const { log, ana, ben } = await three();
  const said = [
    { kind: 'picture', strokes: [1, 2], alt: 'a drawn cat' },
    { kind: 'text', text: { rich: true }, alt: 'bold words' },
    { kind: 'text', text: 'plain', sparkle: true, alt: 'unused' },
    { kind: 'leave', why: 'tired' },
    { kind: 'leave', alt: '' },
  ];
  for (const [i, content] of said.entries())
    await utters(log, ben, payload(ben, i + 1, { content: content as never }));
  const events = await ana.reads(log);
  expect(events.flatMap((event) => (event.kind === 'message' ? [event.content] : []))).toEqual([
    { kind: 'text', text: 'a drawn cat', newer: true },
    { kind: 'text', text: 'bold words', newer: true },
    { kind: 'text', text: 'plain' },
    { kind: 'leave' },
    { kind: 'leave' },
  ]);
  const long = { kind: 'picture', alt: 'x'.repeat(1001) };
  await utters(log, ben, payload(ben, 6, { content: long as never }));
  expect(warnings(await ana.reads(log))).toMatchObject([{ kind: 'unknown-content' }]);
});

test('a message with a repeated counter is read once', async () => {
  const { log, ana, ben } = await three();
  const id = ben.id();
  await utters(log, ben, payload(ben, 1, { id }));
  await utters(log, ben, payload(ben, 1, { id }));
  await utters(log, ben, payload(ben, 1));
  expect(warningsIn(await ana.reads(log))).toEqual(['repeated', 'repeated']);
  expect(ana.heard).toEqual(['ben: hm']);
});

test('a message that its sender sends again, under a new counter, is read once and counts', async () => {
  const { log, ana, ben } = await three();
  const id = ben.id();
  await utters(log, ben, payload(ben, 1, { id }));
  for (let n = 2; n < 80; n += 1) await utters(log, ben, payload(ben, n, { id }));
  await utters(log, ben, payload(ben, 80));
  expect(warningsIn(await ana.reads(log))).toEqual([]);
  expect(ana.heard).toEqual(['ben: hm', 'ben: hm']);
  await utters(log, ben, payload(ben, 82, { id }));
  expect(warningsIn(await ana.reads(log))).toEqual(['missing']);
  expect(ana.heard).toHaveLength(2);
});

test('absurd claims give warnings and break nothing', async () => {
  const { log, ana, ben, cai } = await three();
  const value = new Uint8Array(16);
  for (const index of [Number.MAX_SAFE_INTEGER, 2 ** 32, 10]) {
    await utters(log, ben, payload(ben, index, { claim: { index, value }, previous: { index, value } }));
  }
  expect(warningsIn(await ana.reads(log))).toContain('withheld');
  await cai.reads(log);
  expect(ana.room.peers.get(ben.device)?.ids.length).toBe(1);
  await allRead(log, [ben]);
  await cai.says(log, 'and I go on');
  expect(warningsIn(await ana.reads(log))).toEqual([]);
});

test('expired messages are counted by the next message of each member', async () => {
  const { log, ana, ben, cai } = await three();
  await ben.says(log, 'one');
  await ana.reads(log);
  const gone: Position[] = [];
  for (const text of ['two', 'three']) gone.push(await ben.says(log, text));
  await cai.heals(log);
  for (const person of [ben, cai, ben]) gone.push(await person.says(log, 'long ago'));
  const floor = gone.at(-1) as Position;
  await ben.says(log, 'today');
  await cai.says(log, 'too');
  const step = skipExpired(ana.room, floor, 1);
  await ana.keeps(step.room);
  expect(warningsIn(step.events)).toEqual(['expired']);
  const seen = await ana.reads(without(log, ...gone));
  const lost = seen.flatMap((e) =>
    e.kind === 'warning' && e.warning.kind === 'expired-of' ? [e.warning] : [],
  );
  // Cai had said nothing that ana knows of, so what cai lost is unknown.
  expect(lost.map(({ from, count }) => [from.name, count])).toEqual([['ben', 4]]);
  expect(warningsIn(seen)).toEqual(['expired-of']);
  expect(ana.heard).toEqual(['ben: one', 'ben: today', 'cai: too']);
  await ben.heals(log);
  await allTalk(log, ana, ben, cai);
  expect(decodeBytes(entryAt(log, floor).body).length).toBeGreaterThan(0);
});

test('messages that the server still has below the floor are shown, and the gaps between them are counted', async () => {
  const { log, ana, ben } = await three();
  const at: Position[] = [];
  for (const text of ['one', 'two', 'three', 'four', 'five', 'six']) at.push(await ben.says(log, text));
  const [, , , , five] = at as [Position, Position, Position, Position, Position];
  await ana.keeps(skipExpired(ana.room, five, 1).room);
  const seen = await ana.reads(without(log, at[0] as Position, at[2] as Position, five));
  expect(warningsIn(seen)).toEqual(['expired-of', 'expired-of']);
  expect(ana.heard).toEqual(['ben: two', 'ben: four', 'ben: six']);
});

test('a floor below the position read has no effect', async () => {
  const { log, ana, ben } = await three();
  await ben.says(log, 'one');
  await ana.reads(log);
  expect(skipExpired(ana.room, ana.room.position, 1)).toEqual({
    room: ana.room,
    events: [],
    secretsToWipe: [],
  });
});

test('a floor excuses no message that was sent after the log was read to its end', async () => {
  const { log, ana, ben } = await three();
  await ben.says(log, 'one');
  await ana.reads(log);
  const end = await ben.says(log, 'two');
  const later: Position[] = [];
  for (const text of ['three', 'four', 'five']) later.push(await ben.says(log, text));
  const [three_, four] = later as [Position, Position];
  await ana.keeps(skipExpired(ana.room, String(Number.MAX_SAFE_INTEGER) as Position, 1).room);
  const shown = without(log, three_, four);
  await ana.reads(shown, end);
  await ana.keeps(boundExpired(ana.room, end));
  expect(warningsIn(await ana.reads(shown))).toEqual(['expired-of']);
  const six = await ben.says(log, 'six');
  await ben.says(log, 'seven');
  expect(warningsIn(await ana.reads(without(log, three_, four, six)))).toContain('missing');
  await ben.heals(log);
  const eight = await ben.says(log, 'eight');
  await ben.says(log, 'nine');
  // The next epoch is verified as if there had been no floor.
  expect(warningsIn(await ana.reads(without(log, three_, four, six, eight)))).toEqual([
    'withheld',
    'missing',
  ]);
});

describe('what the server says about its retention', () => {
  const DAY = 24 * 3_600_000;
  const floor = String(Number.MAX_SAFE_INTEGER) as Position;

  /** Ana has read a message of ben and then been away for three days. */
  async function away() {
    const { log, ana, ben } = await three();
    await ben.says(log, 'one');
    await ana.reads(log);
    return { log, ana, ben, now: ana.room.positionAt + 3 * DAY };
  }

  function says(room: Room, ms: number | undefined, now: number, rules?: { readonly retainMs?: number }) {
    return announceRetention(room, ms, rules, now);
  }

  test.each([
    ['for ever', undefined, 'withheld'],
    ['for a week', 7 * DAY, 'withheld'],
    ['for two days', 2 * DAY, 'expired'],
    ['for as long as it likes', 0, 'expired'],
  ])('it keeps messages %s, and says that those of the last three days expired', async (_, ms, kind) => {
    const { log, ana, ben, now } = await away();
    const step = skipExpired(says(ana.room, ms, now).room, floor, now);
    expect(warningsIn(step.events)).toEqual([kind]);
    await ana.keeps(step.room);
    const lost = await ben.says(log, 'two');
    await ben.says(log, 'three');
    const reported = warningsIn(await ana.reads(without(log, lost)));
    expect(reported).toEqual(kind === 'withheld' ? ['withheld', 'missing'] : ['expired-of']);
  });

  test('a shorter time is shown once, and a longer one is not', async () => {
    const { ana, now } = await away();
    ana.restarts = true;
    const reported: unknown[] = [];
    for (const [ms, rule] of [
      [30 * DAY, undefined],
      [30 * DAY, 7 * DAY],
      [30 * DAY, undefined],
      [undefined, undefined],
      [DAY, undefined],
      [DAY, undefined],
      [2 * DAY, undefined],
    ] as const) {
      const step = says(ana.room, ms, now, rule === undefined ? undefined : { retainMs: rule });
      await ana.keeps(step.room);
      reported.push(...warnings([...step.events]));
    }
    expect(reported).toEqual([
      { kind: 'shorter-retention', ms: 7 * DAY, before: 30 * DAY },
      { kind: 'shorter-retention', ms: DAY, before: 7 * DAY },
    ]);
  });

  test('messages from before a longer time may have expired by the shorter one', async () => {
    const { ana, now } = await away();
    const week = says(says(ana.room, DAY, now - 3 * DAY).room, 7 * DAY, now);
    expect(warningsIn(skipExpired(week.room, floor, now).events)).toEqual(['expired']);
    // Announced before the last message that was read.
    const earlier = says(says(ana.room, DAY, now - 5 * DAY).room, 7 * DAY, now - 4 * DAY);
    expect(warningsIn(skipExpired(earlier.room, floor, now).events)).toEqual(['withheld']);
  });

  test('an entry that is too young to expire ends what the floor excuses', async () => {
    const { log, ana, ben, now } = await away();
    await ana.keeps(skipExpired(says(ana.room, 2 * DAY, now).room, floor, now).room);
    const young = log.entries.length;
    await ben.says(log, 'two');
    const lost = await ben.says(log, 'three');
    await ben.says(log, 'four');
    await ben.heals(log);
    const gone = await ben.says(log, 'five');
    await ben.says(log, 'six');
    const entries = log.entries.map((e, i) => (i < young ? e : { ...e, at: e.at + 3 * DAY }));
    const reported = warningsIn(await ana.reads(without({ entries }, lost, gone)));
    expect(reported).toContain('missing');
    expect(reported).toContain('withheld');
  });

  test('a server that names no end of the log excuses nothing after the first entry that is too young to expire', async () => {
    const { log, ana, ben, now } = await away();
    await ana.keeps(skipExpired(says(ana.room, 2 * DAY, now).room, floor, now).room);
    await ana.keeps(boundExpired(ana.room, floor));
    const young = log.entries.length;
    await ben.says(log, 'two');
    const lost = await ben.says(log, 'three');
    await ben.says(log, 'four');
    const entries = log.entries.map((e, i) => (i < young ? e : { ...e, at: e.at + 3 * DAY }));
    expect(warningsIn(await ana.reads(without({ entries }, lost)))).toEqual(['missing']);
  });
});
