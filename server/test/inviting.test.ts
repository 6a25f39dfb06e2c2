import type { InviteId, Position, RoomId } from '@gochat/protocol/fields';
import { LIMITS } from '@gochat/protocol/limits';
import type { InviteGrant } from '@gochat/protocol/up';
import { describe, expect, test } from 'vitest';
import { mergeInvites, rewrapInvites } from '../src/room/invites.ts';
import { losingAnswers } from './broken-log.ts';
import { KeyPair, newId, newRoomId, sealed } from './keys.ts';
import {
  commit,
  enter,
  fetchInfo,
  follow,
  found,
  grantOf,
  invitationFrame,
  joinFrame,
  newTicket,
  post,
  refreshFrame,
  type Ticket,
} from './member.ts';
import { startNode } from './node.ts';
import type { Peer } from './peer.ts';

async function invited(
  more: Pick<InviteGrant, 'uses' | 'expires'> = {},
  options: Parameters<typeof startNode>[0] = {},
) {
  const node = await startNode(options);
  const [ada, bob] = [await node.peer(), await node.peer('web')];
  const ticket = newTicket();
  const founded = await found(ada, [grantOf(ticket, more)]);
  await follow(ada, founded.room, founded.access);
  return { node, ada, bob, ticket, ...founded };
}

const look = (peer: Peer, room: RoomId, ticket: Ticket) =>
  peer.ask<'groupinfo'>(invitationFrame(peer, room, ticket));

test('an invite returns the GroupInfo with its wrapped key, and its join adds one entry and one live key', async () => {
  const { ada, bob, room, ticket, access } = await invited();
  const info = await look(bob, room, ticket);
  expect(info).toEqual({
    type: 'groupinfo',
    id: expect.any(String),
    room,
    handshake: access.at,
    groupInfo: sealed('group info 0'),
    wrapped: sealed(`wrapped ${ticket.invite}`),
    invites: [{ invite: ticket.invite }],
  });
  const keys = new KeyPair();
  const ack = await bob.ask<'ack'>(joinFrame(bob, room, ticket, info, keys));
  expect(ack).toMatchObject({ type: 'ack', dup: false });
  expect(await ada.next((frame) => frame.type === 'entry' && frame.seq === ack.seq)).toMatchObject({
    kind: 'handshake',
    body: sealed('join'),
    invite: ticket.invite,
  });
  const page = await ada.ask({ type: 'read', id: newId(), room, after: access.at, limit: 1 });
  expect(page).toMatchObject({ entries: [{ seq: ack.seq, invite: ticket.invite }] });
  await follow(bob, room, { at: ack.seq, keys }, ack.seq);
  expect(await fetchInfo(ada, room)).toMatchObject({
    handshake: ack.seq,
    groupInfo: sealed(`group info after ${access.at}`),
  });
  expect((await look(bob, room, ticket)).wrapped).toBe(sealed(`rewrapped ${ticket.invite}`));
});

test('the key that a join adds may do at once what every live key may, with nobody else online', async () => {
  const { node, ada, bob, room, ticket } = await invited();
  const info = await look(bob, room, ticket);
  const keys = new KeyPair();
  ada.end();
  await ada.closed;
  const ack = await bob.ask<'ack'>(joinFrame(bob, room, ticket, info, keys));
  const access = { at: ack.seq, keys };
  await follow(bob, room, access);
  expect(await post(bob, room, ack.seq, 'hello')).toMatchObject({ type: 'ack' });
  expect(await fetchInfo(bob, room)).toMatchObject({ handshake: ack.seq });
  expect(await bob.ask(refreshFrame(room, access, ack.seq))).toMatchObject({ type: 'ack' });
  const other = await node.peer();
  await follow(other, room, access);
  bob.send({ type: 'signal', room, body: sealed('typing') });
  expect(await other.next((frame) => frame.type === 'signal')).toMatchObject({ body: sealed('typing') });
  await commit(bob, room, { after: ack.seq, by: access });
});

