import { LIMITS } from '@gochat/protocol/limits';
import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import { describe, expect, test } from 'vitest';
import { bytes, newId } from './keys.ts';
import { follow, found, post, postFrame } from './member.ts';
import { startNode } from './node.ts';
import { type Over, Peer } from './peer.ts';

const hello = (more: object = {}) =>
  JSON.stringify({ type: 'hello', id: 'h', version: PROTOCOL_VERSION, origin: 'localhost:4040', ...more });

/** The reply to a connection's first frame. */
async function answerTo(port: number, text: string, over: Over = 'line') {
  const peer = await Peer.dial(port, over);
  peer.raw(text);
  const answer = await peer.next(() => true);
  return { peer, answer };
}

describe('hello', () => {
  test('is answered with a nonce of 16 bytes, a new one each time', async () => {
    const node = await startNode({ software: 'gochat 1.2.3' });
    const answers = await Promise.all([answerTo(node.port, hello()), answerTo(node.port, hello())]);
    const nonces = answers.map(({ answer }) => ('nonce' in answer ? answer.nonce : ''));
    expect(answers[0]?.answer).toMatchObject({
      type: 'welcome',
      id: 'h',
      version: PROTOCOL_VERSION,
      server: 'gochat 1.2.3',
      silenceMs: 90_000,
      now: expect.any(Number),
    });
    expect(nonces.map((nonce) => Buffer.from(nonce, 'base64url').length)).toEqual([16, 16]);
    expect(new Set(nonces).size).toBe(2);
  });

  test("is answered with the server's clock and how long it keeps messages", async () => {
    const node = await startNode({ now: () => 1_790_000_000_000.5, retainSec: 86_400 });
    const { answer } = await answerTo(node.port, hello({ features: ['of-another-version'] }));
    expect(answer).toMatchObject({ now: 1_790_000_000_000, retainMs: 86_400_000 });
    expect(answer).not.toHaveProperty('features');
  });

  test('announces features of which the server knows nothing, which changes nothing about its checks', async () => {
    const node = await startNode();
    const { peer, answer } = await answerTo(node.port, hello({ features: ['x', 'no-proofs'] }));
    expect(answer).toMatchObject({ type: 'welcome' });
    expect(answer).not.toHaveProperty('features');
    peer.raw(JSON.stringify({ type: 'ping', id: 'p', x: 1 }));
    expect(await peer.next((frame) => frame.type === 'error')).toMatchObject({ code: 'malformed' });
    await peer.closed;
    const other = await answerTo(node.port, hello({ features: ['x'] }));
    other.peer.raw(JSON.stringify({ type: 'x', id: 'p' }));
    expect(await other.peer.next((frame) => frame.type === 'error')).toMatchObject({ code: 'malformed' });
  });

  test('promises to keep no message if messages are deleted to save space', async () => {
    const node = await startNode({ retainSec: 86_400, hasQuotas: true });
    expect((await answerTo(node.port, hello())).answer).toMatchObject({ retainMs: 0 });
  });

  test.each([
    ['an older client', hello({ version: 1 }), 'upgrade the client'],
    ['a newer client', hello({ version: 3 }), 'upgrade the server'],
    ['a newer client whose hello has changed', hello({ version: 7, novelties: ['x'] }), 'upgrade the server'],
  ])('of %s names both versions and the side to upgrade', async (_, text, advice) => {
    const node = await startNode();
    const { peer, answer } = await answerTo(node.port, text);
    expect(answer).toMatchObject({
      type: 'error',
      code: 'version',
      message: expect.stringContaining(advice),
    });
    expect(answer).toMatchObject({ message: expect.stringMatching(/version 2,.*version [137]/) });
    await peer.closed;
  });

  test('for an unknown host name is refused (DNS rebinding)', async () => {
    const node = await startNode();
    for (const origin of [
      'evil.example',
      'evil.example:4040',
      'localhost.evil.example',
      '127.0.0.1.evil.example:80',
    ]) {
      const { peer, answer } = await answerTo(node.port, hello({ origin }));
      expect(answer).toMatchObject({ type: 'error', code: 'origin' });
      await peer.closed;
    }
  });

  test('must be sent first and only once', async () => {
    const node = await startNode();
    const early = await answerTo(node.port, JSON.stringify({ type: 'ping', id: 'p' }));
    expect(early.answer).toMatchObject({ type: 'error', id: 'p', code: 'hello-first' });
    await early.peer.closed;
    const peer = await node.peer('web');
    peer.raw(hello());
    expect(await peer.next((frame) => frame.type === 'error')).toMatchObject({
      code: 'hello-first',
      id: 'h',
    });
    await peer.closed;
  });
});

describe.each<Over>(['line', 'web'])('bad bytes over %s', (over) => {
  const bad: [string, string, string][] = [
    ['no JSON', '{no', 'malformed'],
    ['another type', '{"type":"telnet"}', 'malformed'],
    ['a field too many', '{"type":"ping","id":"a","x":1}', 'malformed'],
    [
      'a frame over the limit of its type',
      JSON.stringify({ type: 'ping', id: 'a', pad: 'x'.repeat(5000) }),
      'oversize',
    ],
    [
      'a post over its limit',
      JSON.stringify({ type: 'post', id: bytes(16), body: 'A'.repeat(120 * 1024) }),
      'oversize',
    ],
  ];

  test.each(bad)('%s ends the connection and affects no other', async (_, text, code) => {
    const node = await startNode();
    const [bystander, culprit] = [await node.peer(), await node.peer(over)];
    const { room, access } = await found(bystander);
    await follow(bystander, room, access);
    culprit.raw(text);
    // An oversize frame that is otherwise malformed may be called either.
    expect(await culprit.next((frame) => frame.type === 'error')).toMatchObject({
      code: over === 'web' ? expect.any(String) : code,
    });
    await culprit.closed;
    expect(await post(bystander, room, access.at, 'still here')).toMatchObject({ type: 'ack' });
  });

  test('frames after a bad frame are not handled', async () => {
    const node = await startNode();
    const [bystander, culprit] = [await node.peer(), await node.peer(over)];
    const { room, access } = await found(bystander);
    await follow(bystander, room, access);
    await follow(culprit, room, access);
    culprit.raw('{}');
    culprit.send(postFrame(room, access.at, 'too late'));
    await culprit.closed;
    await bystander.barrier();
    expect(bystander.of('entry').map((entry) => entry.kind)).toEqual(['handshake']);
  });
});

test('no frame before hello may be large', async () => {
  const node = await startNode();
  for (const over of ['line', 'web'] as const) {
    const { peer, answer } = await answerTo(
      node.port,
      JSON.stringify({ type: 'create', pad: 'x'.repeat(LIMITS.frameBytes.default) }),
      over,
    );
    expect(answer).toMatchObject({ type: 'error', code: 'oversize' });
    await peer.closed;
  }
});

test('a binary message, and a message over every limit, end a WebSocket', async () => {
  const node = await startNode();
  const peer = await node.peer('web');
  peer.raw('x'.repeat(4 * 1024 * 1024));
  await peer.closed;
  const other = await node.peer('web');
  other.rawBytes('{"type":"ping","id":"a"}');
  expect(await other.next((frame) => frame.type === 'error')).toMatchObject({ code: 'malformed' });
  await other.closed;
});

test('replies carry the id of their request', async () => {
  const node = await startNode();
  const peer = await node.peer();
  const ids = [newId(), newId()];
  const answers = await Promise.all(ids.map((id) => peer.ask({ type: 'ping', id })));
  expect(answers).toEqual(ids.map((id) => ({ type: 'pong', id })));
});
