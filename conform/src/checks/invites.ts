import { setTimeout as wait } from 'node:timers/promises';
import type { RequestId } from '@gochat/protocol/fields';
import type { Check } from '../bench.ts';
import { must, mustEqual } from '../failure.ts';
import { KeyPair, random } from '../key-pair.ts';
import {
  grantOf,
  handshakeFrame,
  invitationFrame,
  joinFrame,
  knockFrame,
  newTicket,
  postFrame,
  refreshFrame,
} from '../member.ts';

/** How long the invite of the check of `expires` lives. */
const LIFETIME_MS = 2_000;

export const inviteChecks: readonly Check[] = [
  {
    name: 'an invite of one use gives the GroupInfo, lets one joiner in with a full key, and then ends',
    run: async (bench) => {
      const [ana, ben] = [await bench.connect(), await bench.connect()];
      const ticket = newTicket();
      const grant = grantOf(ticket, { uses: 1 });
      const { room, access, frame } = await bench.found(ana, [grant]);
      const info = await ben.expect('groupinfo', invitationFrame(ben, room, ticket));
      mustEqual([info.groupInfo, info.wrapped], [frame.groupInfo, grant.wrapped], 'what a joiner gets');
      must(info.member === undefined, 'a joiner gets the key that is wrapped for members');
      const keys = new KeyPair();
      const join = joinFrame(ben, ticket, info, keys);
      await bench.follow(ana, room, access, access.at);
      const { seq } = await ben.expect('ack', join);
      const entry = await ana.next('entry');
      mustEqual(
        [entry.seq, entry.kind, entry.invite],
        [seq, 'handshake', ticket.invite],
        'the entry of the join',
      );
      await ben.refused('invite', invitationFrame(ben, room, ticket));
      const again = await ben.expect('ack', joinFrame(ben, ticket, info, keys, { id: join.id }));
      mustEqual([again.seq, again.dup], [seq, true], 'the reply to a repeated join');
      await bench.follow(ben, room, { at: seq, keys }, seq);
      await ben.expect('ack', postFrame(room, seq));
    },
  },
  {
    name: 'an unknown invite and a wrong proof are answered alike; a join by an old GroupInfo conflicts',
    run: async (bench) => {
      const connection = await bench.connect();
      const ticket = newTicket();
      const { room, access } = await bench.found(connection, [grantOf(ticket)]);
      const unknown = await connection.refused('invite', invitationFrame(connection, room, newTicket()));
      const forged = { invite: ticket.invite, keys: new KeyPair() };
      const wrong = await connection.refused('invite', invitationFrame(connection, room, forged));
      mustEqual(wrong.message, unknown.message, 'the message of the error');
      const info = await connection.expect('groupinfo', invitationFrame(connection, room, ticket));
      const next = await bench.commit(connection, room, access, { invites: [grantOf(ticket)] });
      const refused = await connection.refused(
        'conflict',
        joinFrame(connection, ticket, info, new KeyPair()),
      );
      mustEqual(refused.handshake, next.at, 'the handshake of conflict');
    },
  },
  {
    name: 'an invite that a handshake leaves out has no wrapped key until a refresh; an order ends it',
    run: async (bench) => {
      const connection = await bench.connect();
      const ticket = newTicket();
      const { room, admin, access } = await bench.found(connection, [grantOf(ticket)]);
      const next = await bench.commit(connection, room, access);
      await connection.refused('no-wrap', invitationFrame(connection, room, ticket));
      const refresh = refreshFrame(room, next.at, next, [{ invite: ticket.invite, wrapped: random(80) }]);
      await connection.expect('ack', refresh);
      const info = await connection.expect('groupinfo', invitationFrame(connection, room, ticket));
      mustEqual(info.groupInfo, refresh.groupInfo, 'the GroupInfo after a refresh');
      await bench.commit(connection, room, next, { order: { keys: admin, retire: true } });
      await connection.refused('invite', invitationFrame(connection, room, ticket));
    },
  },
  {
    name: 'an invite ends at the instant expires of the clock of the server',
    run: async (bench) => {
      const connection = await bench.dial();
      const { now } = await connection.greet();
      const ticket = newTicket();
      const { room } = await bench.found(connection, [grantOf(ticket, { expires: now + LIFETIME_MS })]);
      await connection.expect('groupinfo', invitationFrame(connection, room, ticket));
      await wait(LIFETIME_MS);
      await connection.refused('invite', invitationFrame(connection, room, ticket));
    },
  },
  {
    name: 'an invite that is listed twice, or that expires too late, is invalid',
    run: async (bench) => {
      const connection = await bench.connect();
      const { room, access } = await bench.found(connection);
      const grant = grantOf(newTicket());
      const twice = handshakeFrame(room, access.at, access, { invites: [grant, grant] });
      await connection.refused('invalid', twice);
      const late = [grantOf(newTicket(), { expires: 2 ** 53 - 1 })];
      await connection.refused('invalid', handshakeFrame(room, access.at, access, { invites: late }));
    },
  },
  {
    name: 'a seventeenth live invite is answered full',
    run: async (bench) => {
      const connection = await bench.connect();
      const { room, access } = await bench.found(connection, [grantOf(newTicket())]);
      const invites = Array.from({ length: 16 }, () => grantOf(newTicket()));
      await connection.refused('full', handshakeFrame(room, access.at, access, { invites }));
    },
  },
  {
    name: 'refresh replaces what fetch returns, is announced to followers, and is only for the last handshake',
    run: async (bench) => {
      const [ana, ben] = [await bench.connect(), await bench.connect()];
      const { room, access } = await bench.found(ana);
      await bench.follow(ben, room, access, access.at);
      const frame = refreshFrame(room, access.at, access);
      const ack = await ana.expect('ack', frame);
      mustEqual([ack.seq, ack.dup], [access.at, false], 'the position and dup');
      mustEqual((await ben.next('refreshed')).handshake, access.at, 'the handshake of refreshed');
      const info = await ben.expect('groupinfo', { type: 'fetch', id: random<RequestId>(), room });
      mustEqual([info.groupInfo, info.member], [frame.groupInfo, frame.member], 'what fetch returns');
      mustEqual((await ana.expect('ack', frame)).dup, true, 'dup of a repeat');
      await bench.commit(ana, room, access);
      await ana.refused('conflict', refreshFrame(room, access.at, access));
    },
  },
  {
    name: 'knock: an invite that needs approval lets one knock, and not join; a repeat gets the first ack again',
    run: async (bench) => {
      const [ana, ben] = [await bench.connect(), await bench.connect()];
      const [door, ticket] = [newTicket(), newTicket()];
      const grants = [grantOf(door, { knock: true }), grantOf(ticket)];
      const { room, access } = await bench.found(ana, grants);
      await bench.follow(ana, room, access, access.at);
      const frame = knockFrame(ben, room, door);
      const ack = await ben.ask(frame);
      if (ack.type === 'error' && ack.code === 'not-offered') return;
      must(ack.type === 'ack', `the reply to knock is ${ack.type}`);
      const entry = await ana.next('entry');
      mustEqual(
        [entry.kind, entry.body, entry.invite],
        ['knock', frame.body, door.invite],
        'kind, body and invite of the entry',
      );
      const again = await ben.expect('ack', knockFrame(ben, room, door, frame.id));
      mustEqual([again.seq, again.dup], [entry.seq, true], 'the position and dup of the repeat');
      const info = await ben.expect('groupinfo', invitationFrame(ben, room, door));
      await ben.refused('invite', joinFrame(ben, door, info, new KeyPair()));
      for (const other of [ticket, newTicket(), { ...door, keys: new KeyPair() }])
        await ben.refused('invite', knockFrame(ben, room, other));
      // The position of a knock is no base.
      await ana.expect('ack', postFrame(room, access.at));
    },
  },
];
