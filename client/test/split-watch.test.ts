import { createRoom, landedFirst } from '@gochat/crypto/create';
import { invite } from '@gochat/crypto/handshake';
import { createIdentity, fingerprintOf } from '@gochat/crypto/identity';
import { inviteKeys } from '@gochat/crypto/invite';
import { join } from '@gochat/crypto/join';
import { receive } from '@gochat/crypto/receive';
import { membersOf, type Room } from '@gochat/crypto/room';
import { RoomError } from '@gochat/crypto/room-error';
import type { DownOf } from '@gochat/protocol/down';
import type { Position } from '@gochat/protocol/fields';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Connection } from '../src/net/connection.ts';
import { RequestError } from '../src/net/connection-errors.ts';
import { platform } from '../src/profile/platform.ts';
import type { RoomSession } from '../src/room/room-session.ts';
import { SplitWatch } from '../src/room/split-watch.ts';
import { Timers } from '../src/schedule/timers.ts';

const MEMBERS = 1000;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Ana's room in the epoch that ben has begun by joining, and what the server answers to `fetch`. */
async function joined() {
  const { room: pending } = await createRoom(
    createIdentity(platform),
    { room: 'kitchen', own: 'ana' },
    platform,
  );
  const created = landedFirst(pending, '1' as Position);
  const secret = platform.random(16);
  const { room: inviting, frame: adds } = await invite(created, secret, {}, platform);
  const { room: invited } = await receive(inviting, entry('2', adds.body), Date.now());
  const { id: room, context } = created;
  const link = { address: '', room, secret, founder: fingerprintOf(context.founder) };
  const { id } = inviteKeys(secret);
  const info = { groupInfo: adds.groupInfo, wrapped: adds.invites.find((one) => one.invite === id)?.wrapped };
  const invitation = { ...info, handshake: '2', invites: adds.invites } as unknown as DownOf<'groupinfo'>;
  const { frame } = await join(createIdentity(platform), 'ben', link, invitation, platform);
  const { room: followed } = await receive(invited, entry('3', frame.body), Date.now());
  return { room: followed, info: { handshake: '3', groupInfo: frame.groupInfo, invites: frame.invites } };
}

function entry(seq: string, body: string) {
  return { seq: seq as Position, kind: 'handshake', at: Date.now(), body } as const;
}

/** The same room as seen by one of 1,000 members who has no office and has made no invite. */
function plain(room: Room): Room {
  const { state } = room.context;
  if (state === 'newer') throw new Error('a new room');
  const invites = state.invites.map((one) => ({ ...one, by: '' }));
  const context = { ...room.context, state: { ...state, admins: [], invites } };
  const seen = { ...room, keys: { ...room.keys }, context };
  // The members of an epoch are computed once: from a tree that has ben's leaf often, as a room of 1,000 takes minutes to build.
  const [ana, , ben] = room.mls.ratchetTree;
  const ratchetTree = [ana, ...Array.from({ length: MEMBERS - 1 }, () => [undefined, ben]).flat()];
  expect(membersOf({ ...seen, mls: { ...room.mls, ratchetTree } })).toHaveLength(MEMBERS);
  return seen;
}

/** Members who receive the same entries. */
function crowd(room: Room, info: object) {
  const asked = { fetch: 0, refresh: 0 };
  let revision = 0;
  let unopened = 0;
  const nudges: (() => void)[] = [];
  const jobs: Promise<void>[] = [];
  const nudge = () => {
    for (const one of nudges) one();
  };
  const connection = {
    request: async ({ type }: { readonly type: 'fetch' | 'refresh' }) => {
      asked[type] += 1;
      if (type === 'fetch') return info;
      revision += 1;
      nudge();
      return {};
    },
  } as unknown as Connection;
  const env = { ...platform, now: () => Date.now() };
  for (let i = 0; i < MEMBERS; i++) {
    const session = {
      room,
      connection,
      isLive: true,
      isCutOff: false,
      get unopened() {
        return unopened;
      },
      get infoRevision() {
        return revision;
      },
    } as unknown as RoomSession;
    const own = () => {
      const job = watch.job()?.();
      if (job !== undefined) jobs.push(job.then(own));
    };
    const watch = new SplitWatch({
      session,
      env,
      timers: new Timers(),
      comeBack: async () => undefined,
      nudge: own,
    });
    nudges.push(own);
  }
  return {
    asked,
    /** A message comes that nobody can open. */
    garbage: async () => {
      unopened += 1;
      nudge();
      for (let ms = 0; ms < 2 * MINUTE_MS; ms += SECOND_MS) {
        await vi.advanceTimersByTimeAsync(SECOND_MS);
        for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await job;
      }
    },
  };
}

test('in a room of 1,000 members garbage makes few look, and none again in the same epoch', async () => {
  const { room, info } = await joined();
  const { asked, garbage } = crowd(plain(room), info);
  await garbage();
  const { fetch, refresh } = asked;
  process.stdout.write(`looks after garbage among ${MEMBERS} members: ${fetch}, refreshes: ${refresh}\n`);
  expect(refresh).toBeGreaterThan(0);
  expect(fetch).toBeLessThan(MEMBERS / 10);
  await garbage();
  await garbage();
  expect(asked).toEqual({ fetch, refresh });
});

test.each([
  ['change-unconfirmed', 2],
  ['banned', 1],
] as const)('a return that fails with %s is tried %i times in a minute', async (code, times) => {
  const { room } = await joined();
  const by = { device: '', identity: '', name: 'cai' };
  const split = { ...room, status: 'split', own: new Uint8Array(16), split: { by, alike: true } } as const;
  const session = { room: split, meta: {}, connection: {} } as unknown as RoomSession;
  let tries = 0;
  const run = () => {
    watch
      .job()?.()
      .catch(() => undefined);
  };
  const watch = new SplitWatch({
    session,
    env: { ...platform, now: () => Date.now() },
    timers: new Timers(),
    comeBack: async () => {
      tries += 1;
      throw new RoomError(code);
    },
    nudge: run,
  });
  run();
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(tries).toBe(times);
});

const fails = () => Promise.reject(new RequestError({ code: 'no-wrap', message: '' }));
const showsNothing = async () => ({ groupInfo: '', invites: [] });

test.each([
  ['active', 'fails', fails],
  ['active', 'shows nothing', showsNothing],
  ['rolled-back', 'fails', fails],
] as const)(
  '%s, with a retired key: a device looks again and again while a look %s',
  async (status, _, answer) => {
    const { room } = await joined();
    let looks = 0;
    const request = () => {
      looks += 1;
      return answer();
    };
    const dialled = { origin: '', nonce: '' };
    const session = {
      room: { ...room, status, own: new Uint8Array(16) },
      connection: { request, dialled },
      isCutOff: false,
    };
    const run = () => {
      const job = watch.job()?.();
      job?.catch(() => undefined).finally(run);
    };
    const watch = new SplitWatch({
      session: session as unknown as RoomSession,
      env: { ...platform, now: () => Date.now() },
      timers: new Timers(),
      comeBack: async () => undefined,
      nudge: run,
    });
    session.isCutOff = true;
    run();
    await vi.advanceTimersByTimeAsync(6 * MINUTE_MS);
    expect(looks).toBe(5);
    // Then less often.
    await vi.advanceTimersByTimeAsync(60 * MINUTE_MS);
    expect(looks).toBeGreaterThan(9);
    expect(looks).toBeLessThan(12);
  },
);
