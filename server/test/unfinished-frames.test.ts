import { expect, test } from 'vitest';
import { addressOf } from '../src/net/address.ts';
import { TimerWheel } from '../src/net/timer-wheel.ts';
import { SERVER_LIMITS } from '../src/operate/limits.ts';
import { type FrameReader, UnfinishedFrames } from '../src/session/unfinished-frames.ts';
import { newId } from './keys.ts';
import { startNode } from './node.ts';
import { Peer } from './peer.ts';

const KB = 1000;

class Reader implements FrameReader {
  readonly address;
  waits = false;
  slow = false;
  readonly inside: boolean;
  constructor(ip: string, inside = true) {
    this.address = addressOf(ip);
    this.inside = inside;
  }
  waitForMemory(on: boolean): void {
    this.waits = on;
  }
  tooSlow(): void {
    this.slow = true;
  }
}

function frames(unfinishedBytes = 800 * KB) {
  const clock = { now: 1_700_000_000_000 };
  const now = () => clock.now;
  const timers = new TimerWheel(now, 60_000);
  const kept = new UnfinishedFrames({ ...SERVER_LIMITS, unfinishedBytes }, timers, now);
  return { clock, kept };
}

test('large frames wait while all memory is used, and go on when some is free', () => {
  const { kept } = frames();
  const readers = Array.from({ length: 9 }, (_, i) => new Reader(`192.0.2.${i}`));
  for (const reader of readers) kept.update(reader, 99 * KB);
  expect(readers.map(({ waits }) => waits)).toEqual([...Array(8).fill(false), true]);
  // A small frame never waits.
  const small = new Reader('192.0.2.100');
  kept.update(small, 60 * KB);
  expect(small.waits).toBe(false);
  kept.update(small, 64 * 1024);
  expect(small.waits).toBe(true);
  kept.update(readers[0] as Reader, 0);
  expect(readers[8]?.waits).toBe(true);
  kept.forget(readers[1] as Reader);
  expect(readers[8]?.waits).toBe(false);
  for (const reader of [...readers, small]) kept.forget(reader);
  expect(kept.bytes).toBe(0);
});

test('one address has an eighth, unless it is loopback', () => {
  const { kept } = frames();
  const [one, two, local] = [new Reader('192.0.2.1'), new Reader('192.0.2.1'), new Reader('127.0.0.1')];
  kept.update(one, 70 * KB);
  kept.update(two, 70 * KB);
  kept.update(local, 200 * KB);
  expect([one.waits, two.waits, local.waits]).toEqual([false, true, false]);
  kept.forget(one);
  expect(two.waits).toBe(false);
});

test('connections that are in no room have half', () => {
  const { kept } = frames();
  const outside = Array.from({ length: 5 }, (_, i) => new Reader(`192.0.2.${i}`, false));
  for (const reader of outside) kept.update(reader, 90 * KB);
  const inside = new Reader('192.0.2.9');
  kept.update(inside, 90 * KB);
  expect([...outside, inside].map(({ waits }) => waits)).toEqual([false, false, false, false, true, false]);
});

test('a frame that hardly grows, or that takes too long, ends its connection', () => {
  const { clock, kept } = frames(SERVER_LIMITS.unfinishedBytes);
  const [stalled, steady, whole] = [
    new Reader('192.0.2.1'),
    new Reader('192.0.2.2'),
    new Reader('192.0.2.3'),
  ];
  expect(kept.due()).toBe(Number.POSITIVE_INFINITY);
  kept.update(stalled, 1);
  kept.update(whole, 1);
  kept.update(whole, 0);
  let bytes = 1;
  const grows = () => {
    clock.now = kept.due();
    bytes += 17 * 1024;
    kept.update(steady, bytes);
    kept.expire();
  };
  grows();
  // It had not been there for ten seconds.
  expect(stalled.slow).toBe(false);
  grows();
  expect([stalled.slow, steady.slow, whole.slow]).toEqual([true, false, false]);
  kept.forget(stalled);
  for (let minutes = 0; minutes < 10; minutes += 1) for (let i = 0; i < 6; i += 1) grows();
  expect([steady.slow, whole.slow]).toEqual([true, false]);
  kept.forget(steady);
  clock.now = kept.due();
  kept.expire();
  expect(kept.due()).toBe(Number.POSITIVE_INFINITY);
});