describe('an invalid invite', () => {
  test('gets the same error, whatever the reason', async () => {
    let now = Date.now();
    const { ada, bob, room, access, admin, ticket } = await invited(
      { expires: now + 1000 },
      { now: () => now },
    );
    const answers: unknown[] = [];
    const wrongKey = { ...ticket, keys: new KeyPair() };
    const ask = async (t: Ticket) => {
      const { id: _, ...answer } = await bob.ask<'error'>(invitationFrame(bob, room, t));
      answers.push(answer);
    };
    await ask(newTicket());
    await ask(wrongKey);
    now += 1001;
    await ask(ticket);
    const [revoked, voided] = [newTicket(), newTicket()];
    const second = await commit(ada, room, {
      after: access.at,
      by: access,
      invites: [grantOf(revoked), grantOf(voided)],
    });
    const third = await commit(ada, room, {
      after: second.at,
      by: second,
      invites: [grantOf(voided)],
      order: { keys: admin },
    });
    await ask(revoked);
    expect(await look(bob, room, voided)).toMatchObject({ type: 'groupinfo' });
    await commit(ada, room, { after: third.at, by: third, order: { keys: admin, retire: true } });
    await ask(voided);
    expect(answers).toHaveLength(5);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ type: 'error', code: 'invite' });
  });

  test("can't be used to join", async () => {
    const { ada, bob, room, ticket, access, admin } = await invited();
    const info = await look(bob, room, ticket);
    expect(
      await bob.ask(joinFrame(bob, room, { ...ticket, keys: new KeyPair() }, info, new KeyPair())),
    ).toMatchObject({ code: 'invite' });
    expect(await bob.ask(joinFrame(bob, room, newTicket(), info, new KeyPair()))).toMatchObject({
      code: 'invite',
    });
    await commit(ada, room, { after: access.at, by: access, order: { keys: admin } });
    expect(await bob.ask(joinFrame(bob, room, ticket, info, new KeyPair()))).toMatchObject({
      code: 'invite',
    });
  });
});

