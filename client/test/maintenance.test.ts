import { createRoom, landedFirst } from '@gochat/crypto/create';
import type { Started } from '@gochat/crypto/handshake';
import { createIdentity } from '@gochat/crypto/identity';
import { COMMIT_DATA, decodeCommitData } from '@gochat/crypto/internal/commit-data';
import type { Room } from '@gochat/crypto/room';
import { encodeBytes } from '@gochat/protocol/encoding';
import type { InviteId, Position } from '@gochat/protocol/fields';
import { LIMITS } from '@gochat/protocol/limits';
import { expect, test } from 'vitest';
import { platform } from '../src/profile/platform.ts';
import { RoomMaintenance } from '../src/room/room-maintenance.ts';
import type { RoomSession } from '../src/room/room-session.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A clock that the test sets. */
function clockedEnv() {
  let now = 1_700_000_000_000;
  return {
    now: () => now,
    random: (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)),
    passes: (ms: number) => {
      now += ms;
    },
  };
}

/**
 * A founder's maintenance in a room that is live, until its first change.
 * @returns what the change was, once there is one
 */
async function founder(differs: (room: Room) => Partial<Room>) {
  const env = clockedEnv();
  const { room: pending } = await createRoom(createIdentity(env), { room: 'kitchen', own: 'ana' }, env);
  const created = landedFirst(pending, '1' as Position);
  const room = { ...created, ...differs(created) };
  let isLive = true;
  let retirements = 0;
  let working: Promise<Started> | undefined;
  let last: ((room: Room) => Promise<Started>) | undefined;
  let changed: (started: Started) => void;
  const change = new Promise<Started>((resolve) => {
    changed = resolve;
  });
  let changes = 0;
  const session = {
    room,
    meta: { leaving: [] },
    get isLive() {
      return isLive;
    },
    change: async (make: (room: Room) => Promise<Started>) => {
      isLive = false;
      changes++;
      last = make;
      working = make(session.room);
      const started = await working;
      if (started.frame.order?.retire) retirements++;
      changed(started);
    },
  };
  const maintenance = new RoomMaintenance(session as unknown as RoomSession, env, async () => undefined);
  maintenance.nudge();
  return {
    change,
    /** How many changes there were. */
    changes: () => changes,
    /** What the last change makes of a room that has changed meanwhile. */
    sees: async (differs: (room: Room) => Room) => last?.(differs(room)),
    /** The last change is in the log, and there is the same reason for another one. @returns how many have retired the access keys */
    ends: async () => {
      const before = retirements;
      await working;
      await new Promise((resolve) => setImmediate(resolve));
      const at = retirements > before ? env.now() : session.room.retirement.at;
      session.room = { ...session.room, retirement: { ...session.room.retirement, at } };
      isLive = true;
      return retirements;
    },
    after: (ms: number) => {
      env.passes(ms);
      maintenance.nudge();
    },
    close: () => maintenance.close(),
  };
}

function dataOf({ room }: Started) {
  return [...(decodeCommitData(room.pending?.data ?? new Uint8Array())?.keys() ?? [])];
}

test('a room without an own invite gets one, after one to five minutes', async () => {
  const { change, changes, after } = await founder(() => ({}));
  after(59_000);
  expect(changes()).toBe(0);
  after(4 * MINUTE_MS + 1000);
  const { frame, room } = await change;
  expect(room.pending?.intent).toBe('state');
  expect(frame.invites).toHaveLength(1);
});

test('a room that has no place for an own invite gets no commits in vain', async () => {
  const { changes, after } = await founder((room) => {
    if (room.context.state === 'newer') throw new Error('a new room');
    // Of somebody else, who is the only admin: this device has nothing else to do.
    const by = encodeBytes(createIdentity(platform).identity.publicKey);
    const invites = Array.from({ length: LIMITS.invitesPerRoom }, (_, i) => {
      return { id: `${'A'.repeat(20)}${10 + i}` as InviteId, join: by, wrap: by, epoch: 0, by };
    });
    return { context: { ...room.context, state: { ...room.context.state, admins: [by], invites } } };
  });
  after(6 * MINUTE_MS);
  after(6 * MINUTE_MS);
  expect(changes()).toBe(0);
});

