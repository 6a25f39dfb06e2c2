import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RoomId } from '@gochat/protocol/fields';
import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bystanders } from '../src/attackers/bystanders.ts';
import { crowd, Intruder } from '../src/attackers/intruder.ts';
import { temporary } from '../src/people/people.ts';
import { RawMember, text } from '../src/people/raw-member.ts';
import { ChildServer } from '../src/servers/child-server.ts';

const CONNECTIONS = 500;
/** What all unfinished frames may have, by default. */
const UNFINISHED_BYTES = 64_000_000;
/**
 * What one more connection may cost: two reads of Node.js, itself, and what is not collected yet. What arrives in the first read never
 * waits, and a pause takes effect after the second.
 */
const CONNECTION_BYTES = 2 * 64 * 1024 + 128 * 1024;
const MOST_GROWTH_BYTES = UNFINISHED_BYTES + CONNECTIONS * CONNECTION_BYTES;
/** What may still be in use afterwards, beside what was at first. */
const FREED_BYTES = 4 * 1024 * 1024;
/** After these, a frame that has hardly grown is cut. */
const CHECK_MS = 10_000;
const POST_EVERY_MS = 50;
const BEGINNING = Buffer.from('{"type":"create","id":"');

let home: Awaited<ReturnType<typeof temporary>>;
let server: ChildServer;

beforeEach(async () => {
  home = await temporary();
  server = await ChildServer.start(join(home.path, 'server'), 0, [], '', {
    // Loopback is limited like every other address.
    exemptsLoopback: false,
    // The clock is set forward: nobody is silent for so long.
    silenceMs: 24 * 3600 * 1000,
  });
});

afterEach(async () => {
  await server.stop();
  await home.remove();
});

/** Part of a text message, as a client sends it (RFC 6455, section 5.2). The mask of zeros changes nothing. */
function frame(opcode: 0 | 1, final: boolean, payload: Buffer, length = payload.length): Buffer {
  const isShort = length < 126;
  const head = Buffer.alloc(isShort ? 6 : 14);
  head[0] = opcode + (final ? 0x80 : 0);
  head[1] = 0x80 + (isShort ? length : 127);
  if (!isShort) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** One form in which frames arrive. */
interface Form {
  greet(intruder: Intruder): void;
  whole(text: string): Buffer;
  /** What begins a frame and never ends it. */
  readonly begin: readonly Buffer[];
  /** At some time the server has at least so much of all such frames, in bytes. */
  readonly least: number;
}

const hello = () =>
  JSON.stringify({
    type: 'hello',
    id: 'hello',
    version: PROTOCOL_VERSION,
    origin: `127.0.0.1:${server.port}`,
  });
const upgrade = () =>
  `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';

const LARGE = Buffer.concat([BEGINNING, Buffer.alloc(2_000_000, 'a')]);
const line = (text: string) => Buffer.from(`${text}\n`);
const webText = (text: string) => frame(1, true, Buffer.from(text));
/** Fewer than the WebSocket library takes by default. The server cuts a connection that sends so many. */
const PARTS = 16_000;

const forms: Record<string, Form> = {
  lines: { greet: () => undefined, whole: line, begin: [LARGE], least: UNFINISHED_BYTES },
  'WebSocket messages': {
    greet: (intruder) => intruder.write(upgrade()),
    whole: webText,
    begin: [frame(1, true, LARGE, LARGE.length + 1)],
    least: UNFINISHED_BYTES,
  },
  'WebSocket messages in parts of one byte': {
    greet: (intruder) => intruder.write(upgrade()),
    whole: webText,
    begin: [
      Buffer.concat([
        frame(1, false, BEGINNING),
        ...Array<Buffer>(PARTS).fill(frame(0, false, Buffer.from('a'))),
      ]),
    ],
    least: 0,
  },
};

/** A connection that the server has welcomed. Every second one has entered a room. */
async function attacker(form: Form, member: RawMember, room: RoomId, i: number): Promise<Intruder> {
  const intruder = await Intruder.open(server.port, i);
  form.greet(intruder);
  intruder.socket.write(form.whole(hello()));
  if (!(await intruder.hears(/"welcome"/))) throw new Error(`no welcome: ${intruder.heard}`);
  const nonce = /"nonce":"([^"]+)"/.exec(intruder.heard)?.[1] ?? '';
  if (i % 2 === 0) return intruder;
  intruder.socket.write(form.whole(member.enter(room, nonce, '0')));
  await intruder.hears(/"live"/);
  return intruder;
}

function residentBytes(): number {
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

test.each(Object.keys(forms))(
  '%s that never end take a bounded part of the memory, and give it back',
  async (kind) => {
    const form = forms[kind] as Form;
    const bystanders = await Bystanders.open(server.port, POST_EVERY_MS);
    const member = new RawMember(server.port);
    const room = text(16) as RoomId;
    const founder = await Intruder.welcomed(server.port, 0);
    founder?.intruder.write(`${member.create(room)}\n`);
    await founder?.intruder.hears(/"ack"/);
    const idle = await server.leastMemory();
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, residentBytes());
    }, 20);
    try {
      const intruders = await crowd(CONNECTIONS, (i) => attacker(form, member, room, i));
      for (const { socket } of intruders) for (const bytes of form.begin) socket.write(bytes);
      await expect.poll(() => server.metric('gochat_unfinished_bytes')).toBeGreaterThanOrEqual(form.least);
      // Each bystander hears what is said meanwhile.
      const hearing = bystanders.listen();
      await hearing.something();
      expect(hearing.end().samples).toBeGreaterThan(0);
      const gone = crowd(CONNECTIONS, (i) => (intruders[i] as Intruder).gone);
      let over = false;
      void gone.then(() => {
        over = true;
      });
      for (let shiftMs = CHECK_MS; !over; shiftMs += CHECK_MS) {
        await server.shiftClock(shiftMs);
        const shifted = bystanders.listen();
        await Promise.race([shifted.something(), gone]);
        shifted.end();
      }
    } finally {
      clearInterval(watch);
    }
    expect(most - idle.rss).toBeLessThan(MOST_GROWTH_BYTES);
    await expect.poll(() => server.metric('gochat_unfinished_bytes')).toBe(0);
    // The process has freed all of it. How much of that the C library returns to the system is another matter.
    await expect
      .poll(async () => (await server.leastMemory()).external - idle.external)
      .toBeLessThan(FREED_BYTES);
    const { said, lost, wrong } = await bystanders.close();
    expect([said > 0, lost, wrong]).toEqual([true, 0, 0]);
  },
);
