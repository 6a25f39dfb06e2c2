import type { Position, RequestId, RoomId } from '@gochat/protocol/fields';
import type { Check } from '../bench.ts';
import { must, mustEqual } from '../failure.ts';
import { KeyPair, random } from '../key-pair.ts';
import { createFrame, enterFrame, handshakeFrame, postFrame, refreshFrame } from '../member.ts';

const LATER = '9007199254740000' as Position;

export const roomChecks: readonly Check[] = [
  {
    name: 'create: a repeat gets the first ack again, another room with the id is refused, a wrong proof too',
    run: async (bench) => {
      const connection = await bench.connect();
      const { room, access, frame } = await bench.found(connection);
      const again = await connection.expect('ack', frame);
      mustEqual([again.seq, again.dup], [access.at, true], 'the position and dup of the repeat');
      const other = bench.withToken(createFrame(new KeyPair(), new KeyPair(), { room }));
      await connection.refused('exists', other);
      const forged = bench.withToken(createFrame(new KeyPair(), new KeyPair()));
      await connection.refused('refused', { ...forged, body: random(100) });
    },
  },
  {
    name: 'requests about a room that does not exist are answered no-room or not-entered',
    run: async (bench) => {
      const connection = await bench.connect();
      const [room, access] = [random<RoomId>(), { at: '1' as Position, keys: new KeyPair() }];
      await connection.refused('no-room', enterFrame(connection, room, access));
      await connection.refused('no-room', handshakeFrame(room, access.at, access));
      await connection.refused('no-room', refreshFrame(room, access.at, access));
      await connection.refused('not-entered', postFrame(room, access.at));
      await connection.refused('not-entered', { type: 'fetch', id: random<RequestId>(), room });
      await connection.expect('exited', { type: 'exit', id: random<RequestId>(), room });
    },
  },
  {
    name: 'enter: another key, a changed request and a nonce that was used are refused',
    run: async (bench) => {
      const connection = await bench.connect();
      const { room, access } = await bench.found(connection);
      await connection.refused('refused', enterFrame(connection, room, { ...access, keys: new KeyPair() }));
      await connection.refused('refused', { ...enterFrame(connection, room, access), since: access.at });
      await connection.refused('refused', enterFrame(connection, room, { ...access, at: LATER }));
      const frame = enterFrame(connection, room, access);
      await connection.expect('entered', frame);
      await connection.refused('refused', { ...frame, id: random<RequestId>() });
    },
  },
  {
    name: 'enter: a proof of another connection is refused',
    run: async (bench) => {
      const [one, other] = [await bench.connect(), await bench.connect()];
      const { room, access } = await bench.found(one);
      await other.refused('refused', enterFrame(one, room, access));
    },
  },
  {
    name: 'enter: since after the last position is invalid',
    run: async (bench) => {
      const connection = await bench.connect();
      const { room, access } = await bench.found(connection);
      // After a handshake a server need not know whether later messages have been deleted.
      await bench.follow(connection, room, access);
      await connection.expect('ack', postFrame(room, access.at));
      await connection.refused('invalid', enterFrame(connection, room, access, LATER));
    },
  },
  {
    name: 'entries are delivered in order, from since on, then live, then new ones, to the sender too',
    run: async (bench) => {
      const [ana, ben] = [await bench.connect(), await bench.connect()];
      const { room, access, frame } = await bench.found(ana);
      await bench.follow(ana, room, access);
      mustEqual((await ana.next('entry')).body, frame.body, 'the body of the first entry');
      const posts = Array.from({ length: 20 }, () => postFrame(room, access.at));
      for (const post of posts) ana.send(post);
      for (const { body } of posts)
        mustEqual((await ana.next('entry')).body, body, 'the body of the next entry');
      const acks: number[] = [];
      for (const _ of posts) acks.push(Number((await ana.next('ack')).seq));
      must(
        acks.every((seq, i) => seq > (acks[i - 1] ?? 0)),
        'the positions of posts do not increase',
      );
      await bench.follow(ben, room, access, String(acks[9]) as Position);
      for (const { body } of posts.slice(10))
        mustEqual((await ben.next('entry')).body, body, 'the body after since');
      mustEqual((await ben.rest()).length, 0, 'the number of further frames');
    },
  },
  {
    name: 'post: not without having entered; a repeat is stored once; an older base is stale',
    run: async (bench) => {
      const [ana, ben] = [await bench.connect(), await bench.connect()];
      const { room, access } = await bench.found(ana);
      await ben.refused('not-entered', postFrame(room, access.at));
      await bench.follow(ana, room, access);
      const frame = postFrame(room, access.at);
      const first = await ana.expect('ack', frame);
      const again = await ana.expect('ack', frame);
      mustEqual(
        [first.dup, again.dup, again.seq, again.at],
        [false, true, first.seq, first.at],
        'both replies',
      );
      const next = await bench.commit(ana, room, access);
      const stale = await ana.refused('stale', postFrame(room, access.at));
      mustEqual(stale.handshake, next.at, 'the handshake of stale');
      mustEqual((await ana.expect('ack', frame)).dup, true, 'dup of a repeat after a handshake');
      const read = { type: 'read' as const, id: random<RequestId>(), room, after: access.at, limit: 256 };
      const { entries } = await ana.expect('page', read);
      mustEqual(
        entries.map(({ seq }) => seq),
        [first.seq, next.at],
        'the positions in the page',
      );
    },
  },
  {
    name: 'handshake: one of several with the same after is appended, the others conflict; a repeat gets its ack',
    run: async (bench) => {
      const connection = await bench.connect();
      const { room, access } = await bench.found(connection);
      const frames = Array.from({ length: 5 }, () => handshakeFrame(room, access.at, access));
      const replies = await Promise.all(frames.map((frame) => connection.ask(frame)));
      const won = replies.findIndex(({ type }) => type === 'ack');
      const codes = replies.map((reply) => (reply.type === 'error' ? reply.code : reply.type)).sort();
      mustEqual(codes, ['ack', ...Array.from({ length: 4 }, () => 'conflict')], 'the replies');
      const winner = frames[won];
      if (winner !== undefined)
        mustEqual((await connection.expect('ack', winner)).dup, true, 'dup of a repeat');
      await connection.refused('conflict', handshakeFrame(room, LATER, access));
    },
  },
  {
    name: 'handshake: another key, and a change after signing, are refused',
    run: async (bench) => {
      const connection = await bench.connect();
      const { room, access } = await bench.found(connection);
      await connection.refused(
        'refused',
        handshakeFrame(room, access.at, { ...access, keys: new KeyPair() }),
      );
      await connection.refused('refused', { ...handshakeFrame(room, access.at, access), body: random(300) });
    },
  },
  {
    name: 'signals reach the other followers, and a signal without having entered is an error about the room',
    run: async (bench) => {
      const [ana, ben] = [await bench.connect(), await bench.connect()];
      const { room, access } = await bench.found(ana);
      const body = random(100);
      ana.send({ type: 'signal', room, body });
      const error = await ana.next('error');
      mustEqual([error.code, error.room, error.id], ['not-entered', room, undefined], 'the error');
      for (const connection of [ana, ben]) await bench.follow(connection, room, access);
      ana.send({ type: 'signal', room, body });
      mustEqual((await ben.next('signal')).body, body, 'the body of the signal');
      must(!(await ana.rest()).some(({ type }) => type === 'signal'), 'the sender received its own signal');
    },
  },
  {
    name: 'exit ends the delivery of the room on this connection only',
    run: async (bench) => {
      const [ana, ben] = [await bench.connect(), await bench.connect()];
      const { room, access } = await bench.found(ana);
      for (const connection of [ana, ben]) await bench.follow(connection, room, access, access.at);
      await ben.expect('exited', { type: 'exit', id: random<RequestId>(), room });
      const { seq } = await ana.expect('ack', postFrame(room, access.at));
      mustEqual((await ana.next('entry')).seq, seq, 'the position of the entry');
      mustEqual((await ben.rest()).length, 0, 'the number of frames after exit');
      await ben.refused('not-entered', postFrame(room, access.at));
    },
  },
  {
    name: 'entering again replaces the former enter: no entry twice, live once',
    run: async (bench) => {
      const connection = await bench.connect();
      const { room, access } = await bench.found(connection);
      await bench.follow(connection, room, access);
      await connection.next('entry');
      await bench.follow(connection, room, access);
      mustEqual(
        (await connection.rest()).map(({ type }) => type),
        ['entry'],
        'the frames after the second enter',
      );
    },
  },
];