describe('a join', () => {
  test('that lost the race gets the last handshake, and may try again', async () => {
    const { ada, bob, room, ticket, access } = await invited();
    const info = await look(bob, room, ticket);
    const next = await commit(ada, room, {
      after: access.at,
      by: access,
      invites: [{ invite: ticket.invite, wrapped: sealed('w') }],
    });
    expect(await bob.ask(joinFrame(bob, room, ticket, info, new KeyPair()))).toMatchObject({
      code: 'conflict',
      handshake: next.at,
    });
    const again = await look(bob, room, ticket);
    expect(await bob.ask(joinFrame(bob, room, ticket, again, new KeyPair()))).toMatchObject({ type: 'ack' });
  });

  test('can leave out an invite, which then has no wrapped key, and can not add one', async () => {
    const { bob, ada, room, ticket, access } = await invited();
    const other = newTicket();
    await commit(ada, room, { after: access.at, by: access, invites: [grantOf(ticket), grantOf(other)] });
    const info = await look(bob, room, ticket);
    const own = { invite: ticket.invite, wrapped: sealed('w') };
    const others = { ...own, invite: other.invite };
    const twice = joinFrame(bob, room, ticket, info, new KeyPair(), { invites: [own, own] });
    expect(await bob.ask(twice)).toMatchObject({ code: 'invalid' });
    const smuggled = { invites: [own, grantOf(newTicket())] };
    await bob.ask(joinFrame(bob, room, ticket, info, new KeyPair(), smuggled));
    const next = await look(bob, room, ticket);
    expect(next.invites.map(({ invite }) => invite)).toEqual([ticket.invite, other.invite]);
    expect(await look(bob, room, other)).toMatchObject({ code: 'no-wrap' });
    const repaired = { invites: [own, others] };
    await bob.ask(joinFrame(bob, room, ticket, next, new KeyPair(), repaired));
    expect(await look(bob, room, other)).toMatchObject({ wrapped: others.wrapped });
  });

  test('is bound to its connection and to every field', async () => {
    const { node, bob, room, ticket } = await invited();
    const info = await look(bob, room, ticket);
    const frame = joinFrame(bob, room, ticket, info, new KeyPair());
    const eve = await node.peer();
    expect(await eve.ask(frame)).toMatchObject({ code: 'invite' });
    expect(await bob.ask({ ...frame, access: new KeyPair().public })).toMatchObject({ code: 'invite' });
    const look1 = invitationFrame(bob, room, ticket);
    expect(await bob.ask(look1)).toMatchObject({ type: 'groupinfo' });
    expect(await bob.ask({ ...look1, id: newId() })).toMatchObject({ code: 'refused' });
    expect(await eve.ask(look1)).toMatchObject({ code: 'invite' });
  });

  test('is acknowledged again when it is repeated, even if the invite is used up', async () => {
    const engine = losingAnswers();
    const { bob, ada, room, ticket, access } = await invited({ uses: 1 }, { engine });
    const info = await look(bob, room, ticket);
    const keys = new KeyPair();
    const frame = joinFrame(bob, room, ticket, info, keys);
    engine.breakAnswers();
    expect(await bob.ask(frame)).toMatchObject({ code: 'unavailable' });
    engine.repair();
    const again = joinFrame(bob, room, ticket, info, keys, { id: frame.id });
    const ack = await bob.ask<'ack'>(again);
    expect(ack).toMatchObject({ type: 'ack', dup: true });
    expect(await enter(bob, room, { at: ack.seq, keys })).toMatchObject({ type: 'entered' });
    expect(await bob.ask(joinFrame(bob, room, ticket, info, keys))).toMatchObject({ code: 'invite' });
    expect(await look(bob, room, ticket)).toMatchObject({ code: 'invite' });
    await commit(ada, room, { after: ack.seq, by: access });
    expect(await bob.ask(joinFrame(bob, room, ticket, info, keys, { id: frame.id }))).toEqual(ack);
  });

  test('one of 50 concurrent joins gets the last use', async () => {
    const { node, ada, room, ticket } = await invited({ uses: 1 });
    const racers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => node.peer(i % 2 === 0 ? 'line' : 'web')),
    );
    const infos = await Promise.all(racers.map((racer) => look(racer, room, ticket)));
    const answers = await Promise.all(
      racers.map((racer, i) =>
        racer.ask<'ack' | 'error'>(
          joinFrame(racer, room, ticket, infos[i] as (typeof infos)[0], new KeyPair()),
        ),
      ),
    );
    expect(answers.filter((answer) => answer.type === 'ack')).toHaveLength(1);
    const retries = await Promise.all(racers.map((racer) => racer.ask(invitationFrame(racer, room, ticket))));
    for (const retry of retries) expect(retry).toMatchObject({ code: 'invite' });
    expect((await fetchInfo(ada, room)).invites).toEqual([]);
    expect(ada.of('entry').filter((entry) => entry.body === sealed('join'))).toHaveLength(1);
  });

  test('exactly 20 of all joins that retry get one of 20 uses', async () => {
    const { node, ada, room, ticket } = await invited({ uses: 20 });
    const joined = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const racer = await node.peer();
        for (;;) {
          const info = await racer.ask<'groupinfo' | 'error'>(invitationFrame(racer, room, ticket));
          if (info.type === 'error') return false;
          const answer = await racer.ask<'ack' | 'error'>(
            joinFrame(racer, room, ticket, info, new KeyPair()),
          );
          if (answer.type === 'ack') return true;
        }
      }),
    );
    expect(joined.filter(Boolean)).toHaveLength(20);
    expect((await fetchInfo(ada, room)).invites).toEqual([]);
  });

  test('after a refresh gets the refreshed key', async () => {
    const { ada, bob, room, ticket, access } = await invited({ uses: 5 });
    await ada.ask(
      refreshFrame(room, access, access.at, [{ invite: ticket.invite, wrapped: sealed('fresh') }]),
    );
    const info = await look(bob, room, ticket);
    expect(info).toMatchObject({ wrapped: sealed('fresh'), groupInfo: sealed('refreshed group info') });
    await bob.ask(joinFrame(bob, room, ticket, info, new KeyPair()));
    const wrapped = sealed(`rewrapped ${ticket.invite}`);
    expect((await fetchInfo(ada, room)).invites).toEqual([{ invite: ticket.invite, wrapped, uses: 4 }]);
  });
});

