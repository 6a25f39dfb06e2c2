import { encodeBytes } from '@gochat/protocol/encoding';
import { expect } from 'vitest';
import type { InviteLink } from '../../src/link.ts';
import { membersOf, type Room } from '../../src/room.ts';
import type { Twist } from '../craft-path.ts';
import { babbles, commits, gone, joins, litters, request } from '../hostile.ts';
import { Person } from '../world.ts';
import type { Fuzz } from './fuzz.ts';
import type { Device } from './model.ts';
import type { Operation } from './operations.ts';

const flipped = (bytes: Uint8Array) => bytes.with(0, (bytes[0] ?? 0) ^ 1);

/** The hostile member, where most are. It joins if there is none. */
async function intruder(fuzz: Fuzz): Promise<Device | undefined> {
  const known = fuzz.mal;
  if (
    known !== undefined &&
    known.status === 'active' &&
    known.epoch === fuzz.main &&
    fuzz.model.isLive(known)
  ) {
    await fuzz.reads(known);
    fuzz.checksEpoch(known);
    return known;
  }
  const link = usableLink(fuzz);
  if (link === undefined) return undefined;
  const device = fuzz.model.joiner(fuzz.newcomer(), true);
  if ((await fuzz.joins(device, link, undefined)) === undefined) {
    if (known !== undefined) fuzz.model.devices.splice(fuzz.model.devices.indexOf(known), 1);
    fuzz.mal = device;
    fuzz.count('mal');
  } else fuzz.model.devices.splice(fuzz.model.devices.indexOf(device), 1);
  return undefined;
}

function usableLink(fuzz: Fuzz): InviteLink | undefined {
  const { epoch, flaw } = fuzz.model.info;
  if (flaw !== undefined || epoch !== fuzz.main || epoch.closed) return undefined;
  return fuzz.links.findLast((one) => fuzz.log.info(one) !== undefined && fuzz.isListed(one, epoch));
}

/** Bytes in place of a handshake or message. */
async function throwsGarbage(fuzz: Fuzz): Promise<void> {
  const mal = await intruder(fuzz);
  if (mal === undefined) return;
  babbles(fuzz.log, mal.person);
  fuzz.model.babble();
  await litters(fuzz.log, mal.person);
  fuzz.model.refused(mal, { epoch: mal.epoch });
}

/** A handshake that the policy refuses. */
async function breaksRules(fuzz: Fuzz): Promise<void> {
  const mal = await intruder(fuzz);
  if (mal === undefined) return;
  const victim = fuzz.maybe(membersOf(mal.person.room).filter(({ self }) => !self));
  const removed = fuzz.happens(0.3) ? undefined : victim;
  const twist: Twist =
    removed === undefined
      ? { path: false }
      : { proposals: [{ proposalType: 'remove', remove: { removed: removed.leaf } }] };
  await commits(fuzz.log, mal.person, twist);
  fuzz.model.refused(mal, { epoch: fuzz.model.bogus(mal.epoch, removed?.device), flaw: 'bogus' });
}

/** A handshake that the policy allows, and that is invalid for all. */
async function misleadsAll(fuzz: Fuzz): Promise<void> {
  const mal = await intruder(fuzz);
  if (mal === undefined) return;
  await commits(fuzz.log, mal.person, { tag: flipped });
  fuzz.model.invalid(mal, mal.epoch, 'bogus');
  fuzz.count('invalid for all');
}

/** Which nodes get garbage: by chance, but independent of the order of the calls. */
function choice(fuzz: Fuzz, share: number) {
  const salt = Math.floor(fuzz.env.chance() * 2 ** 20);
  const chosen = new Set<number>();
  const isChosen = (node: number) => {
    const is = ((Math.imul(node + 1, 0x9e3779b1) ^ Math.imul(salt, 0x85ebca6b)) >>> 0) / 2 ** 32 < share;
    if (is) chosen.add(node);
    return is;
  };
  return { chosen, isChosen };
}

/** Whether a leaf is below a node, by node indices (RFC 9420, appendix C). */
function isBelow(leaf: number, node: number): boolean {
  let level = 0;
  while (((node >> level) & 1) === 1) level += 1;
  const width = 2 ** level - 1;
  return 2 * leaf >= node - width && 2 * leaf <= node + width;
}

/** The devices that can't follow if these nodes get garbage in place of a path secret. */
function below({ mls }: Pick<Room, 'mls'>, leaves: ReadonlyMap<Device, number>, nodes: ReadonlySet<number>) {
  const cut = new Set<Device>();
  for (const [device, leaf] of leaves)
    for (const node of nodes) {
      const there = mls.ratchetTree[node];
      // Unmerged leaves get a ciphertext of their own.
      const isUnmerged = there?.nodeType === 'parent' && there.parent.unmergedLeaves.includes(leaf);
      if (isBelow(leaf, node) && !isUnmerged) cut.add(device);
    }
  return cut;
}

function leavesIn(room: Room, devices: Iterable<Device>): Map<Device, number> {
  const leaves = new Map<Device, number>();
  for (const device of devices) {
    const leaf = membersOf(room).find((one) => one.device === device.person.device)?.leaf;
    if (leaf !== undefined) leaves.set(device, leaf);
  }
  return leaves;
}

