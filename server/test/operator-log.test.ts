import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import { expect, test } from 'vitest';
import { openOperatorLog } from '../src/operate/operator-log.ts';
import { KeyPair, newRoomId } from './keys.ts';
import {
  commit,
  createFrame,
  enterFrame,
  follow,
  found,
  grantOf,
  invitationFrame,
  joinFrame,
  newTicket,
  post,
  postFrame,
} from './member.ts';
import { startNode } from './node.ts';
import { Peer } from './peer.ts';

function openLog(more: Partial<Parameters<typeof openOperatorLog>[0]> = {}) {
  const lines: string[] = [];
  const out = { write: (text: string) => lines.push(...text.trimEnd().split('\n')) };
  return {
    lines,
    ...openOperatorLog({ format: 'pretty', level: 'info', showsMessages: true, out, ...more }),
  };
}

test.each(['pretty', 'json'] as const)(
  'the operator sees the ciphertext of a message and how many connections got it, %s',
  async (format) => {
    const { lines, logger, observer } = openLog({ format });
    const node = await startNode({ logger, ...(observer === undefined ? {} : { observer }) });
    const [ada, bob] = [await node.peer(), await node.peer('web')];
    const { room, access } = await found(ada);
    for (const peer of [ada, bob]) await follow(peer, room, access);
    const ack = await post(ada, room, access.at, 'x'.repeat(100));
    await bob.next((frame) => frame.type === 'entry' && frame.kind === 'message');
    const seq = 'seq' in ack ? ack.seq : '';
    const shortened = (chars: number) =>
      `${Buffer.from('x'.repeat(100)).toString('base64url').slice(0, chars)}…`;
    const line = lines.at(-1) ?? '';
    if (format === 'pretty') {
      expect(line).toMatch(/^\d\d:\d\d:\d\d message /);
      expect(line).toContain(
        ` ${room.slice(0, 8)} ${seq}  ${shortened(24)}  100 bytes, broadcast to 2 connections`,
      );
    } else {
      expect(JSON.parse(line)).toMatchObject({
        level: 'info',
        msg: 'broadcast to 2 connections',
        room,
        seq,
        kind: 'message',
        bytes: 100,
        ciphertext: shortened(40),
        connections: 2,
      });
    }
  },
);

test('messages are logged only if requested', () => {
  expect(openLog({ showsMessages: false }).observer).toBeUndefined();
  expect(openLog({ level: 'warn' }).observer).toBeUndefined();
  expect(openLog().observer).toBeDefined();
});

test('an error is one line followed by its cause', () => {
  const { lines, logger } = openLog();
  logger.error({ err: new Error('no disk') }, 'a request failed');
  logger.info({ connections: 3 }, 'stopping');
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d error: a request failed$/);
  expect(lines[1]).toBe('Error: no disk');
  expect(lines.at(-1)).toMatch(/^\d\d:\d\d:\d\d stopping connections=3$/);
});

test.each(['debug', 'info'] as const)(
  'at %s the log contains no secret, and addresses only at debug',
  async (level) => {
    const { lines, logger, observer } = openLog({ format: 'json', level });
    const node = await startNode({ logger, ...(observer === undefined ? {} : { observer }) });
    const secrets: string[] = [];
    const dialled = async (over: 'line' | 'web') => {
      const peer = await node.peer(over);
      secrets.push(peer.nonce);
      return peer;
    };
    const [ada, bob] = [await dialled('line'), await dialled('web')];
    const ticket = newTicket();
    const { room, admin, access } = await found(ada, [grantOf(ticket, { uses: 2 })]);
    await follow(ada, room, access);
    const ask = async (peer: Peer, frame: Parameters<Peer['ask']>[0]) => {
      for (const name of ['proof', 'nonce', 'access', 'groupInfo', 'member', 'body', 'id'] as const) {
        const value = name in frame ? (frame as unknown as Record<string, unknown>)[name] : undefined;
        if (typeof value === 'string' && value.length > 12) secrets.push(value);
      }
      return peer.ask(frame);
    };
    const long = postFrame(room, access.at, `plain ${'and long '.repeat(20)}`);
    await ask(ada, enterFrame(ada, room, access));
    await ask(ada, long);
    await ask(ada, { ...enterFrame(ada, room, access), key: '99' as typeof access.at });
    await ask(ada, createFrame(newRoomId(), new KeyPair(), new KeyPair()));
    const info = await bob.ask<'groupinfo'>(invitationFrame(bob, room, ticket));
    await ask(bob, invitationFrame(bob, room, { ...ticket, keys: new KeyPair() }));
    await ask(bob, joinFrame(bob, room, ticket, info, new KeyPair()));
    secrets.push(ticket.keys.public, ticket.invite, admin.public);
    await commit(ada, room, { after: bob.of('ack').at(-1)?.seq ?? access.at, by: access });
    ada.raw('{"type":"post","body":"malformed-secret"}');
    await ada.closed;
    const strange = await Peer.dial(node.port);
    strange.raw(`{"type":"hello","id":"h","version":${PROTOCOL_VERSION},"origin":"evil.example"}`);
    await strange.closed;
    await node.close();
    const text = lines.join('\n');
    expect(text).toContain('stopping');
    // The shortened body is the operator's observer; the whole one isn't.
    for (const secret of secrets.filter((value) => value.length > 40 || value !== long.id))
      expect(text).not.toContain(secret);
    for (const plain of ['malformed-secret', 'evil.example']) expect(text).not.toContain(plain);
    expect(text.includes('127.0.0.1')).toBe(level === 'debug');
  },
);

test.each(['pretty', 'json'] as const)('a node of several says its number, %s', (format) => {
  const { lines, logger } = openLog({ format, node: 3 });
  logger.info('stopping');
  expect(lines.join()).toMatch(format === 'json' ? /"node":3,/ : / stopping node=3$/);
});