/**
 * Joins as a client does: again after a conflict, and after the wait that the server names.
 * @param clock the server's, which this sets. @returns how often it had to wait
 */
async function joinsPatiently(
  joiner: Peer,
  room: RoomId,
  ticket: Ticket,
  clock: { now: number },
): Promise<number> {
  let waited = 0;
  for (;;) {
    const info = await look(joiner, room, ticket);
    const answer = await joiner.ask<'ack' | 'error'>(joinFrame(joiner, room, ticket, info, new KeyPair()));
    if (answer.type === 'ack') return waited;
    if (answer.code === 'conflict') continue;
    expect(answer.code).toBe('rate-limited');
    waited += 1;
    clock.now += answer.retryAfterMs ?? 0;
  }
}

const AT_ONCE = 12;

test.each([
  ['a hundred people within a minute', {}, 100, false],
  ['more people than may join at once', { handshakesBurst: 5, handshakesPerSecond: 5 }, 12, true],
])('%s all get in by one link', async (_, limits, people, waits) => {
  const clock = { now: Date.now() };
  const { node, ada, room, ticket } = await invited({}, { limits, now: () => clock.now });
  const waited: number[] = [];
  // All at the same moment would be thousands of joins that fail by conflict.
  for (let rest = people; rest > 0; rest -= AT_ONCE) {
    const joiners = await Promise.all(Array.from({ length: Math.min(AT_ONCE, rest) }, () => node.peer()));
    waited.push(...(await Promise.all(joiners.map((one) => joinsPatiently(one, room, ticket, clock)))));
  }
  expect(waited.some((times) => times > 0)).toBe(waits);
  const page = await ada.ask<'page'>({ type: 'read', id: newId(), room, after: '0' as Position, limit: 256 });
  expect(page.entries.filter(({ invite }) => invite === ticket.invite)).toHaveLength(people);
});

test('guesses are limited by address, over all connections', async () => {
  const { node, bob, room } = await invited({}, { limits: { invitesPerMinute: 3, exemptsLoopback: false } });
  const other = await node.peer();
  const answers: unknown[] = [];
  for (const peer of [bob, other, bob, other]) answers.push(await look(peer, room, newTicket()));
  expect(answers).toMatchObject([
    { code: 'invite' },
    { code: 'invite' },
    { code: 'invite' },
    { code: 'rate-limited' },
  ]);
});

test('an invite of an unknown room', async () => {
  const node = await startNode();
  const peer = await node.peer();
  expect(await look(peer, newRoomId(), newTicket())).toMatchObject({ code: 'no-room' });
});

test('an invite that has ended stays ended when a handshake or a refresh lists it again', () => {
  const invite = 'A'.repeat(22) as InviteId;
  const known = [{ invite, join: 'j', unwrappedAt: 0 }];
  const listed = [{ invite, wrapped: 'w' }];
  const terms = { lifetimeMs: LIMITS.inviteLifetimeMs, complete: false };
  const ends = LIMITS.inviteUnwrappedMs;
  expect(mergeInvites(known, listed, { ...terms, now: ends - 1 })).toHaveLength(1);
  expect(rewrapInvites(known, listed, ends - 1)).toHaveLength(1);
  expect(mergeInvites(known, listed, { ...terms, now: ends })).toEqual([]);
  expect(rewrapInvites(known, listed, ends)).toEqual([]);
});