/** A member's handshake that some can follow: garbage sealed to some nodes, or a false key in the path. */
async function divides(fuzz: Fuzz): Promise<void> {
  const mal = await intruder(fuzz);
  if (mal === undefined) return;
  const { person, epoch: from, key } = mal;
  const { room } = person;
  const leaves = leavesIn(room, from.devices);
  leaves.delete(mal);
  const { chosen, isChosen } = choice(fuzz, 0.5);
  const falsifies = fuzz.happens(0.4);
  const twist: Twist = falsifies
    ? { node: (index, publicKey) => (isChosen(index) ? flipped(publicKey) : publicKey) }
    : { sealTo: (node, secret) => (isChosen(node) ? new Uint8Array(secret.length) : secret) };
  const deed = await commits(fuzz.log, person, twist);
  const cut = falsifies
    ? new Set(
        [...leaves].filter(([, leaf]) => [...chosen].some((node) => isBelow(leaf, node))).map(([one]) => one),
      )
    : below(room, leaves, chosen);
  person.room = { ...(await gone(person.room, deed)), joinsClosed: from.closed };
  fuzz.model.lands({ kind: 'heal', by: mal, from, cut }, deed.seq);
  // It lost what it knew, and keeps its access key.
  Object.assign(mal, { own: undefined, admin: undefined, key, doubt: undefined });
  // With a false key in its own path, it can't follow anybody itself.
  if (falsifies) fuzz.mal = undefined;
  fuzz.count(cut.size === 0 ? 'divides nobody' : 'divides');
}

/** A joiner that encrypts garbage to some members. It never comes back. */
async function joinerDivides(fuzz: Fuzz): Promise<void> {
  const link = usableLink(fuzz);
  const witness = fuzz.majority[0];
  if (link === undefined || witness === undefined || fuzz.devices.length >= 6) return;
  await fuzz.reads(witness);
  const { room } = witness.person;
  const from = fuzz.model.info.epoch;
  const leaves = leavesIn(room, from.devices);
  const eve = fuzz.model.joiner(fuzz.newcomer(), true);
  const { chosen, isChosen } = choice(fuzz, 0.4);
  const { seq } = await joins(fuzz.log, eve.person, link, room.mls, {
    sealTo: (node, secret) => (isChosen(node) ? new Uint8Array(secret.length) : secret),
  });
  const cut = below(room, leaves, chosen);
  fuzz.model.lands(
    { kind: 'join', by: eve, from, next: { devices: new Set([...from.devices, eve]) }, cut },
    seq,
  );
  fuzz.model.info = { ...fuzz.model.info, flaw: 'unreadable' };
  fuzz.count(cut.size === 0 ? 'divides nobody' : 'joiner divides');
}

/** Joins that all refuse: of a stranger by the own invite, with a forged claim, or with a wrong tag. */
async function joinsInVain(fuzz: Fuzz): Promise<void> {
  const mal = await intruder(fuzz);
  const link = usableLink(fuzz);
  if (mal === undefined || link === undefined) return;
  const eve = fuzz.model.joiner(new Person('eve', fuzz.env), true);
  const { own, mls } = mal.person.room;
  const of = fuzz.model.info.epoch;
  const stranger = own === undefined ? undefined : mal.person.linkFor(own);
  if (stranger !== undefined && fuzz.log.info(stranger) !== undefined && fuzz.happens(0.5)) {
    await joins(fuzz.log, eve.person, stranger, mls, {});
    fuzz.model.refused(eve, { epoch: of, flaw: 'unreadable' });
  } else if (fuzz.happens(0.5)) {
    await joins(fuzz.log, eve.person, link, mls, { aad: flipped });
    fuzz.model.refused(eve, { epoch: of, flaw: 'unreadable' });
  } else {
    await joins(fuzz.log, eve.person, link, mls, { tag: flipped });
    fuzz.model.invalid(eve, of, 'unreadable');
  }
  fuzz.model.devices.splice(fuzz.model.devices.indexOf(eve), 1);
  fuzz.count('joins in vain');
}

/** Requests that the server refuses: without a right proof, and with orders of keys that it doesn't know any more. */
async function forges(fuzz: Fuzz): Promise<void> {
  const mal = await intruder(fuzz);
  if (mal === undefined) return;
  const { person } = mal;
  const honestRoom = person.room;
  const frame = await request(person, fuzz.env.random(300), honestRoom.mls);
  expect(fuzz.log.swap({ ...frame, proof: encodeBytes(fuzz.env.random(64)) })).toBe('refused');
  expect(fuzz.log.swap({ ...frame, after: frame.after, access: encodeBytes(fuzz.env.random(32)) })).toBe(
    'refused',
  );
  for (const admin of fuzz.formerAdminKeys()) {
    person.room = { ...honestRoom, admin };
    const order = await request(person, fuzz.env.random(300), honestRoom.mls, {}, true);
    expect(fuzz.log.swap(order)).toBe('refused');
  }
  person.room = honestRoom;
  fuzz.count('forges');
}

export const hostile: readonly Operation[] = [
  [1, throwsGarbage],
  [1, breaksRules],
  [0.7, misleadsAll],
  [2, divides],
  [0.5, joinerDivides],
  [0.8, joinsInVain],
  [0.7, forges],
];
