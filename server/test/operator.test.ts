import { expect, test } from 'vitest';
import { openMemory } from '../src/log/memory/open.ts';
import { enter, found, postFrame } from './member.ts';
import { startNode } from './node.ts';

const OPERATOR = { host: '127.0.0.1', port: 0 };

async function startTold(options: Parameters<typeof startNode>[0] = {}) {
  const node = await startNode({ operator: OPERATOR, ...options });
  const at = `http://127.0.0.1:${node.operatorPort}`;
  return { node, at, figures: async () => (await fetch(`${at}/metrics`)).text() };
}

/** The value of one metric, by its name and labels. */
function figure(text: string, name: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

test('the metrics count what the node does, and name no one', async () => {
  const { node, figures } = await startTold();
  const [peer, other] = [await node.peer(), await node.peer()];
  const { room, access } = await found(peer);
  for (const one of [peer, other]) {
    await enter(one, room, access);
    await one.next(({ type }) => type === 'live');
  }
  const post = postFrame(room, access.at, 'said once');
  await peer.ask(post);
  await other.next(({ type }) => type === 'entry');
  await peer.ask(post);
  await peer.ask(postFrame(room, '99' as typeof access.at, 'too far ahead'));
  const text = await figures();
  expect(figure(text, 'gochat_connections')).toBe(2);
  expect(figure(text, 'gochat_rooms')).toBe(1);
  expect(figure(text, 'gochat_rooms_live')).toBe(1);
  expect(figure(text, 'gochat_appends_total{kind="handshake"}')).toBe(1);
  expect(figure(text, 'gochat_appends_total{kind="message"}')).toBe(1);
  expect(figure(text, 'gochat_repeats_total')).toBe(1);
  expect(figure(text, 'gochat_deliveries_total')).toBe(2);
  expect(figure(text, 'gochat_delivered_bytes_total')).toBeGreaterThan(0);
  expect(figure(text, 'gochat_append_seconds_count{kind="message"}')).toBe(1);
  expect(figure(text, 'gochat_refusals_total{code="stale"}')).toBe(1);
  expect(figure(text, 'gochat_resident_bytes')).toBeGreaterThan(1e6);
  expect(text).not.toContain(room);
  expect(figure(text, 'gochat_unfinished_bytes')).toBe(0);
  other.rawBytes('{"type":"ping"');
  await expect.poll(async () => figure(await figures(), 'gochat_unfinished_bytes')).toBe(14);
  peer.raw('{"type":"nonsense"}');
  await peer.closed;
  await expect.poll(async () => figure(await figures(), 'gochat_connections')).toBe(1);
  expect(figure(await figures(), 'gochat_ended_total{code="malformed"}')).toBe(1);
});

test('both ports report whether the node runs and accepts writes', async () => {
  const engine = openMemory();
  const { node, at } = await startTold({ engine });
  const publicly = `http://127.0.0.1:${node.port}`;
  for (const base of [at, publicly]) {
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
  }
  await engine.close();
  for (const base of [at, publicly]) {
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    expect((await fetch(`${base}/readyz`)).status).toBe(503);
  }
});

test("metrics are served on the operator's port only, and that port serves nothing else", async () => {
  const { node, at } = await startTold();
  expect((await fetch(`http://127.0.0.1:${node.port}/metrics`)).status).toBe(404);
  expect((await fetch(`${at}/`)).status).toBe(404);
  expect((await fetch(`${at}/metrics`, { method: 'POST' })).status).toBe(405);
  expect((await fetch(`${at}/metrics`)).headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  await node.close();
  await expect(fetch(`${at}/metrics`)).rejects.toThrow();
  expect((await startNode()).operatorPort).toBeUndefined();
});