test('the next frame is not taken for more of the one before', () => {
  const { clock, kept } = frames(SERVER_LIMITS.unfinishedBytes);
  const reader = new Reader('192.0.2.1');
  for (let bytes = 50 * KB; bytes > 0; bytes -= KB) {
    kept.update(reader, bytes);
    clock.now = kept.due();
    kept.expire();
    expect(kept.bytes).toBe(bytes);
  }
  expect(reader.slow).toBe(false);
});

test.each(['line', 'web'] as const)('over %s, an unfinished hello is cut', async (over) => {
  const node = await startNode();
  const peer = await Peer.dial(node.port, over);
  const part = `{"type":"hello","id":"${'a'.repeat(9_000)}`;
  if (over === 'line') peer.rawBytes(part);
  else peer.webSocket?.send(part, { fin: false });
  expect(await peer.next((frame) => frame.type === 'error')).toMatchObject({ code: 'oversize' });
  await peer.closed;
});

test.each(['line', 'web'] as const)(
  'over %s, a large frame waits for the memory that another holds',
  async (over) => {
    const node = await startNode({ limits: { unfinishedBytes: 700_000 } });
    const part = '{"type":"create","id":"';
    const begin = (peer: Peer, length: number) => {
      const bytes = part + 'a'.repeat(length);
      if (over === 'line') peer.rawBytes(bytes);
      else peer.webSocket?.send(bytes, { fin: false });
    };
    const end = (peer: Peer) => {
      if (over === 'line') peer.rawBytes('a\n');
      else peer.webSocket?.send('a', { fin: true });
    };
    const [first, second, other] = [await node.peer(over), await node.peer(over), await node.peer()];
    begin(first, 200_000);
    await other.barrier();
    begin(second, 300_000);
    end(second);
    for (let i = 0; i < 20; i += 1) await other.barrier();
    // They are in no room, and want more than half.
    expect(second.frames.filter((frame) => frame.type === 'error')).toEqual([]);
    end(first);
    expect(await first.next((frame) => frame.type === 'error')).toMatchObject({ code: 'malformed' });
    expect(await second.next((frame) => frame.type === 'error')).toMatchObject({ code: 'malformed' });
  },
);

test('a message comes in 512 parts at most', async () => {
  const node = await startNode();
  const [peer, other] = [await node.peer('web'), await node.peer('web')];
  const sends = (to: Peer, parts: number) => {
    to.webSocket?.send('{"type":"create","id":"', { fin: false });
    for (let i = 2; i < parts; i += 1) to.webSocket?.send('a', { fin: false });
    to.webSocket?.send('"}', { fin: true });
  };
  sends(peer, 512);
  expect(await peer.next((frame) => frame.type === 'error')).toMatchObject({ code: 'malformed' });
  sends(other, 513);
  const code = new Promise((resolve) => other.webSocket?.once('close', resolve));
  expect(await code).toBe(1008);
  expect(other.frames.filter((frame) => frame.type === 'error')).toEqual([]);
});

test('what the WebSocket library needs to keep small chunks is counted', async () => {
  const node = await startNode({ operator: { host: '127.0.0.1', port: 0 } });
  const [peer, other] = [await node.peer('web'), await node.peer()];
  peer.webSocket?.send('{"type":"ping",', { fin: false });
  for (let i = 0; i < 300; i += 1) {
    peer.webSocket?.send(' ', { fin: false });
    await other.barrier();
  }
  const metrics = await (await fetch(`http://127.0.0.1:${node.operatorPort}/metrics`)).text();
  expect(Number(/^gochat_unfinished_bytes (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(50_000);
  peer.webSocket?.send(`"id":"${newId()}"}`, { fin: true });
  expect(await peer.next((frame) => frame.type === 'pong')).toBeDefined();
});

test('pings between the parts of a message do not count as parts', async () => {
  const node = await startNode({ limits: { unfinishedBytes: 100_000 } });
  const peer = await node.peer('web');
  // Together they are larger than any frame may be without memory.
  for (let i = 0; i < 1_000; i += 1) {
    const answered = new Promise((resolve) => peer.webSocket?.once('pong', resolve));
    peer.webSocket?.ping('a'.repeat(125));
    await answered;
  }
  peer.webSocket?.send('{"type":"ping",', { fin: false });
  peer.webSocket?.ping();
  peer.webSocket?.send(`"id":"${newId()}"}`, { fin: true });
  expect(await peer.next((frame) => frame.type === 'pong')).toBeDefined();
});
