import { createHash } from 'node:crypto';
import { encodeBytes } from '@gochat/protocol/encoding';
import type { InviteId, Position, RoomId } from '@gochat/protocol/fields';
import fc from 'fast-check';
import { encodeGroupInfo } from 'ts-mls/groupInfo.js';
import { expect, test } from 'vitest';
import { advanceChain, claimOf, compareClaim, startChain } from '../src/chain.ts';
import { decodeRoom, encodeRoom } from '../src/encode-room.ts';
import { invite } from '../src/handshake.ts';
import { readJoinAad } from '../src/invite.ts';
import { readGroupInfo, readPrivateMessage, readPublicMessage } from '../src/mls/codec.ts';
import { treeOf } from '../src/mls/group-info.ts';
import { decodePayload, encodePayload } from '../src/payload.ts';
import { receive } from '../src/receive.ts';
import { decodeRoomState, encodeRoomState, type RoomState, readContext } from '../src/room-state.ts';
import { openBody, sealBody } from '../src/seal.ts';
import { allRead, allTalk, anaBenMal, roomOfPeople } from './assert.ts';
import { craftCommit } from './craft.ts';
import { looksInside, renewedBy } from './hostile.ts';
import { Person, seededEnv } from './world.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const key = (length: number) => bytes(length).map(encodeBytes);
const count = fc.integer({ min: 0, max: 2 ** 40 });
const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });

const sorted = (item: fc.Arbitrary<string>, minLength: number, maxLength: number) =>
  fc.uniqueArray(item, { minLength, maxLength }).map((list) => list.sort());
const yes = fc.constant(true as const);

const roomStates: fc.Arbitrary<RoomState> = fc
  .record(
    {
      v: fc.constant(2 as const),
      name: words,
      topic: words,
      admins: sorted(key(32), 0, 16),
      mods: sorted(key(32), 1, 32),
      speak: fc.constantFrom('staff' as const, 'listed' as const),
      voices: sorted(key(32), 1, 8),
      mutes: sorted(key(32), 1, 8),
      slow: fc.integer({ min: 1, max: 1000 }),
      links: fc.constant('staff' as const),
      history: fc.constantFrom({ last: 100 }, { days: 7 }, 'all' as const),
      expire: fc.integer({ min: 1 }),
      bans: sorted(key(16), 1, 16),
      pair: sorted(key(32), 2, 2),
      pins: fc.array(key(16), { minLength: 1, maxLength: 20 }),
      invites: fc.array(
        fc.record(
          {
            id: key(16).map((id) => id as InviteId),
            join: key(32),
            wrap: key(32),
            epoch: count,
            by: key(32),
            own: yes,
            for: key(32),
            knock: yes,
            safe: yes,
          },
          { requiredKeys: ['id', 'join', 'wrap', 'epoch', 'by'] },
        ),
        { maxLength: 16 },
      ),
      lastRemoveEpoch: count,
      more: fc.array(words, { minLength: 1, maxLength: 16 }),
    },
    { requiredKeys: ['v', 'name', 'admins', 'invites'] },
  )
  // Some random texts are longer than a topic or a name may be.
  .filter(({ name, topic = '' }) => name.length <= 128 && topic.length <= 512);

/** Damaged variants of bytes: truncated, with one bit flipped, with bytes inserted. */
function* damaged(whole: Uint8Array, env: { chance(): number }, times: number): Generator<Uint8Array> {
  const somewhere = () => Math.floor(env.chance() * whole.length);
  for (let n = 0; n < times; n += 1) {
    yield whole.slice(0, somewhere());
    const at = somewhere();
    yield whole.with(at, (whole[at] ?? 0) ^ (1 << Math.floor(env.chance() * 8)));
    yield whole.with(at, ((whole[at] ?? 0) + 1 + Math.floor(env.chance() * 255)) % 256);
    yield Uint8Array.from([...whole.slice(0, at), Math.floor(env.chance() * 256), ...whole.slice(at)]);
    yield Uint8Array.from([...whole.slice(0, at), ...whole.slice(at + 1 + Math.floor(env.chance() * 8))]);
  }
}

test('room state has one canonical encoding', () => {
  fc.assert(
    fc.property(roomStates, (state) => {
      const spelled = encodeRoomState(state);
      expect(decodeRoomState(spelled)).toEqual(state);
      const text = new TextDecoder().decode(spelled);
      const turned = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).reverse()));
      for (const other of [
        `${text} `,
        ` ${text}`,
        turned,
        text.replace('"v":2', '"v":2.0'),
        text.replace('{', '{"x":1,'),
      ]) {
        expect(decodeRoomState(new TextEncoder().encode(other))).toBeUndefined();
      }
    }),
    { numRuns: 60 },
  );
  expect(decodeRoomState(new TextEncoder().encode('{"v":3,"other":true}'))).toBe('newer');
  for (const text of [
    '',
    '[]',
    'null',
    '1',
    '{"v":0}',
    '{"v":1}',
    '{"v":"2"}',
    `{"v":3,"x":"${'x'.repeat(66_000)}"}`,
  ]) {
    expect(decodeRoomState(new TextEncoder().encode(text))).toBeUndefined();
  }
});

