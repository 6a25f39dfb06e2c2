import { createIdentity } from '@gochat/crypto/identity';

import type { FileId } from '@gochat/protocol/fields';
import { parseFilePass } from '@gochat/protocol/file-pass';
import { expect, onTestFinished, test, vi } from 'vitest';
import { FileDoor } from '../../src/files/file-door.ts';
import { FilePlace } from '../../src/files/file-place.ts';
import type { FileAnswer, FileRequest } from '../../src/files/transfer.ts';
import type { ServerConnection } from '../../src/net/server-connection.ts';
import { platform } from '../../src/profile/platform.ts';
import type { RoomSession } from '../../src/room/room-session.ts';
import { Condition } from '../../src/schedule/condition.ts';
import { Device, TestLog } from '../device.ts';

const id = 'F'.padEnd(22, 'A') as FileId;
const wanted = { verb: 'get', id } as const;
const request = { method: 'GET', path: `/files/${id}/0` } as const;

/** A door whose server answers by a list, the last answer over and over. @param asked called with each request */
async function door(
  answers: readonly (readonly [status: number, retryAfterMs: number])[],
  asked: (request: FileRequest, device: Device, changed: () => void) => void,
) {
  const device = await Device.founds(new TestLog(), createIdentity(platform), 'ana');
  await device.reads();
  const condition = new Condition();
  const changed = () => condition.changed();
  const left = [...answers];
  const transfer = {
    async ask(_server: string, _circuit: string | undefined, one: FileRequest): Promise<FileAnswer> {
      asked(one, device, changed);
      const [status, retryAfterMs] = (left.length > 1 ? left.shift() : left[0]) ?? [500, 0];
      return { status, retryAfterMs, body: new Uint8Array() };
    },
    close() {},
  };
  const session = {
    get room() {
      return device.room;
    },
    meta: { server: 'http://127.0.0.1:1' },
    condition,
  } as unknown as RoomSession;
  const connection = { serverNow: () => Date.now(), dialled: { origin: '127.0.0.1:1' } };
  const place = new FilePlace(
    () => Promise.reject(new Error('a door needs no cache')),
    async () => transfer,
  );
  return new FileDoor(session, { connection } as unknown as ServerConnection, place);
}

test.each([
  ['busy', 429],
  ['still counting its files', 503],
])('a server that is %s for a moment is asked again after it, five times in all', async (_what, status) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const began = Date.now();
  const at: number[] = [];
  const one = await door([[status, 2000]], () => at.push(Date.now() - began));
  const answered = one.ask(wanted, request);
  for (let tries = 1; tries < 5; tries += 1) {
    while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(2000);
  }
  expect(await answered).toMatchObject({ status, retryAfterMs: 2000 });
  expect(at).toEqual([0, 2000, 4000, 6000, 8000]);
});

test.each([
  ['a longer wait', 429, 3000],
  ['no time', 429, 0],
  ['a wait until it has space', 507, 1000],
])('a request is not held up by %s: whoever has asked waits', async (_what, status, retryAfterMs) => {
  let asked = 0;
  const one = await door([[status, retryAfterMs]], () => {
    asked += 1;
  });
  expect(await one.ask(wanted, request)).toMatchObject({ status, retryAfterMs });
  expect(asked).toBe(1);
});

test('a device whose key was retired waits for its next key, and asks again with a pass of that', async () => {
  const keys: string[] = [];
  const one = await door(
    [
      [403, 0],
      [200, 0],
    ],
    ({ authorization }, device, changed) => {
      keys.push(parseFilePass(authorization)?.key ?? 'no pass');
      // The handshake that retired the key arrives after the answer.
      if (keys.length === 1) void device.heals().then(changed);
    },
  );
  expect(await one.ask(wanted, request)).toMatchObject({ status: 200 });
  expect(keys).toEqual([expect.stringMatching(/^\d+$/), expect.stringMatching(/^\d+$/)]);
  expect(keys[0]).not.toBe(keys[1]);
});
