import { RoomError } from '@gochat/crypto/room-error';
import { expect, test } from 'vitest';
import { ChatError } from '../src/api/chat-error.ts';
import { parseErrorData } from '../src/api/error-data.ts';
import { toChatError } from '../src/api/to-chat-error.ts';
import { DialError } from '../src/net/dial-error.ts';
import { CallFailed } from '../src/profile/guest.ts';

const failed = (code: string, data?: unknown) =>
  new CallFailed({ name: 'ChatError', message: '', code, data });

test('an error has the code of its reason, and a message without a sentence', () => {
  const error = new ChatError({ reason: 'room-ambiguous', name: 'tea', ids: ['a', 'b'] });
  expect(error).toMatchObject({
    code: 'ambiguous',
    message: 'room-ambiguous {"name":"tea","ids":["a","b"]}',
  });
});

test('an error that crosses the socket keeps its data', () => {
  const data = { reason: 'member-ambiguous', name: 'ben', members: [{ id: 'x', name: 'ben#1' }] } as const;
  const sent = JSON.parse(JSON.stringify(data)) as unknown;
  expect(toChatError(failed('ambiguous', sent))).toMatchObject({ code: 'ambiguous', data });
});

test.each([
  [undefined],
  [null],
  ['text'],
  [{}],
  [{ reason: 'from-the-future' }],
  [{ reason: 'toString' }],
  [{ reason: 'room-ambiguous', name: 'tea', ids: 'a' }],
  [{ reason: 'invite-lifetime' }],
])('an error with the data %j of another version keeps its code', (data) => {
  expect(parseErrorData(data)).toBeUndefined();
  expect(toChatError(failed('refused', data))).toMatchObject({
    code: 'refused',
    data: { reason: 'unknown' },
  });
});

test('data with unknown members loses them', () => {
  expect(parseErrorData({ reason: 'removed', extra: 1 })).toEqual({ reason: 'removed' });
});

test('an error of a lower layer gets a reason', () => {
  expect(toChatError(new RoomError('last-admin'))).toMatchObject({
    code: 'refused',
    data: { reason: 'last-admin' },
  });
  expect(toChatError(new DialError({ kind: 'refused', detail: 'ECONNREFUSED' }))).toMatchObject({
    code: 'offline',
    data: { reason: 'server-unreachable', failure: { kind: 'refused', detail: 'ECONNREFUSED' } },
  });
  expect(toChatError(new Error('disk full'))).toMatchObject({
    code: 'internal',
    data: { reason: 'failed', detail: 'disk full' },
  });
});
