import type { InviteId, RequestId, RoomId } from '@gochat/protocol/fields';
import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import type { Check } from '../bench.ts';
import { must, mustEqual } from '../failure.ts';
import { random } from '../key-pair.ts';

export const connectionChecks: readonly Check[] = [
  {
    name: 'hello is answered with welcome, with another nonce on each connection',
    run: async (bench) => {
      const [one, other] = [await bench.dial(), await bench.dial()];
      const welcomes = [await one.greet(), await other.greet()];
      for (const { version } of welcomes) mustEqual(version, PROTOCOL_VERSION, 'the version');
      must(welcomes[0]?.nonce !== welcomes[1]?.nonce, 'two connections have the same nonce');
    },
  },
  {
    name: 'hello of another version is answered with version, even if the rest is unknown',
    run: async (bench) => {
      const connection = await bench.dial();
      connection.text(`{"type":"hello","version":${PROTOCOL_VERSION + 1},"more":{}}`);
      await connection.ends('version');
    },
  },
  {
    name: 'hello for a host that the server does not serve is answered with origin',
    run: async (bench) => {
      const connection = await bench.dial();
      const origin = 'not-served.invalid:1';
      connection.send({ type: 'hello', id: random<RequestId>(), version: PROTOCOL_VERSION, origin });
      await connection.ends('origin');
    },
  },
  {
    name: 'a first frame other than hello, and a second hello, are answered with hello-first',
    run: async (bench) => {
      const connection = await bench.dial();
      connection.send({ type: 'ping', id: random<RequestId>() });
      await connection.ends('hello-first');
      const greeted = await bench.connect();
      const { origin } = greeted;
      greeted.send({ type: 'hello', id: random<RequestId>(), version: PROTOCOL_VERSION, origin });
      await greeted.ends('hello-first');
    },
  },
  {
    name: 'frames sent before welcome are processed in order',
    run: async (bench) => {
      const connection = await bench.dial();
      const { origin } = connection;
      connection.send({ type: 'hello', id: 'h' as RequestId, version: PROTOCOL_VERSION, origin });
      for (const id of ['1', '2', '3']) connection.send({ type: 'ping', id: id as RequestId });
      await connection.next('welcome');
      for (const id of ['1', '2', '3'])
        mustEqual((await connection.next('pong')).id, id, 'the id of the pong');
    },
  },
  {
    name: 'a frame may arrive in pieces, cut at every byte, and several at once',
    run: async (bench) => {
      const connection = await bench.connect();
      for (const byte of Buffer.from('{"type":"ping","id":"cut"}\n')) connection.bytes(Uint8Array.of(byte));
      mustEqual((await connection.next('pong')).id, 'cut', 'the id of the pong');
      connection.bytes(Buffer.from('{"type":"ping","id":"1"}\n{"type":"ping","id":"2"}\n'));
      for (const id of ['1', '2']) mustEqual((await connection.next('pong')).id, id, 'the id of the pong');
    },
  },
  {
    name: 'a carriage return before the line feed, and empty lines, are ignored',
    run: async (bench) => {
      const connection = await bench.connect();
      connection.bytes(Buffer.from('\r\n\n{"type":"ping","id":"cr"}\r\n\r\n'));
      mustEqual((await connection.next('pong')).id, 'cr', 'the id of the pong');
    },
  },
  {
    name: 'WebSocket carries the same frames, and a binary message ends it with close code 1008',
    run: async (bench) => {
      const connection = await bench.connect('WebSocket');
      await connection.rest();
      connection.bytes(Buffer.from('{"type":"ping","id":"1"}'));
      mustEqual(await connection.ends('malformed'), 1008, 'the close code');
    },
  },
  {
    name: 'a room that was created over lines is followed over WebSocket',
    run: async (bench) => {
      const [ana, ben] = [await bench.connect(), await bench.connect('WebSocket')];
      const { room, access } = await bench.found(ana);
      await bench.follow(ben, room, access);
      mustEqual((await ben.next('entry')).seq, access.at, 'the position of the first entry');
    },
  },
  {
    name: 'knock and wake are answered, or refused with not-offered by a server that does not offer them',
    run: async (bench) => {
      const connection = await bench.connect();
      const room = random<RoomId>();
      const [invite, body, nonce, proof] = [random<InviteId>(), random(32), random(), random(64)];
      const knock = { type: 'knock' as const, id: random<RequestId>(), room, invite, body, nonce, proof };
      const wake = { type: 'wake' as const, id: random<RequestId>(), room };
      for (const frame of [knock, wake]) {
        const reply = await connection.ask(frame);
        must(reply.type === 'error' && reply.id === frame.id, `the reply to ${frame.type} is no error`);
      }
      await connection.rest();
    },
  },
];
