import type { ErrorCode } from '@gochat/protocol/errors';
import { SMALL_ORDER } from '@gochat/protocol/small-order';
import type { Check } from '../bench.ts';
import { KeyPair } from '../key-pair.ts';
import { createFrame } from '../member.ts';

const ROOM = 'AAAAAAAAAAAAAAAAAAAAAA';

function frame(members: object): string {
  return JSON.stringify(members);
}

const ping = { type: 'ping', id: '1' };
const read = { type: 'read', id: '1', room: ROOM, after: '0', limit: 1 };

/** Texts that are no frames of this protocol, with what is wrong. */
const WRONG: readonly (readonly [what: string, text: string, code?: ErrorCode])[] = [
  ['that is no JSON', '{"type":"ping"'],
  ['that begins with a byte order mark', `\ufeff${frame(ping)}`],
  ['that is a list', '[]'],
  ['that is null', 'null'],
  ['that is a text', '"ping"'],
  ['without a type', '{"id":"1"}'],
  ['of an unknown type', frame({ ...ping, type: 'pong' })],
  ['whose type is the name of a method of objects', frame({ ...ping, type: 'constructor' })],
  ['without a required member', frame({ type: 'ping' })],
  ['with an unknown member', frame({ ...ping, more: 1 })],
  ['with a member __proto__', '{"type":"ping","id":"1","__proto__":{}}'],
  ['with null as a member', frame({ ...ping, id: null })],
  ['with an id of 65 characters', frame({ ...ping, id: 'a'.repeat(65) })],
  ['with an empty id', frame({ ...ping, id: '' })],
  ['with an id that contains a space', frame({ ...ping, id: 'a b' })],
  ['with a number for a text', frame({ ...ping, id: 1 })],
  ['with a text for a number', frame({ ...read, limit: '1' })],
  ['with a fraction', frame({ ...read, limit: 1.5 })],
  ['with a number that is too small', frame({ ...read, limit: 0 })],
  ['with a number that is too large', frame({ ...read, limit: 257 })],
  ['with the number 1e400', frame(read).replace('"limit":1', '"limit":1e400')],
  ['with a position that has a leading zero', frame({ ...read, after: '01' })],
  ['with a position of 2^53', frame({ ...read, after: '9007199254740992' })],
  ['with a position as a number', frame({ ...read, after: 0 })],
  ['with bytes that have padding', frame({ ...read, room: `${ROOM}==` })],
  ['with bytes whose unused bits are not zero', frame({ ...read, room: `${ROOM.slice(0, -1)}B` })],
  ['with a lone surrogate in an id', '{"type":"ping","id":"\\ud800"}'],
  ['with a NUL in an id', '{"type":"ping","id":"a\\u0000"}'],
  [
    'with a thousand nested lists',
    frame(read).replace('"limit":1', `"limit":${'['.repeat(1000)}${']'.repeat(1000)}`),
  ],
  ['with features that are no list', '{"type":"hello","id":"1","version":2,"origin":"a","features":"a"}'],
  ['of more than 4096 bytes', `${frame(ping).slice(0, -1)}${' '.repeat(4096)}}`, 'oversize'],
  [
    'of more than 4096 bytes that does not begin with its type',
    `{"id":"1",${' '.repeat(4096)}"type":"ping"}`,
    'oversize',
  ],
];

const wrongTexts: readonly Check[] = WRONG.map(([what, text, code = 'malformed']) => ({
  name: `a frame ${what} is answered ${code}, and ends the connection`,
  run: async (bench) => {
    const connection = await bench.connect();
    connection.text(text);
    await connection.ends(code);
  },
}));

export const strictChecks: readonly Check[] = [
  ...wrongTexts,
  {
    name: 'bytes that are not UTF-8 are answered malformed',
    run: async (bench) => {
      const connection = await bench.connect();
      connection.bytes(
        Buffer.concat([Buffer.from('{"type":"ping","id":"'), Buffer.of(0xff), Buffer.from('"}\n')]),
      );
      await connection.ends('malformed');
    },
  },
  {
    name: 'a frame before hello is refused at 4096 bytes, before the rest arrives',
    run: async (bench) => {
      const connection = await bench.dial();
      connection.bytes(Buffer.from(`{"type":"create","id":"${'a'.repeat(4096)}`));
      await connection.ends('oversize');
    },
  },
  {
    name: 'whole numbers are accepted in every spelling',
    run: async (bench) => {
      const connection = await bench.connect();
      for (const spelling of ['1.0', '1e2', '10E-1'])
        await connection.textRefused('not-entered', frame(read).replace('"limit":1', `"limit":${spelling}`));
    },
  },
  {
    name: 'a public key of small order is answered malformed, in every encoding',
    run: async (bench) => {
      const valid = createFrame(new KeyPair(), new KeyPair());
      for (const key of SMALL_ORDER) {
        const connection = await bench.connect();
        connection.text(JSON.stringify({ ...valid, admin: key }));
        await connection.ends('malformed');
      }
    },
  },
  {
    name: 'a violation on one connection ends no other',
    run: async (bench) => {
      const [good, bad] = [await bench.connect(), await bench.connect()];
      bad.text('garbage');
      await bad.ends('malformed');
      await good.rest();
    },
  },
];
