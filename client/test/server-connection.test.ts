import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ChatError } from '../src/api/chat-error.ts';
import type { Connection } from '../src/net/connection.ts';
import { Disconnected } from '../src/net/connection-errors.ts';
import type { ConnectionFailure } from '../src/net/connection-failure.ts';
import { DialError } from '../src/net/dial-error.ts';
import { ServerConnection } from '../src/net/server-connection.ts';
import { platform } from '../src/profile/platform.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A server that answers every attempt by what `next` says. */
function server(next: ConnectionFailure | 'connects') {
  const attempts: number[] = [];
  const checks: string[] = [];
  const state = { next, lose: (_end: Disconnected): void => undefined };
  const connect = async () => {
    attempts.push(Date.now());
    if (state.next !== 'connects') throw new DialError(state.next);
    const closed = new Promise<Disconnected>((resolve) => {
      state.lose = resolve;
    });
    return {
      closed,
      onFrame: () => () => undefined,
      close: () => state.lose(new Disconnected({ kind: 'closed-here' })),
      check: () => void checks.push('checked'),
    } as unknown as Connection;
  };
  const env = { ...platform, now: () => Date.now() };
  return {
    connection: new ServerConnection('tls://chat.example:4040', connect, env),
    attempts,
    checks,
    state,
  };
}

/** How long `online` takes to fail, and why. */
async function failsAfter(connection: ServerConnection, waitMs: number) {
  const began = Date.now();
  let ended: { ms: number; failure: unknown } | undefined;
  connection.online(waitMs).catch((error: unknown) => {
    const { data } = error as ChatError;
    ended = { ms: Date.now() - began, failure: 'failure' in data ? data.failure?.kind : data.reason };
  });
  await vi.advanceTimersByTimeAsync(waitMs + 1);
  return ended;
}

describe('an attempt to reach a server', () => {
  test.each<[ConnectionFailure, number]>([
    [{ kind: 'no-host' }, 0],
    [{ kind: 'name-lookup' }, 0],
    [{ kind: 'tls' }, 0],
    [{ kind: 'certificate-self-signed' }, 0],
    [{ kind: 'certificate-untrusted' }, 0],
    [{ kind: 'certificate-expired' }, 0],
    [{ kind: 'certificate-other-host' }, 0],
    [{ kind: 'system', detail: 'CERT_NOT_YET_VALID' }, 0],
    [{ kind: 'system', detail: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' }, 0],
    [{ kind: 'http', status: 404 }, 0],
    [{ kind: 'http', status: 502 }, 3000],
    [{ kind: 'refused' }, 3000],
    [{ kind: 'reset' }, 3000],
    [{ kind: 'no-route' }, 3000],
    [{ kind: 'timeout', ms: 10_000 }, 30_000],
    [{ kind: 'browser' }, 30_000],
    [{ kind: 'system', detail: 'EMFILE' }, 30_000],
  ])('%j ends after %i ms', async (failure, ms) => {
    const { connection } = server(failure);
    expect(await failsAfter(connection, 30_000)).toEqual({ ms, failure: failure.kind });
    connection.close();
  });

  test('is made again for each request: an earlier failure decides nothing', async () => {
    const { connection, state } = server({ kind: 'certificate-expired' });
    expect(await failsAfter(connection, 30_000)).toMatchObject({ ms: 0 });
    state.next = 'connects';
    const online = connection.online(30_000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(connection.connection).toBe(await online);
    connection.close();
  });

  test('is continued for a server that was reached before: it may be restarting', async () => {
    const { connection, state } = server('connects');
    await connection.online(1000);
    state.next = { kind: 'refused' };
    state.lose(new Disconnected({ kind: 'lost' }));
    await vi.advanceTimersByTimeAsync(1000);
    expect(await failsAfter(connection, 30_000)).toEqual({ ms: 30_000, failure: 'refused' });
    connection.close();
  });
});

describe('when the device wakes or has a network again', () => {
  test('the next attempt is made at once, and later ones begin with short waits', async () => {
    const { connection, attempts } = server({ kind: 'no-route' });
    connection.start();
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    const before = attempts.length;
    connection.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(attempts.length).toBe(before + 1);
    expect(attempts.at(-1)).toBe(Date.now());
    await vi.advanceTimersByTimeAsync(250);
    expect(attempts.length).toBe(before + 2);
    connection.close();
  });

  test('an attempt that began before is followed by another at once', async () => {
    let fail: (error: Error) => void = () => undefined;
    let attempts = 0;
    const connect = () => {
      attempts += 1;
      return new Promise<Connection>((_, reject) => {
        fail = reject;
      });
    };
    const connection = new ServerConnection('tls://chat.example', connect, platform);
    connection.start();
    connection.wake();
    fail(new DialError({ kind: 'no-route' }));
    await vi.advanceTimersByTimeAsync(0);
    expect(attempts).toBe(2);
    connection.close();
  });

  test('an old connection is checked', async () => {
    const { connection, checks, attempts } = server('connects');
    await connection.online(1000);
    connection.wake();
    expect([checks, attempts.length]).toEqual([['checked'], 1]);
    connection.close();
  });

  test('the wait that a server asks for is kept', async () => {
    const { connection, attempts, state } = server('connects');
    await connection.online(1000);
    state.lose(new Disconnected({ kind: 'server-error' }, { code: 'restarting', retryAfterMs: 5000 }));
    await vi.advanceTimersByTimeAsync(0);
    connection.wake();
    await vi.advanceTimersByTimeAsync(4999);
    expect(attempts.length).toBe(1);
    await vi.advanceTimersByTimeAsync(5000);
    expect(attempts.length).toBe(2);
    connection.close();
  });
});

describe('a connection that must not be linked to others', () => {
  function unlinked() {
    const attempts: number[] = [];
    const connect = async () => {
      attempts.push(Date.now());
      throw new DialError({ kind: 'timeout' });
    };
    const state = { byte: 0 };
    const env = {
      ...platform,
      now: () => Date.now(),
      random: (length: number) => new Uint8Array(length).fill(state.byte),
    };
    const connection = new ServerConnection('tls://chat.example', connect, env, 120_000);
    onTestFinished(() => connection.close());
    return { connection, attempts, state };
  }

  test('waits a random time of up to two minutes before each attempt', async () => {
    const { connection, attempts, state } = unlinked();
    const began = Date.now();
    state.byte = 128;
    connection.start();
    await vi.advanceTimersByTimeAsync(59_999);
    expect(attempts).toEqual([]);
    state.byte = 255;
    // A millisecond more, as a timer may be too early by the clock.
    await vi.advanceTimersByTimeAsync(2);
    expect(attempts).toEqual([began + 60_001]);
    await vi.advanceTimersByTimeAsync(119_000);
    expect(attempts).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2000);
    expect(attempts).toHaveLength(2);
  });

  test('is made at once when somebody waits for it, but not when the device wakes', async () => {
    const { connection, attempts, state } = unlinked();
    state.byte = 255;
    connection.start();
    connection.wake();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(attempts).toEqual([]);
    connection.online(1000).catch(() => undefined);
    await vi.advanceTimersByTimeAsync(1);
    expect(attempts).toHaveLength(1);
  });
});
