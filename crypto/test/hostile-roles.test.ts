import { encodeBytes } from '@gochat/protocol/encoding';
import { signedOrder } from '@gochat/protocol/signed';
import type { Order } from '@gochat/protocol/up';
import { expect, test } from 'vitest';
import { remove, setRole } from '../src/handshake.ts';
import { fingerprintOf } from '../src/identity.ts';
import { sha256, sign } from '../src/primitives.ts';
import { invitesOf, ownLeaf, type Room, stateOf } from '../src/room.ts';
import { encodeRoomState, type RoomState } from '../src/room-state.ts';
import { sealBody } from '../src/seal.ts';
import type { Role } from '../src/speaking.ts';
import { STATE_LIMITS } from '../src/state-limits.ts';
import { agree, allRead, copies, roomOfPeople } from './assert.ts';
import { craftCommit } from './craft.ts';
import type { Twist } from './craft-path.ts';
import { commits, renewedBy, request, stating } from './hostile.ts';
import type { Person } from './world.ts';

const keyOf = ({ who }: Person) => encodeBytes(who.identity.publicKey);
const printOf = ({ who }: Person) => encodeBytes(fingerprintOf(who.identity.publicKey));

interface World {
  readonly ana: Person;
  readonly mia: Person;
  readonly ben: Person;
  /** Whose role is tried. */
  readonly mal: Person;
}

const built = new Map<Role, ReturnType<typeof build>>();

async function build(role: Role) {
  const { log, env, people } = await roomOfPeople('ana', 'mia', 'ben', 'mal');
  const [ana, mia, , mal] = people as [Person, Person, Person, Person];
  const gives = async (other: Person, to: Role) => {
    await ana.commits(log, (room) => setRole(room, other.device, to, env));
    await allRead(log, people);
  };
  await gives(mia, 'moderator');
  if (role !== 'member') await gives(mal, role);
  return { log, people };
}

/** Ana is the admin, mia a moderator, ben a member, and mal has the role. Each is built once and then copied. */
async function world(role: Role) {
  const model = built.get(role) ?? build(role);
  built.set(role, model);
  const { log, env, people } = await copies((await model).log, (await model).people, built.size);
  const [ana, mia, ben, mal] = people as [Person, Person, Person, Person];
  return { log, env, ana, mia, ben, mal };
}

type State = Partial<RoomState>;
const state =
  (change: (world: World, now: RoomState) => State) =>
  (all: World): Twist =>
    stating(all.mal, (now) => ({ ...now, ...change(all, now) }));
const removing =
  (whom: (world: World) => Person) =>
  (all: World): Twist => ({
    proposals: [{ proposalType: 'remove', remove: { removed: ownLeaf(whom(all).room) } }],
  });
const sorted = (...keys: string[]) => keys.sort();

/** What somebody tries, and who may do it besides admins. */
const ACTS: Readonly<Record<string, readonly [(world: World) => Twist, ...Role[]]>> = {
  'renames the room': [state(() => ({ name: 'mine' }))],
  'makes itself an admin': [state(({ mal }, { admins }) => ({ admins: sorted(...admins, keyOf(mal)) }))],
  'makes a member a moderator': [state(({ ben }, { mods = [] }) => ({ mods: sorted(...mods, keyOf(ben)) }))],
  'deposes a moderator': [state(({ mia }, { mods = [] }) => ({ mods: without(mods, keyOf(mia)) }))],
  'gives a voice': [state(({ ben }, { voices = [] }) => ({ voices: sorted(...voices, keyOf(ben)) }))],
  'lets only staff speak': [state(() => ({ speak: 'staff' }))],
  'turns slow mode on': [state(() => ({ slow: 10 }))],
  'makes messages disappear': [state(() => ({ expire: 10 }))],
  'lets only staff invite': [state(() => ({ links: 'staff' }))],
  'shows newcomers everything': [state(() => ({ history: 'all' }))],
  'mutes a member': [
    state(({ ben }, { mutes = [] }) => ({ mutes: sorted(...mutes, keyOf(ben)) })),
    'moderator',
  ],
  'mutes a moderator': [state(({ mia }, { mutes = [] }) => ({ mutes: sorted(...mutes, keyOf(mia)) }))],
  'bans a member': [state(({ ben }) => ({ bans: [printOf(ben)] })), 'moderator'],
  'bans an admin': [state(({ ana }) => ({ bans: [printOf(ana)] }))],
  'bans a moderator': [state(({ mia }) => ({ bans: [printOf(mia)] }))],
  'pins a message': [state(() => ({ pins: ['A'.repeat(22)] })), 'moderator'],
  "ends somebody's invite": [
    state((_, { invites }) => ({ invites: invites.filter(({ own }) => own) })),
    'moderator',
  ],
  'removes a member': [removing(({ ben }) => ben), 'moderator'],
  'removes a moderator': [removing(({ mia }) => mia)],
};

