import { encodeBytes } from '@gochat/protocol/encoding';
import { encodeCommitData } from '../../src/commit-data.ts';
import { HANDED, handOver } from '../../src/hand-over.ts';
import { fingerprintOf } from '../../src/identity.ts';
import { signingKey } from '../../src/primitives.ts';
import { type Member, membersOf, OFFICE_KEYS, type Room } from '../../src/room.ts';
import type { RoomState } from '../../src/room-state.ts';
import { commits, stating } from '../hostile.ts';
import type { Fuzz } from './fuzz.ts';
import type { Device } from './model.ts';
import { crafts, type Operation } from './operations.ts';

/** What somebody takes beyond its office. Undefined where there is nobody whom it could be done to. */
type Taking = (
  state: RoomState,
  who: { readonly me: Member; readonly admin: Member | undefined; readonly other: Member | undefined },
) => RoomState | undefined;

const fingerprintOfMember = ({ identity }: Member) =>
  encodeBytes(fingerprintOf(Buffer.from(identity, 'base64url')));

/** What neither moderators nor members may change. */
const BEYOND_STAFF: Readonly<Record<string, Taking>> = {
  'takes the office of an admin': (state, { me }) => ({
    ...state,
    admins: [...state.admins, me.identity].sort(),
    mods: state.mods?.filter((one) => one !== me.identity),
  }),
  'deposes the admins': (state, { me }) => ({ ...state, admins: [me.identity], mods: undefined }),
  'makes a moderator': (state, { other }) =>
    other && { ...state, mods: [...(state.mods ?? []), other.identity].sort() },
  'gives itself a voice': (state, { me }) => ({ ...state, voices: [me.identity] }),
  'mutes an admin': (state, { admin }) =>
    admin && { ...state, mutes: [...(state.mutes ?? []), admin.identity].sort() },
  'bans an admin': (state, { admin }) =>
    admin && { ...state, bans: [...(state.bans ?? []), fingerprintOfMember(admin)].sort() },
  'says who may speak': (state) => ({ ...state, speak: state.speak === 'staff' ? undefined : 'staff' }),
  'sets slow mode': (state) => ({ ...state, slow: (state.slow ?? 0) + 10 }),
  'lets messages disappear': (state) => ({ ...state, expire: (state.expire ?? 0) + 10 }),
  'says who may invite': (state) => ({ ...state, links: state.links === undefined ? 'staff' : undefined }),
  'opens the history': (state) => ({ ...state, history: state.history === 'all' ? undefined : 'all' }),
  'renames the room': (state) => ({ ...state, name: `${state.name}!`.slice(-40) }),
  'forgets a removal': (state) => ({ ...state, lastRemoveEpoch: (state.lastRemoveEpoch ?? 0) + 1 }),
};

/** What members may not change either. */
const BEYOND_MEMBERS: Readonly<Record<string, Taking>> = {
  ...BEYOND_STAFF,
  'lifts a ban': (state) => (state.bans === undefined ? undefined : { ...state, bans: undefined }),
  'pins a message': (state) => ({ ...state, pins: [encodeBytes(new Uint8Array(16))] }),
};

const OF_MUTED: Readonly<Record<string, Taking>> = {
  'lifts its own mute': (state, { me }) => {
    const mutes = state.mutes?.filter((one) => one !== me.identity) ?? [];
    return { ...state, mutes: mutes.length === 0 ? undefined : mutes };
  },
};

/** What a joiner by its GroupInfo can read: each list has each once, and isn't there if it is empty. */
function wellFormed({ mods, mutes, bans, ...state }: RoomState): RoomState {
  const once = (list: readonly string[] = []) => (list.length === 0 ? undefined : [...new Set(list)]);
  return {
    ...state,
    admins: [...new Set(state.admins)],
    mods: once(mods),
    mutes: once(mutes),
    bans: once(bans),
  };
}

/** A commit of somebody who is honest apart from it. All refuse it, and its author stays where it is. */
async function overreaches(fuzz: Fuzz, device: Device, takings: Readonly<Record<string, Taking>>) {
  await fuzz.checks(device);
  const { room } = device.person;
  const all = membersOf(room);
  const me = all.find(({ self }) => self);
  const { state } = room.context;
  if (me === undefined || state === 'newer') return;
  const admin = fuzz.maybe(all.filter(({ identity }) => state.admins.includes(identity)));
  const other = fuzz.maybe(
    all.filter(({ identity }) => ![...state.admins, ...(state.mods ?? [])].includes(identity)),
  );
  const possible = Object.entries(takings).flatMap(([what, taking]) => {
    const next = taking(state, { me, admin, other });
    return next === undefined ? [] : [{ what, next }];
  });
  const { what, next } = fuzz.pick(possible);
  const taken = wellFormed(next);
  await commits(
    fuzz.log,
    device.person,
    stating(device.person, () => taken),
  );
  const { name, topic = '', admins, mods = [], mutes = [], bans = [], pins = [] } = taken;
  const claimed = fuzz.model.bogus(device.epoch, undefined, { name, topic, admins, mods, mutes, bans, pins });
  fuzz.model.refused(device, { epoch: claimed, flaw: 'bogus' });
  // It has gone over its own entry, and is as honest as before.
  device.due.pop();
  fuzz.count(`refused: ${device.isModerator ? 'a moderator' : 'a member'} ${what}`);
}

async function moderatorOverreaches(fuzz: Fuzz): Promise<void> {
  const one = fuzz.maybe(fuzz.majority.filter((it) => it.isModerator && it.doubt === undefined));
  if (one !== undefined) await overreaches(fuzz, one, BEYOND_STAFF);
}

async function memberOverreaches(fuzz: Fuzz): Promise<void> {
  const plain = fuzz.majority.filter((it) => !it.isStaff && !it.limited && it.doubt === undefined);
  const muted = plain.filter(({ identity, epoch }) => epoch.state.mutes.includes(identity));
  const isMuted = muted.length > 0 && fuzz.happens(0.5);
  const one = fuzz.maybe(isMuted ? muted : plain);
  if (one !== undefined) await overreaches(fuzz, one, isMuted ? OF_MUTED : BEYOND_MEMBERS);
}

/** A moderator's pin that hands false keys of every office to all. Nobody takes one over. */
async function forgesKeys(fuzz: Fuzz): Promise<void> {
  const one = fuzz.actor((it) => it.isModerator && !it.epoch.closed);
  if (one === undefined) return;
  await fuzz.reads(one);
  const { pins } = one.epoch.state;
  const message = fuzz.maybe(fuzz.messages.filter(({ id }) => !pins.includes(id)));
  if (message === undefined) return;
  const forged = async (room: Room) => {
    const devices = membersOf(room).map(({ device }) => device);
    const items = OFFICE_KEYS.map(
      async (kind) =>
        [HANDED[kind].data, await handOver(room, kind, devices, signingKey(fuzz.env.random(32)))] as const,
    );
    return encodeCommitData(await Promise.all(items));
  };
  await crafts(fuzz, one, { pins: [...pins.slice(-6), message.id] }, forged);
  fuzz.count('forged keys');
}

/** What moderators and members try beyond their office. */
export const ofOffices: readonly Operation[] = [
  [6, moderatorOverreaches],
  [1.5, memberOverreaches],
  [0.7, forgesKeys],
];

/** What the long form has to have tried. */
export const OVERREACHED: readonly string[] = [
  ...Object.keys(BEYOND_STAFF).map((what) => `refused: a moderator ${what}`),
  'refused: a member lifts its own mute',
  'forged keys',
];
