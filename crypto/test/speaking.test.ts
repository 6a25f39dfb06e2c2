import { LIMITS } from '@gochat/protocol/limits';
import { expect, test } from 'vitest';
import { type RoomRules, rulesOf, serverRules } from '../src/room-rules.ts';
import type { RoomState } from '../src/room-state.ts';
import { maySay, type Role, roleOf, silenceOf } from '../src/speaking.ts';

const WHO: Readonly<Record<Role, string>> = {
  admin: 'ana',
  moderator: 'mia',
  speaker: 'sam',
  member: 'ben',
  observer: 'obi',
};
const ROLES = Object.keys(WHO) as Role[];
const STATE: RoomState = {
  v: 2,
  name: 'news',
  admins: ['ana'],
  mods: ['mia'],
  voices: ['sam'],
  mutes: ['obi'],
  invites: [],
};
const TEXT = { kind: 'text' } as const;

test('each identity has one role; a mute counts more than a voice', () => {
  expect(ROLES.map((role) => roleOf(STATE, WHO[role]))).toEqual(ROLES);
  expect(roleOf(STATE, 'nobody')).toBe('member');
  expect(roleOf({ ...STATE, mutes: ['obi', 'sam'] }, 'sam')).toBe('observer');
});

/** Who may write, by who may speak in the room. */
const MAY: Readonly<Record<RoomRules['speak'], readonly Role[]>> = {
  all: ['admin', 'moderator', 'speaker', 'member'],
  listed: ['admin', 'moderator', 'speaker'],
  staff: ['admin', 'moderator'],
};
const WHY = { all: 'muted', listed: 'not-listed', staff: 'staff-only' } as const;

test.each(['all', 'listed', 'staff'] as const)('%s may speak: the same in texts and edits', (speak) => {
  const state: RoomState = speak === 'all' ? STATE : { ...STATE, speak };
  for (const role of ROLES) {
    const reason = role === 'observer' ? 'muted' : WHY[speak];
    const expected = MAY[speak].includes(role) ? undefined : { reason };
    for (const kind of ['text', 'edit'])
      expect(maySay(state, WHO[role], { kind } as never, { at: 0 }), `${role} ${kind}`).toEqual(expected);
    expect(silenceOf(state, WHO[role])).toEqual(expected);
    for (const kind of ['react', 'delete', 'leave', 'pack', 'box'])
      expect(maySay(state, WHO[role], { kind } as never, { at: 0 }), `${role} ${kind}`).toBeUndefined();
  }
});

test('slow mode is exact, for all but admins and moderators, and not about edits', () => {
  const state: RoomState = { ...STATE, slow: 30 };
  const early = { at: 40_999, previousAt: 11_000 };
  for (const role of ['speaker', 'member'] as const) {
    expect(maySay(state, WHO[role], TEXT, early)).toEqual({ reason: 'slow', until: 41_000 });
    expect(maySay(state, WHO[role], TEXT, { ...early, at: 41_000 })).toBeUndefined();
    expect(maySay(state, WHO[role], { kind: 'edit' }, early)).toBeUndefined();
    expect(maySay(state, WHO[role], TEXT, { at: 40_999 })).toBeUndefined();
    expect(silenceOf(state, WHO[role])).toBeUndefined();
  }
  for (const role of ['admin', 'moderator'] as const)
    expect(maySay(state, WHO[role], TEXT, early)).toBeUndefined();
  expect(maySay(state, WHO.observer, TEXT, early)).toEqual({ reason: 'muted' });
});

test('the server is ordered limits, and a retention, that fit the rules of the room', () => {
  const few = { quietBytes: 4137, quietMs: 10_000 };
  expect(serverRules(STATE, 'key')).toEqual({ quietMs: 0 });
  expect(serverRules({ ...STATE, speak: 'listed' }, 'key')).toEqual({ voice: 'key', ...few });
  expect(serverRules({ ...STATE, speak: 'staff', slow: 60 }, 'key')).toEqual({ voice: 'key', ...few });
  expect(serverRules({ ...STATE, slow: 60 }, 'key')).toEqual({
    voice: 'key',
    quietBytes: LIMITS.messageBytes,
    quietMs: 60_000,
  });
  expect(serverRules({ ...STATE, expire: 3600 }, 'key')).toEqual({ quietMs: 0, retainMs: 7_200_000 });
  expect(rulesOf({ ...STATE, speak: 'staff', slow: 5, links: 'staff', expire: 9, history: 'all' })).toEqual({
    speak: 'staff',
    slow: 5,
    links: 'staff',
    expire: 9,
    history: 'all',
  });
  expect(rulesOf(STATE)).toEqual({ speak: 'all', links: 'all', history: 'none' });
});
