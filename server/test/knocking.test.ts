import type { DownOf } from '@gochat/protocol/down';
import { describe, expect, test } from 'vitest';
import { openMemory } from '../src/log/memory/open.ts';
import { Metrics } from '../src/operate/metrics.ts';
import { KeyPair, newId, opened } from './keys.ts';
import {
  commit,
  follow,
  found,
  grantOf,
  invitationFrame,
  joinFrame,
  knockFrame,
  newTicket,
  type Ticket,
} from './member.ts';
import { startNode } from './node.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A room with a door, an invite that needs approval, and one without. Ana follows it; Ben is outside. */
async function behindDoor(options: Parameters<typeof startNode>[0] = {}) {
  const clock = { now: 1_790_000_000_000 };
  const now = () => clock.now;
  const node = await startNode({ engine: openMemory({ now }), now, ...options });
  const [ana, ben] = [await node.peer(), await node.peer('web')];
  const [door, ticket] = [newTicket(), newTicket()];
  const founded = await found(ana, [grantOf(door, { knock: true }), grantOf(ticket)]);
  await follow(ana, founded.room, founded.access);
  return { clock, node, ana, ben, door, ticket, ...founded };
}

const knocksOf = (frames: readonly DownOf<'entry'>[]) =>
  frames.filter(({ kind }) => kind === 'knock').map(({ body, invite }) => [opened(body), invite]);

test('a knock is an entry that followers get, live and later, with its invite', async () => {
  const { node, ana, ben, room, access, door } = await behindDoor();
  const frame = knockFrame(ben, room, door, 'Ben: let me in');
  const ack = await ben.ask<'ack'>(frame);
  expect(ack).toMatchObject({ type: 'ack', dup: false });
  await ana.barrier();
  const expected = [['Ben: let me in', door.invite]];
  expect(knocksOf(ana.of('entry'))).toEqual(expected);
  const late = await node.peer();
  await follow(late, room, access);
  expect(knocksOf(late.of('entry'))).toEqual(expected);
  const page = await late.ask<'page'>({ type: 'read', id: newId(), room, after: access.at, limit: 10 });
  expect(page.entries).toMatchObject([{ kind: 'knock', seq: ack.seq, invite: door.invite }]);
  // It is no message: the base of the next one is still the handshake.
  expect(await ana.ask({ type: 'post', id: newId(), room, base: access.at, body: frame.body })).toMatchObject(
    {
      type: 'ack',
    },
  );
});

test('a repeat gets the first ack, and takes no second place', async () => {
  const { ana, ben, room, door } = await behindDoor({ limits: { knocksWaiting: 2 } });
  const frame = knockFrame(ben, room, door);
  const first = await ben.ask<'ack'>(frame);
  for (let i = 0; i < 3; i += 1) {
    const again = await ben.ask(knockFrame(ben, room, door, 'let me in', frame.id));
    expect(again).toEqual({ ...first, dup: true });
  }
  expect(await ben.ask(knockFrame(ben, room, door))).toMatchObject({ type: 'ack', dup: false });
  await ana.barrier();
  expect(knocksOf(ana.of('entry'))).toHaveLength(2);
});

describe('an invite that needs approval', () => {
  test('lets nobody join', async () => {
    const { ben, room, door } = await behindDoor();
    const info = await ben.ask<'groupinfo'>(invitationFrame(ben, room, door));
    expect(info.wrapped).toBeDefined();
    expect(await ben.ask(joinFrame(ben, room, door, info, new KeyPair()))).toMatchObject({ code: 'invite' });
  });

  test('is the only one with which one may knock', async () => {
    const { ben, room, ticket, door } = await behindDoor();
    const wrong: Ticket[] = [ticket, newTicket(), { ...door, keys: new KeyPair() }];
    for (const other of wrong)
      expect(await ben.ask(knockFrame(ben, room, other))).toMatchObject({ code: 'invite' });
  });

  test('stays one through later handshakes, which need not say so', async () => {
    const { ana, ben, room, access, door } = await behindDoor();
    await commit(ana, room, { after: access.at, by: access, invites: [grantOf(door)] });
    expect(await ben.ask(knockFrame(ben, room, door))).toMatchObject({ type: 'ack' });
  });

  test('that has ended is none', async () => {
    const { ana, ben, room, admin, access, door } = await behindDoor();
    const order = { keys: admin, retire: true as const };
    await commit(ana, room, { after: access.at, by: access, order });
    expect(await ben.ask(knockFrame(ben, room, door))).toMatchObject({ code: 'invite' });
  });
});

