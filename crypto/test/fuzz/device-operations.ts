import { encodeBytes } from '@gochat/protocol/encoding';
import { publish } from '../../src/groupinfo.ts';
import {
  certify,
  createIdentity,
  encodeCredential,
  type Identity,
  type LeafIdentity,
  newLeaf,
  ownedLeaf,
  withNewDevice,
} from '../../src/identity.ts';
import { inviteKeys } from '../../src/invite.ts';
import type { Proposal } from '../../src/mls/suite.ts';
import { sign, signingKey } from '../../src/primitives.ts';
import { type Member, membersOf, ownLeaf, type Room, stateOf } from '../../src/room.ts';
import type { MemberInvite } from '../../src/room-state.ts';
import { safeInvite } from '../../src/safe.ts';
import type { Twist } from '../craft-path.ts';
import { commits, joins, stating } from '../hostile.ts';
import type { Log } from '../log.ts';
import { Person } from '../world.ts';
import type { Fuzz } from './fuzz.ts';
import type { Device, State } from './model.ts';
import {
  anotherDevice,
  comesIn,
  heals,
  invitesBy,
  isWhereJoinersGo,
  type Operation,
  removes,
} from './operations.ts';

/** How many leaves of one person members let in. */
const LEAVES = 8;

/** An own join that all members have to refuse. */
interface Attempt {
  /** The secret with which the joiner signs: that of the present own invite, unless it says otherwise. */
  readonly secret?: Uint8Array;
  /** Its leaf. */
  readonly joiner: LeafIdentity;
  readonly proposals?: readonly Proposal[];
}

/** What a thief or a hostile member knows: all secrets of this device, but for the key of its leaf. */
interface Target {
  readonly fuzz: Fuzz;
  readonly victim: Device;
  readonly room: Room;
}

const removeOf = (removed: number): Proposal => ({ proposalType: 'remove', remove: { removed } });

/** A new leaf of an identity, on its device. */
function leafOf({ fuzz, room }: Target, who: Person['joiner']): LeafIdentity {
  return newLeaf(room.mls.groupContext.groupId, who, 'thief', fuzz.env);
}

/** A leaf of another device of the victim's person, which the person has certified. */
function anotherLeaf(target: Target): LeafIdentity {
  return leafOf(target, withNewDevice(target.victim.person.who, target.fuzz.env));
}

/** A leaf that claims what nobody has signed. */
function claimed({ fuzz, room }: Target, { identity, device }: Identity, claim: object): LeafIdentity {
  const key = signingKey(fuzz.env.random(32));
  const owned = sign(device, ownedLeaf(room.mls.groupContext.groupId, key.publicKey));
  const certificate = { ...certify(identity, device.publicKey), ...claim };
  return { key, credential: encodeCredential(certificate, owned, 'thief') };
}

/** Each way in, or undefined while it can't be tried. All need the secret of an own invite. */
const attempts: Readonly<Record<string, (target: Target) => Attempt | undefined>> = {
  'a person without a leaf': (target) => ({ joiner: leafOf(target, createIdentity(target.fuzz.env)) }),
  'a device that its person has not certified': (target) => {
    const { identityKey } = certify(target.victim.person.who.identity, new Uint8Array(32));
    return { joiner: claimed(target, createIdentity(target.fuzz.env), { identityKey }) };
  },
  'a limited device as one with all rights': (target) => {
    const { identity, device } = withNewDevice(target.victim.person.who, target.fuzz.env);
    const { signature } = certify(identity, device.publicKey, true);
    return { joiner: claimed(target, { identity, device }, { signature }) };
  },
  'a second leaf of one device': (target) => ({ joiner: leafOf(target, target.victim.person.joiner) }),
  'the seat of a device, with another leaf key': (target) => ({
    joiner: leafOf(target, target.victim.person.joiner),
    proposals: [removeOf(ownLeaf(target.room))],
  }),
  'the seat of another device': (target) => {
    const other = target.fuzz.maybe(membersOf(target.room));
    return other && { joiner: anotherLeaf(target), proposals: [removeOf(other.leaf)] };
  },
  'an own invite that has ended': (target) => {
    const listed = new Set<string>(stateOf(target.room).invites.map(({ id }) => id));
    const ended = [...target.fuzz.entrances.values()].filter((secret) => !listed.has(inviteKeys(secret).id));
    const secret = target.fuzz.maybe(ended);
    return secret && { secret, joiner: anotherLeaf(target) };
  },
  'closed joins': (target) => {
    if (!target.room.joinsClosed) return undefined;
    const listed = new Set<string>(stateOf(target.room).invites.map(({ id }) => id));
    const secret = [...target.fuzz.entrances.values()].find((one) => listed.has(inviteKeys(one).id));
    return secret && { secret, joiner: anotherLeaf(target) };
  },
  'a ninth device': (target) => {
    const { identity } = target.victim;
    const leaves = membersOf(target.room).filter((member) => member.identity === identity);
    return leaves.length < LEAVES ? undefined : { joiner: anotherLeaf(target) };
  },
};

/** A dishonest server: it shows the victim's epoch to whoever has the secret. */
async function showsTo(secret: Uint8Array, { fuzz, room }: Target): Promise<Log> {
  const shown: MemberInvite = { ...(await safeInvite(secret)), epoch: 0, by: '' };
  const { groupInfo, member, invites } = await publish(room.id, room.mls, room.keys, [shown], fuzz.env);
  const kept = { groupInfo, member, invites: invites.map((one) => ({ ...one, uses: 9 })) };
  return Object.assign(fuzz.log.copy(), kept);
}