function without(list: readonly string[], key: string): string[] | undefined {
  const rest = list.filter((one) => one !== key);
  return rest.length === 0 ? undefined : rest;
}

const ROLES = ['moderator', 'speaker', 'member', 'observer'] as const satisfies readonly Role[];

test.each(ROLES.flatMap((role) => Object.keys(ACTS).map((act) => [role, act] as const)))(
  'a %s who %s is followed only where the rules let it',
  async (role, act) => {
    const { log, ...all } = await world(role);
    const [twist, ...allowed] = ACTS[act] ?? [() => ({})];
    const others = [all.ana, all.mia, all.ben];
    const before = encodeRoomState(stateOf(all.ana.room)).join();
    await commits(log, all.mal, twist(all));
    await allRead(log, others);
    const may = (allowed as readonly Role[]).includes(role);
    const here = others.filter(({ room }) => room.status === 'active');
    agree(...here);
    for (const one of here) expect(one.warnings).toEqual(may ? [] : ['skipped-handshake']);
    expect(here.length).toBe(may && act === 'removes a member' ? 2 : 3);
    if (!may) expect(encodeRoomState(stateOf(all.ana.room)).join()).toBe(before);
  },
);

test.each([
  ['admin keys', { admins: ['x'] }],
  ['a keepers key', { keepers: 'x' }],
  ['rules', { rules: { quietMs: 0 } }],
  ['the end of the room', { close: true }],
] as const)('the server carries out no order of %s by the keepers key', async (_, more) => {
  const { log, mal, env } = await world('moderator');
  const { keepers } = mal.room;
  if (keepers === undefined) throw new Error('no keepers key');
  const frame = await request(mal, env.random(300), mal.room.mls);
  const fresh = encodeBytes(env.random(32));
  const parts = JSON.parse(JSON.stringify(more).replaceAll('"x"', `"${fresh}"`)) as Partial<Order>;
  const order = { key: encodeBytes(keepers.publicKey), ...parts };
  const { proof: __, ...unsigned } = frame;
  const signed = { ...order, proof: encodeBytes(sign(keepers, signedOrder(unsigned, order))) };
  expect(log.swap({ ...frame, order: signed })).toBe('refused');
});

test('a moderator who opens joins again gives itself no office by that', async () => {
  const { log, env, ana, mia, ben, mal } = await world('moderator');
  const others = [ana, mia, mal];
  await mal.commits(log, (room) => remove(room, ben.device, env));
  await allRead(log, others);
  expect(invitesOf(ana.room)).toEqual([]);
  const opened = (now: RoomState): RoomState => ({
    ...now,
    invites: [],
    lastRemoveEpoch: Number(mal.room.mls.groupContext.epoch) - 1,
  });
  await commits(
    log,
    mal,
    stating(mal, (now) => ({ ...opened(now), admins: [keyOf(mal)] })),
  );
  await allRead(log, [ana, mia]);
  for (const one of [ana, mia]) {
    expect(one.warnings).toEqual(['skipped-handshake']);
    expect(one.room.joinsClosed).toBe(true);
  }
});

test('a moderator who fills the list of who is muted keeps nobody from being muted', async () => {
  const { log, env, ana, ben, mal } = await world('moderator');
  const made = Array.from({ length: STATE_LIMITS.voices }, () => encodeBytes(env.random(32)));
  await mal.commits(log, async (room) => {
    const { message, state: mls } = await craftCommit(
      room.mls,
      renewedBy(mal),
      stating(mal, (now) => ({ ...now, mutes: sorted(...made) })),
    );
    const body = sealBody(room.keys, 'handshake', room.id, message, env);
    const frame = await request(mal, body, mls);
    const hash = encodeBytes(sha256(body));
    const pending = {
      intent: 'state',
      request: frame.id,
      after: room.base,
      hash,
      mls,
      data: new Uint8Array(),
    };
    return { room: { ...room, pending: pending as Room['pending'] }, frame };
  });
  await allRead(log, [ana, ben]);
  expect(stateOf(ana.room).mutes).toHaveLength(STATE_LIMITS.voices);
  await ana.commits(log, (room) => setRole(room, ben.device, 'observer', env));
  expect(stateOf(ana.room).mutes).toEqual([keyOf(ben)]);
});
