import { PassThrough } from 'node:stream';
import type { Profile } from '@gochat/client/open';
import { terminalEnglish } from '@gochat/view/terminal-words';
import { Words } from '@gochat/view/words';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { showConnecting } from '../src/connecting.ts';

const words = new Words('en-GB', terminalEnglish, 'UTC');

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What standard error shows of a request that takes this long. */
async function shown(ms: number, params: object, isTTY = true): Promise<string> {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const stderr = Object.assign(new PassThrough(), { isTTY });
  const profile = {
    call: () => new Promise((resolve) => setTimeout(resolve, ms)),
  } as unknown as Profile;
  const request = showConnecting({ stdin, stdout, stderr, env: {}, words }, profile).call(
    'sync',
    params as { room: string; waitMs: number },
  );
  await vi.advanceTimersByTimeAsync(ms);
  await request;
  return String((stderr.read() as Buffer | null) ?? '');
}

test('a request of more than half a second says on a terminal that it is connecting, until it ends', async () => {
  const room = { room: 'x', waitMs: 5000 };
  expect(await shown(501, room)).toBe('\r\u001b[2Kconnecting…\r\u001b[2K');
  expect(await shown(499, room)).toBe('');
  expect(await shown(5000, room, false)).toBe('');
  expect(await shown(5000, { room: 'x' })).toBe('');
});
