import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { claimProfile } from '../../src/profile/claim.ts';
import { CallFailed, OwnerGone } from '../../src/profile/guest.ts';
import type { Handler, Visitor } from '../../src/profile/host.ts';
import { OWNER_LIMITS } from '../../src/profile/limits.ts';
import type { Guest, Owner } from '../../src/profile/roles.ts';
import { temporaryFolder } from '../folder.ts';

async function pair(handler?: Handler): Promise<{ dir: string; owner: Owner; guest: Guest }> {
  const dir = temporaryFolder();
  const owner = await claimProfile(dir);
  const guest = await claimProfile(dir);
  if (owner.role !== 'owner' || guest.role !== 'guest') throw new Error('the wrong way round');
  onTestFinished(() => owner.release());
  onTestFinished(() => guest.close());
  if (handler) owner.serve(handler);
  return { dir, owner, guest };
}

const failure = (code: string, remoteName?: string) =>
  expect.objectContaining({ name: 'CallFailed', code, ...(remoteName && { remoteName }) });

test('answers come to the calls they belong to, in any order', async () => {
  const waiting: (() => void)[] = [];
  const { guest } = await pair(async (method, params) => {
    if (method === 'later') await new Promise<void>((resolve) => waiting.push(resolve));
    for (const go of method === 'now' ? waiting : []) go();
    return { method, params };
  });
  const later = guest.call('later', [1, 'zwei', null]);
  expect(await guest.call('now', undefined)).toEqual({ method: 'now' });
  expect(await later).toEqual({ method: 'later', params: [1, 'zwei', null] });
});

test('calls made before the owner serves are answered when it does', async () => {
  const { owner, guest } = await pair();
  const answers = Promise.all([guest.call('a', 1), guest.call('b', 2)]);
  owner.serve(async (method) => method);
  expect(await answers).toEqual(['a', 'b']);
  expect(() => owner.serve(async () => null)).toThrow('already');
});

test('what a handler throws arrives as name, message and code', async () => {
  const { guest } = await pair(async (method) => {
    if (method === 'coded') throw Object.assign(new RangeError('too far'), { code: 'far' });
    return Promise.reject('bare');
  });
  await expect(guest.call('coded', null)).rejects.toEqual(failure('far', 'RangeError'));
  await expect(guest.call('coded', null)).rejects.toThrow('too far');
  await expect(guest.call('bare', null)).rejects.toThrow(CallFailed);
});

test('large answers arrive whole; too large ones, and values that are not JSON, are refused on both sides', async () => {
  const loop: { self?: unknown } = {};
  loop.self = loop;
  const { guest } = await pair(async (method, params) => {
    if (method === 'loop') return loop;
    return 'ä'.repeat(Number(params));
  });
  expect(await guest.call('text', 3_000_000)).toHaveLength(3_000_000);
  await expect(guest.call('text', OWNER_LIMITS.messageBytes)).rejects.toEqual(failure('unfit'));
  await expect(guest.call('loop', null)).rejects.toEqual(failure('unfit'));
  await expect(guest.call('x', loop)).rejects.toEqual(failure('unfit'));
  await expect(guest.call('x', 'x'.repeat(OWNER_LIMITS.messageBytes))).rejects.toEqual(failure('unfit'));
  expect(await guest.call('text', 2)).toBe('ää');
});

test('events reach listeners in order, and the owner notices a guest that left', async () => {
  let visitor: Visitor | undefined;
  const { guest } = await pair(async (_method, _params, from) => {
    visitor = from;
    return from.emit('first', { n: 1 }) && from.emit('second', null);
  });
  const events: unknown[] = [];
  const stop = guest.onEvent((event, data) => events.push([event, data]));
  expect(await guest.call('subscribe', null)).toBe(true);
  expect(events).toEqual([
    ['first', { n: 1 }],
    ['second', null],
  ]);
  stop();
  await guest.call('subscribe', null);
  expect(events).toHaveLength(2);
  const left = visitor && once(visitor.left, 'abort');
  guest.close();
  await left;
  expect(visitor?.emit('third', null)).toBe(false);
  await guest.closed;
  await expect(guest.call('x', null)).rejects.toThrow(OwnerGone);
});

test('only a guest that reads nothing is disconnected', async () => {
  let flooded: Visitor | undefined;
  const { dir, guest } = await pair(async (method, _params, visitor) => {
    if (method === 'flood') flooded = visitor;
    return method;
  });
  const [door = ''] = readdirSync(dir).filter((name) => name.endsWith('.sock'));
  const deaf = connect(join(dir, door));
  deaf.on('error', () => undefined);
  onTestFinished(() => void deaf.destroy());
  deaf.write('{"type":"call","id":1,"method":"flood"}\n');
  while (flooded === undefined) await guest.call('look', null);
  const megabyte = 'x'.repeat(1 << 20);
  let sent = 0;
  while (flooded.emit('x', megabyte)) sent += 1;
  expect(sent).toBeLessThanOrEqual(OWNER_LIMITS.queuedBytes / (1 << 20) + 2);
  expect(await guest.call('still here', null)).toBe('still here');
});

test('bytes that are not a call end only their sender’s connection', async () => {
  const { dir, guest } = await pair(async (method) => method);
  const [door = ''] = readdirSync(dir).filter((name) => name.endsWith('.sock'));
  const noise = [
    'not json\n',
    '{"type":"call","id":-1,"method":"x"}\n',
    '{"type":"result","id":1}\n',
    Buffer.of(0xff, 0x0a),
    'x'.repeat(5000),
  ];
  for (const bytes of noise) {
    const stranger = connect(join(dir, door));
    stranger.on('error', () => undefined);
    stranger.resume();
    stranger.write(bytes);
    await once(stranger, 'close');
  }
  expect(await guest.call('fine', null)).toBe('fine');
});

test('too many calls at once are refused, not kept', async () => {
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const { guest } = await pair(() => finished);
  const calls = Array.from({ length: OWNER_LIMITS.callsInFlight }, () => guest.call('wait', null));
  await expect(guest.call('one more', null)).rejects.toEqual(failure('busy'));
  finish();
  await Promise.all(calls);
  await guest.call('again', null);
});