test('the inviter gives a new member the secret of the own invite one to two minutes after the join', async () => {
  const { change, changes, after } = await founder((room) => {
    const own = new Uint8Array(16);
    if (room.context.state === 'newer') throw new Error('a new room');
    const [inviter = ''] = room.context.state.admins;
    const invite = { id: 'A'.repeat(22) as InviteId, join: inviter, wrap: inviter, epoch: 0, by: inviter };
    const state = { ...room.context.state, invites: [{ ...invite, own: true as const }] };
    return { own, newcomer: { inviter }, context: { ...room.context, state } };
  });
  after(59_000);
  expect(changes()).toBe(0);
  after(MINUTE_MS + 1000);
  const started = await change;
  expect(started.room.pending?.intent).toBe('heal');
  expect(dataOf(started)).toContain(COMMIT_DATA.ownInvite);
});

test.each([
  ['asked', 'state'],
  ['removed-device', 'heal'],
  ['former-admin', 'heal'],
] as const)(
  'access keys that are due for retirement (%s) are retired within three seconds',
  async (due, intent) => {
    const { change, after } = await founder(({ retirement }) => ({ retirement: { ...retirement, due } }));
    after(3000);
    const started = await change;
    expect(started.room.pending?.intent).toBe(intent);
    expect(started.frame.order?.retire).toBe(true);
    expect(dataOf(started)).toContain(COMMIT_DATA.retire);
  },
);

test('a refused join retires the access keys once in ten minutes', async () => {
  const { change, changes, after } = await founder(({ retirement }) => ({
    retirement: { ...retirement, due: 'refused-join' },
    own: new Uint8Array(16),
  }));
  after(3000);
  expect(changes()).toBe(0);
  after(57_000 - 3000);
  expect(changes()).toBe(0);
  after(10 * MINUTE_MS);
  after(3000);
  await change;
  expect(changes()).toBe(1);
});

test.each([
  [true, true],
  [false, undefined],
])(
  'the daily heal of an admin retires the access keys if a member has healed since: %s',
  async (healed, retire) => {
    const { change, after, close } = await founder(({ retirement }) => ({
      retirement: { ...retirement, healed },
    }));
    after(49 * HOUR_MS);
    const { frame, room } = await change;
    close();
    expect(room.pending?.intent).toBe('heal');
    expect(frame.order?.retire).toBe(retire);
    expect(frame.order?.admins).toHaveLength(1);
  },
);

test('a gap in the messages of a member is ended by one heal, after a random wait', async () => {
  const { change, changes, after, sees } = await founder(() => ({ wantsHeal: 'hole' }));
  expect(changes()).toBe(0);
  after(3000);
  expect((await change).room.pending?.intent).toBe('heal');
  // Another member was first.
  await expect(sees((room) => ({ ...room, wantsHeal: undefined }))).rejects.toThrow();
});

test.each(['asked', 'removed-device', 'former-admin'] as const)(
  'whoever causes a retirement (%s) again and again waits for the next for ten minutes each',
  async (due) => {
    const { after, ends } = await founder(({ retirement }) => ({ retirement: { ...retirement, due } }));
    const counts: number[] = [];
    for (let n = 0; n < 10; n++) {
      after(3000);
      counts.push(await ends());
      after(3000);
    }
    expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (let minute = 0; minute < 9; minute++) {
      after(MINUTE_MS);
      expect(await ends()).toBe(10);
    }
    after(2 * MINUTE_MS);
    await ends();
    after(3000);
    expect(await ends()).toBe(11);
  },
);