test('the invite that a knocker wishes for is unknown until it is granted, and then lets the knocker join', async () => {
  const { ana, ben, room, access, door } = await behindDoor();
  await ben.ask(knockFrame(ben, room, door));
  const wish = newTicket();
  for (let i = 0; i < 3; i += 1)
    expect(await ben.ask(invitationFrame(ben, room, wish))).toMatchObject({ code: 'invite' });
  const invites = [grantOf(door), grantOf(wish, { uses: 1 })];
  const next = await commit(ana, room, { after: access.at, by: access, invites });
  const info = await ben.ask<'groupinfo'>(invitationFrame(ben, room, wish));
  expect(info).toMatchObject({ type: 'groupinfo', handshake: next.at });
  const keys = new KeyPair();
  const joined = await ben.ask<'ack'>(joinFrame(ben, room, wish, info, keys));
  await follow(ben, room, { at: joined.seq, keys }, joined.seq);
});

test('a proof of another connection, and a used nonce, are refused', async () => {
  const { ana, ben, room, door } = await behindDoor();
  expect(await ben.ask(knockFrame(ana, room, door))).toMatchObject({ code: 'invite' });
  const frame = knockFrame(ben, room, door);
  await ben.ask(frame);
  expect(await ben.ask(frame)).toMatchObject({ code: 'refused' });
});

describe('knocks are limited', () => {
  test('to five an hour from an address', async () => {
    const { ben, room, door } = await behindDoor({ limits: { exemptsLoopback: false } });
    const answers: unknown[] = [];
    for (let i = 0; i < 6; i += 1) answers.push(await ben.ask(knockFrame(ben, room, door)));
    expect(answers.slice(0, 5)).toEqual(Array(5).fill(expect.objectContaining({ type: 'ack' })));
    expect(answers[5]).toMatchObject({ code: 'rate-limited', retryAfterMs: expect.any(Number) });
  });

  test('to 32 in a room in a day', async () => {
    const { clock, node, ben, room, door } = await behindDoor();
    for (let i = 0; i < 32; i += 1)
      expect(await ben.ask(knockFrame(ben, room, door))).toMatchObject({ type: 'ack' });
    expect(await ben.ask(knockFrame(ben, room, door))).toMatchObject({ code: 'full' });
    clock.now += DAY;
    const later = await node.peer();
    expect(await later.ask(knockFrame(later, room, door))).toMatchObject({ type: 'ack' });
  });

  test('by live invites only: an admin who ends the invite makes place', async () => {
    const { ana, ben, room, admin, access, door } = await behindDoor({ limits: { knocksWaiting: 1 } });
    await ben.ask(knockFrame(ben, room, door));
    expect(await ben.ask(knockFrame(ben, room, door))).toMatchObject({ code: 'full' });
    const other = newTicket();
    const invites = [grantOf(other, { knock: true })];
    await commit(ana, room, { after: access.at, by: access, invites, order: { keys: admin } });
    expect(await ben.ask(knockFrame(ben, room, other))).toMatchObject({ type: 'ack' });
  });

  test('each to one place, however many come at once', async () => {
    const { node, room, door } = await behindDoor({ limits: { knocksWaiting: 3 } });
    const peers = await Promise.all(Array.from({ length: 6 }, () => node.peer()));
    const replies = await Promise.all(peers.map((peer) => peer.ask(knockFrame(peer, room, door))));
    const answers = replies.map((reply) => (reply.type === 'error' ? reply.code : reply.type));
    expect(answers.filter((answer) => answer === 'ack')).toHaveLength(3);
    expect(answers.filter((answer) => answer === 'full')).toHaveLength(3);
  });
});

test('a knock is kept for a week, or as long as the rules say, if that is shorter', async () => {
  const { clock, node, ana, ben, room, admin, access, door } = await behindDoor();
  await ben.ask(knockFrame(ben, room, door, 'for a week'));
  const rules = { retainMs: HOUR };
  const order = { keys: admin, rules };
  const next = await commit(ana, room, { after: access.at, by: access, invites: [grantOf(door)], order });
  await ben.ask(knockFrame(ben, room, door, 'for an hour'));
  const read = async () => {
    const peer = await node.peer();
    await follow(peer, room, next);
    return knocksOf(peer.of('entry')).map(([text]) => text);
  };
  expect(await read()).toEqual(['for a week', 'for an hour']);
  clock.now += HOUR;
  expect(await read()).toEqual(['for a week']);
  clock.now += 7 * DAY;
  expect(await read()).toEqual([]);
});

test('metrics count knocks', async () => {
  const metrics = new Metrics();
  const { ben, room, door } = await behindDoor({ metrics });
  await ben.ask(knockFrame(ben, room, door));
  expect(await metrics.text()).toContain('gochat_appends_total{kind="knock"} 1');
});