test('a payload decodes to what was encoded', () => {
  const claims = fc.option(fc.record({ index: count, value: bytes(16) }), { nil: undefined });
  const contents = fc.oneof(
    words.map((text) => ({ kind: 'text' as const, text })),
    fc.constant({ kind: 'leave' as const }),
  );
  fc.assert(
    fc.property(
      key(16),
      fc.integer({ min: 1 }),
      count,
      claims,
      claims,
      contents,
      (id, n, sealedAt, claim, previous, content) => {
        const payload = { id, n, sealedAt, claim, previous, content };
        expect(decodePayload(encodePayload(payload))).toEqual(payload);
      },
    ),
  );
});

test('a payload needs the time of sealing, and its unknown members are ignored', () => {
  const claim = { index: 3, value: new Uint8Array(16) };
  const payload = {
    id: 'AAAAAAAAAAAAAAAAAAAAAA',
    n: 1,
    sealedAt: 7,
    claim,
    previous: undefined,
    content: { kind: 'leave' },
  } as const;
  const { t, ...rest } = JSON.parse(new TextDecoder().decode(encodePayload(payload))) as Record<
    string,
    unknown
  >;
  const decoded = (members: object) => decodePayload(new TextEncoder().encode(JSON.stringify(members)));
  expect(t).toBe(7);
  expect(decoded({ ...rest, t, later: [1] })).toEqual(payload);
  for (const wrong of [undefined, '7', 1.5, -1, 2 ** 53])
    expect(decoded({ ...rest, t: wrong })).toBeUndefined();
});

test('arbitrary bytes decode to a payload or to undefined', () => {
  const env = seededEnv(31);
  const claim = { index: 3, value: env.random(16) };
  const content = { kind: 'text', text: 'hello' } as const;
  const whole = encodePayload({
    id: encodeBytes(env.random(16)),
    n: 1,
    sealedAt: 1,
    claim,
    previous: claim,
    content,
  });
  for (const some of damaged(whole, env, 300)) decodePayload(some);
  fc.assert(fc.property(fc.json(), (json) => void decodePayload(new TextEncoder().encode(json))));
  fc.assert(fc.property(fc.uint8Array(), (any) => void decodePayload(any)));
  expect(decodePayload(new TextEncoder().encode('['.repeat(60_000)))).toBeUndefined();
});

test('equal logs give equal claims, and claims differ from the first different entry on', () => {
  const entries = fc.array(
    fc.tuple(fc.constantFrom('message' as const, 'handshake' as const), fc.uint8Array()),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(bytes(32), entries, fc.uint8Array(), (secret, read, other) => {
      let one = startChain(secret, undefined);
      const seq = '1' as Position;
      let two = advanceChain(one, { seq, at: 1, kind: 'message' }, Uint8Array.from([...other, 1]));
      one = advanceChain(one, { seq, at: 1, kind: 'message' }, other);
      for (const [kind, body] of read) {
        const claim = claimOf(one);
        expect(claim && compareClaim(one, claim)).toBe('same');
        expect(claim && compareClaim(two, claim)).toBe('differs');
        one = advanceChain(one, { seq, at: 2, kind }, body);
        two = advanceChain(two, { seq, at: 2, kind }, body);
      }
    }),
    { numRuns: 40 },
  );
});

test('a chain covers the position, the time, the kind and the body of an entry, as the protocol says', () => {
  const chain = startChain(new Uint8Array(32).fill(7), undefined);
  const entry = { seq: '258' as Position, at: 1_700_000_000_000, kind: 'message' } as const;
  const body = Uint8Array.of(1, 2);
  const { value } = advanceChain(chain, entry, body);
  const part = (...bytes: number[]) => [0, 0, 0, bytes.length, ...bytes];
  const text = (ascii: string) => part(...Buffer.from(ascii));
  const hashed = [
    ...text('gochat/chain/2'),
    ...part(...Array<number>(32).fill(7)),
    ...part(0, 0, 0, 0, 0, 0, 1, 2),
    ...part(0, 0, 1, 0x8b, 0xcf, 0xe5, 0x68, 0x00),
    ...text('message'),
    ...part(1, 2),
  ];
  expect(value).toEqual(new Uint8Array(createHash('sha256').update(Uint8Array.from(hashed)).digest()));
  for (const other of [
    { ...entry, seq: '259' as Position },
    { ...entry, at: entry.at + 1 },
    { ...entry, kind: 'handshake' as const },
  ])
    expect(advanceChain(chain, other, body).value).not.toEqual(value);
});

test('a claim older than the values kept compares as too old', () => {
  let chain = startChain(new Uint8Array(32), undefined);
  const first = claimOf(chain);
  for (let n = 0; n < 300; n += 1)
    chain = advanceChain(
      chain,
      { seq: String(n) as Position, at: n, kind: 'message' },
      Uint8Array.of(n & 255),
    );
  expect(first && compareClaim(chain, first)).toBe('too-old');
  expect(compareClaim(chain, { index: 301, value: new Uint8Array(16) })).toBe('ahead');
  expect(chain.recent.length).toBe(256);
});