/** Tries one of these ways in, with the help of the server. */
async function tries(fuzz: Fuzz, victim: Device, ways: readonly string[]): Promise<void> {
  await fuzz.reads(victim);
  const target: Target = { fuzz, victim, room: victim.person.room };
  const possible = ways.flatMap((way) => {
    const attempt = attempts[way]?.(target);
    const secret = attempt?.secret ?? target.room.own;
    return attempt === undefined || secret === undefined ? [] : [{ way, attempt, secret }];
  });
  const tried = fuzz.maybe(possible);
  if (tried === undefined) return;
  const { way, attempt, secret } = tried;
  const { joiner, proposals = [] } = attempt;
  const log = await showsTo(secret, target);
  const thief = new Person('thief', fuzz.env);
  const { body } = await joins(log, thief, victim.person.linkFor(secret), target.room.mls, {
    joiner,
    proposals,
  });
  fuzz.log.append('handshake', encodeBytes(body));
  fuzz.model.smuggled();
  fuzz.count(`refused: ${way}`);
}

async function entersInVain(fuzz: Fuzz): Promise<void> {
  const victim = fuzz.maybe(fuzz.majority);
  if (victim !== undefined) await tries(fuzz, victim, Object.keys(attempts));
}

/** Whoever removed a device knows the own invite of before. It is tried while joins are closed, and when they are open again. */
async function triesAfterRemove(fuzz: Fuzz): Promise<void> {
  const by = fuzz.actor(({ limited, siblings }) => !limited && siblings.length > 0);
  if (by === undefined) return;
  await fuzz.checks(by);
  const target = fuzz.maybe(by.siblings);
  if (target === undefined || !(await removes(fuzz, by, target, false))) return;
  await tries(fuzz, by, ['closed joins']);
}

/** A thief with the keys of a person takes all its seats, and tries one more. Then the person removes what has come. */
async function takesAllSeats(fuzz: Fuzz): Promise<void> {
  const victim = fuzz.actor((one) => one.own !== undefined && !one.limited && isWhereJoinersGo(fuzz, one));
  if (victim === undefined || victim.epoch.closed) return;
  await fuzz.checks(victim);
  const { own } = victim.person.room;
  if (own === undefined) return;
  const taken: Device[] = [];
  while (victim.siblings.length + 1 < LEAVES) {
    const person = fuzz.newcomer(withNewDevice(victim.person.who, fuzz.env));
    const thief = fuzz.model.joiner(person, true);
    if ((await fuzz.joins(thief, victim.person.linkFor(own), undefined)) !== undefined) {
      fuzz.model.devices.splice(fuzz.model.devices.indexOf(thief), 1);
      break;
    }
    taken.push(thief);
    await fuzz.checks(victim);
  }
  await tries(fuzz, victim, ['a ninth device']);
  for (const one of taken) {
    if (!victim.epoch.devices.has(one)) continue;
    if (await removes(fuzz, victim, one, true)) fuzz.model.devices.splice(fuzz.model.devices.indexOf(one), 1);
  }
}

/** A commit that no limited device may make, and what would be so after it. */
interface Overreach {
  readonly twist: Twist;
  readonly without?: string;
  readonly state?: Partial<State>;
}

function overreaches(fuzz: Fuzz, { person, epoch }: Device): Overreach {
  const removing = ({ leaf, device }: Member): Overreach => ({
    twist: { proposals: [removeOf(leaf)] },
    without: device,
  });
  const others = membersOf(person.room).filter(({ self }) => !self);
  const other = fuzz.maybe(others);
  const sibling = fuzz.maybe(others.filter(({ own }) => own));
  const renamed = { name: fuzz.text() };
  const taken = {
    admins: other === undefined ? [...epoch.state.admins] : [other.identity],
    topic: fuzz.text(),
  };
  return fuzz.pick([
    ...(other === undefined ? [] : [removing(other)]),
    ...(sibling === undefined ? [] : [removing(sibling)]),
    ...[renamed, taken].map((state) => ({
      twist: stating(person, (now) => ({ ...now, ...state })),
      state,
    })),
  ]);
}

async function limitedOverreaches(fuzz: Fuzz): Promise<void> {
  const limited = fuzz.maybe(fuzz.majority.filter((one) => one.limited && one.doubt === undefined));
  if (limited === undefined) return;
  await fuzz.checks(limited);
  const { twist, without, state } = overreaches(fuzz, limited);
  await commits(fuzz.log, limited.person, twist);
  fuzz.model.refused(limited, { epoch: fuzz.model.bogus(limited.epoch, without, state), flaw: 'bogus' });
  // It has gone over its own entry, and is as honest as before.
  limited.due.pop();
  fuzz.count('refused: a commit of a limited device');
}

/** Persons with several devices come together, one of them limited. */
export async function gathers(fuzz: Fuzz): Promise<void> {
  const [founder] = fuzz.devices;
  if (founder === undefined) return;
  await invitesBy(fuzz, founder);
  await comesIn(fuzz);
  await heals(fuzz, founder);
  await fuzz.checksAll();
  const [, friend = founder] = fuzz.devices;
  await anotherDevice(fuzz, founder);
  await anotherDevice(fuzz, friend);
  await anotherDevice(fuzz, founder, true);
  await fuzz.checksAll();
}

/** Own joins by members, and by those who know the own invite and may not come in. */
export const ofDevices: readonly Operation[] = [
  [4, entersInVain],
  [0.7, triesAfterRemove],
  [0.4, takesAllSeats],
  [1, limitedOverreaches],
];

/** What the long form has to have tried. */
export const REFUSED: readonly string[] = [...Object.keys(attempts), 'a commit of a limited device'].map(
  (what) => `refused: ${what}`,
);
