import type { RequestId } from '@gochat/protocol/fields';
import type { Check } from '../bench.ts';
import { must, mustEqual } from '../failure.ts';
import { KeyPair, random } from '../key-pair.ts';
import { createFrame, enterFrame, handshakeFrame, postFrame } from '../member.ts';

export const orderChecks: readonly Check[] = [
  {
    name: 'retire: followers get the handshake, then retired, and nothing more until they prove a newer key',
    run: async (bench) => {
      const [ana, ben] = [await bench.connect(), await bench.connect()];
      const { room, admin, access } = await bench.found(ana);
      await bench.follow(ben, room, access, access.at);
      const next = await bench.commit(ana, room, access, { order: { keys: admin, retire: true } });
      mustEqual((await ben.next('entry')).seq, next.at, 'the position of the last entry');
      mustEqual((await ben.next('retired')).seq, next.at, 'the position of retired');
      await bench.follow(ana, room, next, next.at);
      const { seq } = await ana.expect('ack', postFrame(room, next.at));
      mustEqual((await ben.rest()).length, 0, 'the number of frames after retired');
      await ben.refused('retired', postFrame(room, next.at));
      await ben.refused('retired', { type: 'fetch', id: random<RequestId>(), room });
      await bench.follow(ben, room, next, next.at);
      mustEqual((await ben.next('entry')).seq, seq, 'the position of the entry that was missed');
    },
  },
  {
    name: 'a retired key enters, gets entries up to its retirement, then retired instead of live; it signs nothing',
    run: async (bench) => {
      const connection = await bench.connect();
      const { room, admin, access } = await bench.found(connection);
      const next = await bench.commit(connection, room, access, { order: { keys: admin, retire: true } });
      const last = await bench.commit(connection, room, next);
      const entered = await connection.expect('entered', enterFrame(connection, room, access));
      mustEqual(entered.handshake, next.at, 'the handshake of entered');
      await connection.next('retired');
      const rest = await connection.rest();
      mustEqual(
        rest.map((frame) => frame.type === 'entry' && frame.seq),
        [access.at, next.at],
        'the entries',
      );
      await connection.refused('retired', handshakeFrame(room, last.at, access));
    },
  },
  {
    name: 'a handshake without an order retires no key',
    run: async (bench) => {
      const connection = await bench.connect();
      const { room, access } = await bench.found(connection);
      const next = await bench.commit(connection, room, access);
      await bench.follow(connection, room, access);
      await connection.expect('ack', postFrame(room, next.at));
    },
  },
  {
    name: 'an order of another key, or one that was changed, is refused; new admin keys replace the old ones',
    run: async (bench) => {
      const connection = await bench.connect();
      const { room, admin, access } = await bench.found(connection);
      const ordered = (keys: KeyPair) =>
        handshakeFrame(room, access.at, access, { order: { keys, retire: true } });
      await connection.refused('refused', ordered(new KeyPair()));
      const frame = ordered(admin);
      if (frame.order !== undefined)
        await connection.refused('refused', { ...frame, order: { ...frame.order, close: true } });
      const heir = new KeyPair();
      const next = await bench.commit(connection, room, access, {
        order: { keys: admin, admins: [heir.public] },
      });
      const late = handshakeFrame(room, next.at, next, { order: { keys: admin, retire: true } });
      await connection.refused('refused', late);
      await bench.commit(connection, room, next, { order: { keys: heir, retire: true } });
    },
  },
  {
    name: 'close ends the room: followers get its handshake and closed, later requests closed, create exists',
    run: async (bench) => {
      const [ana, ben] = [await bench.connect(), await bench.connect()];
      const { room, admin, access } = await bench.found(ana);
      await bench.follow(ben, room, access, access.at);
      const frame = handshakeFrame(room, access.at, access, { order: { keys: admin, close: true } });
      const { seq } = await ana.expect('ack', frame);
      mustEqual((await ben.next('entry')).seq, seq, 'the position of the last entry');
      const error = await ben.next('error');
      mustEqual([error.code, error.room, error.id], ['closed', room, undefined], 'the error');
      await ben.refused('not-entered', postFrame(room, seq));
      await ana.refused('closed', enterFrame(ana, room, access));
      must(
        (await ana.expect('ack', frame)).dup,
        'a repeat of the handshake that closed the room is no repeat',
      );
      await ana.refused('exists', bench.withToken(createFrame(new KeyPair(), new KeyPair(), { room })));
    },
  },
];