test('a room decodes to what was encoded, in every state', async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  const seen = async (person: Person) => {
    const once = encodeRoom(person.room);
    const back = await decodeRoom(once);
    expect(encodeRoom(back)).toEqual(once);
    expect(back).toEqual({ ...person.room, mls: back.mls, pending: back.pending });
  };
  await ben.says(log, 'one');
  await allRead(log, [ana, ben, mal]);
  await seen(ana);
  await ana.seals('two');
  await ana.starts((room) => invite(room, ana.env.random(16), {}, ana.env));
  await seen(ana);
  ana.room = await ana.copy();
  await ben.heals(log);
  await ana.reads(log);
  await ana.removes(log, mal);
  await allRead(log, [ben, mal]);
  for (const person of [ana, ben, mal]) await seen(person);
});

test('every damaged encoding of a room is refused as damaged', async () => {
  const { ana } = await anaBenMal();
  const whole = encodeRoom(ana.room);
  const env = seededEnv(33);
  for (const some of damaged(whole, env, 30)) {
    await decodeRoom(some).catch((error: unknown) => {
      expect(error).toMatchObject({ name: 'RoomError', code: 'bad-group' });
    });
  }
  for (const length of [0, 1, 3, 4, 5, whole.length - 1]) {
    await expect(decodeRoom(whole.slice(0, length))).rejects.toMatchObject({
      name: 'RoomError',
      code: 'bad-group',
    });
  }
});

test('the decoders of peers’ data throw at no input', async () => {
  const { log, link, ana } = await anaBenMal();
  const env = seededEnv(32);
  const info = await looksInside(log, link);
  const { message } = await craftCommit(ana.room.mls, renewedBy(ana), {});
  for (const some of damaged(message, env, 200)) readPrivateMessage(some);
  for (const some of damaged(message, env, 50)) readPublicMessage(some);
  for (const some of damaged(encodeGroupInfo(info), env, 200)) {
    const read = readGroupInfo(some);
    if (read !== undefined) treeOf(read);
    if (read !== undefined) readContext(read.groupContext.extensions, link.room, read.groupContext.groupId);
  }
  for (const some of damaged(env.random(118), env, 50)) readJoinAad(some);
});

test('receive throws at no entry, and only a member’s handshake changes the epoch', async () => {
  const { log, link, ana, ben, mal } = await anaBenMal();
  const env = seededEnv(34);
  const dan = new Person('dan', env);
  const { frame } = await dan.asksToJoin(log, link);
  const bodies = [
    Buffer.from((await ben.seals('a message')).body, 'base64url'),
    Buffer.from((await ben.starts((room) => invite(room, env.random(16), {}, env))).body, 'base64url'),
    Buffer.from(frame.body, 'base64url'),
  ];
  let seq = Number(ana.room.position);
  for (const body of bodies) {
    for (const some of damaged(body, env, 12)) {
      for (const kind of ['message', 'handshake'] as const) {
        seq += 1;
        const entry = { seq: String(seq) as Position, kind, at: seq, body: encodeBytes(some) };
        const { room } = await receive(ana.room, entry, seq);
        expect(room.mls).toBe(ana.room.mls);
        expect(room.status).toBe('active');
      }
    }
  }
  await allTalk(log, ana, mal);
});

test('receive throws at no plaintext of a member', async () => {
  const { ana, mal } = await anaBenMal();
  const env = seededEnv(35);
  const { room } = mal;
  const { message } = await craftCommit(room.mls, renewedBy(mal), {});
  let seq = Number(ana.room.position);
  for (const some of damaged(message, env, 40)) {
    for (const kind of ['message', 'handshake'] as const) {
      seq += 1;
      const body = sealBody(room.keys, kind, room.id, some, env);
      const step = await receive(
        ana.room,
        { seq: String(seq) as Position, kind, at: 1, body: encodeBytes(body) },
        1,
      );
      expect(step.room.status).toBe('active');
      expect(step.events.length).toBe(1);
    }
  }
  expect(openBody(room.keys, 'message', 'x' as RoomId, new Uint8Array(2))).toBeUndefined();
});

test('a body that is not base64url gives a warning, and later entries are read', async () => {
  const { founder } = await roomOfPeople('ana');
  const seq = '99' as Position;
  for (const kind of ['message', 'handshake'] as const) {
    const { events } = await receive(founder.room, { seq, kind, at: 1, body: 'not*base64' }, 1);
    expect(events).toMatchObject([{ kind: 'warning' }]);
  }
});

test.each([
  [1, 'stored-newer'],
  [-1, 'bad-group'],
])('a room that was stored with a version that is %i higher is %s', async (more, code) => {
  const { founder } = await roomOfPeople('ana');
  const bytes = encodeRoom(founder.room);
  const at = 4 + '{"v":'.length;
  await expect(decodeRoom(bytes.with(at, (bytes[at] ?? 0) + more))).rejects.toMatchObject({ code });
});
