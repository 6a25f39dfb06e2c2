import { encodeBytes } from '@gochat/protocol/encoding';
import type { UpOf } from '@gochat/protocol/up';
import { expect } from 'vitest';
import {
  answerAsk,
  configure,
  heal,
  invite,
  refresh,
  remove,
  reopen,
  revoke,
  type Started,
  setRole,
} from '../../src/handshake.ts';
import { certify, fingerprintOf, withNewDevice } from '../../src/identity.ts';
import { inviteKeys } from '../../src/invite.ts';
import { sha256 } from '../../src/primitives.ts';
import { invitesOf, type Room, stateOf } from '../../src/room.ts';
import { contextExtensions, type RoomState } from '../../src/room-state.ts';
import { sealBody } from '../../src/seal.ts';
import { craftCommit } from '../craft.ts';
import { renewedBy, request } from '../hostile.ts';
import type { Draft, Expected, Fuzz } from './fuzz.ts';
import type { Device, Epoch, Invite, State } from './model.ts';

/** More devices than that make nobody join. */
const CROWD = 6;

const isAdmin = ({ isAdmin: admin }: Device) => admin;
const holdsKey = ({ isAdmin: admin, admin: key }: Device) => admin && key !== undefined;
const orders = (device: Device) => holdsKey(device) || (device.isModerator && device.keepers !== undefined);

/** What happens to the keepers key in a change by an admin who has the admin key. */
function keepersOf(
  device: Device,
  next: State,
  {
    gone = [],
    heals: all = false,
    again,
  }: { gone?: readonly Device[]; heals?: boolean; again?: string } = {},
): Partial<Expected> {
  if (!holdsKey(device)) return {};
  const { epoch } = device;
  const staff = ({ admins, mods }: State) =>
    [...epoch.devices].filter(
      ({ identity, limited }) => !limited && (admins.includes(identity) || mods.includes(identity)),
    );
  const before = staff(epoch.state);
  const after = staff(next).filter((one) => !gone.includes(one));
  if (after.length === 0) return {};
  const isLacking = device.keepers === undefined && next.mods.length > 0;
  const newKeepers = all || isLacking || before.some((one) => !after.includes(one));
  if (!newKeepers && device.keepers === undefined) return {};
  const isGiven = (one: Device) => newKeepers || one.identity === again || !before.includes(one);
  return { newKeepers, keepersTo: after.filter((one) => one !== device && isGiven(one)) };
}

/** Whom an admin hands its key to. */
function otherAdmins(
  { epoch, ...by }: Pick<Device, 'epoch' | 'person'>,
  but: readonly Device[] = [],
): Device[] {
  return [...epoch.devices].filter(
    (one) =>
      one.person !== by.person &&
      !one.limited &&
      !but.includes(one) &&
      epoch.state.admins.includes(one.identity),
  );
}

function healed(device: Device, more: Partial<Expected> = {}): Expected {
  const rotates = holdsKey(device);
  return {
    kind: 'heal',
    handsOver: device.own !== undefined,
    ...(rotates && { newAdminKey: true, handedTo: otherAdmins(device) }),
    ...keepersOf(device, device.epoch.state, { heals: true }),
    ...more,
  };
}

export function heals(fuzz: Fuzz, device: Device): Promise<boolean> {
  return fuzz.commits(
    device,
    (room) => heal(room, fuzz.env),
    () => healed(device),
  );
}

/** The state without what a Remove has voided. */
function opened({ epoch: { state, closed, devices } }: Device): State {
  if (!closed) return state;
  const present = new Set([...devices].map(({ identity }) => identity));
  const here = (list: readonly string[]) => list.filter((one) => present.has(one));
  return { ...state, admins: here(state.admins), mods: here(state.mods), invites: [] };
}

/** @param change what differs in the state besides a missing own invite */
function stated(device: Device, change: Partial<State>, more: Partial<Expected> = {}, again?: string) {
  return (room: Room): Expected => {
    const next = { ...opened(device), ...change };
    const isMissing = next.invites.every(({ own }) => !own) && next.invites.length < 16;
    const added = stateOf(room).invites.find(({ own }) => own === true);
    const own: Invite[] = isMissing ? [{ id: added?.id ?? '', by: device.identity, own: true }] : [];
    return {
      kind: 'state',
      next: { closed: false, state: { ...next, invites: [...next.invites, ...own] } },
      ...keepersOf(device, next, again === undefined ? {} : { again }),
      ...more,
    };
  };
}

function removed(device: Device, gone: readonly Device[], keep: boolean): Expected {
  const { epoch } = device;
  const next = {
    devices: new Set([...epoch.devices].filter((one) => !gone.includes(one))),
    closed: epoch.closed || !keep,
  };
  if (!holdsKey(device)) return { kind: 'remove', next, retires: orders(device) };
  const deposed = gone.some((one) => !one.limited && epoch.state.admins.includes(one.identity));
  return {
    kind: 'remove',
    next,
    retires: true,
    ...(deposed && { newAdminKey: true, handedTo: otherAdmins(device, gone) }),
    ...keepersOf(device, epoch.state, { gone }),
  };
}

export async function removes(fuzz: Fuzz, by: Device, target: Device, keep: boolean): Promise<boolean> {
  const sibling = target.identity === by.identity;
  const gone = [...by.epoch.devices].filter((one) =>
    sibling ? one === target : one.identity === target.identity,
  );
  const done = await fuzz.commits(
    by,
    (room) => remove(room, target.person.device, fuzz.env, { keep }),
    () => removed(by, gone, keep),
  );
  // A profile that lost its leaf to a copy is deleted with the leaf.
  if (done) for (const one of gone) if (one.status === 'broken') fuzz.leaves(one);
  return done;
}

/**
 * A change of the room state that the policy allows.
 * @param forged what its author says beside that, and nobody may take over
 */
export async function crafts(
  fuzz: Fuzz,
  device: Device,
  change: Partial<Pick<State, 'mods' | 'bans' | 'pins'>>,
  forged?: (room: Room) => Promise<Uint8Array>,
): Promise<void> {
  const { person } = device;
  await fuzz.reads(device);
  const { room } = person;
  const { mods = [], bans = [], pins = [] } = { ...stateOf(room), ...change };
  const { mods: _, bans: __, pins: ___, ...rest } = stateOf(room);
  const state: RoomState = {
    ...rest,
    ...(mods.length > 0 && { mods: [...mods] }),
    ...(bans.length > 0 && { bans: [...bans] }),
    ...(pins.length > 0 && { pins: [...pins] }),
  };
  const extensions = contextExtensions(room.context.genesis, state);
  const proposals = [
    { proposalType: 'group_context_extensions', groupContextExtensions: { extensions } } as const,
  ];
  const make = async (now: Room): Promise<Started> => {
    const data = (await forged?.(now)) ?? new Uint8Array();
    const crafted = await craftCommit(now.mls, renewedBy(person), {
      ...{ proposals, path: false, extensions, data },
    });
    const body = sealBody(now.keys, 'handshake', now.id, crafted.message, fuzz.env);
    const frame = await request(person, body, crafted.state);
    const pending = {
      intent: 'state',
      request: frame.id,
      after: now.base,
      hash: encodeBytes(sha256(body)),
      mls: crafted.state,
      data,
    } as const;
    return { room: { ...now, pending }, frame };
  };
  const next = { state: { ...device.epoch.state, ...change } };
  await fuzz.commits(device, make, () => ({ kind: 'state', next }));
}

async function talks(fuzz: Fuzz): Promise<void> {
  const device = fuzz.actor();
  if (device === undefined) return;
  for (let n = 1 + Math.floor(fuzz.env.chance() * 3); n > 0; n -= 1) await fuzz.says(device);
}

/** A handshake is appended after several people have sealed messages; they encrypt the messages again. */
async function isOvertaken(fuzz: Fuzz): Promise<void> {
  const speakers = fuzz.majority.filter(() => fuzz.happens(0.5)).slice(0, 3);
  const by = fuzz.actor();
  if (by === undefined || speakers.includes(by)) return;
  const sealed: { device: Device; draft: Draft; frame: UpOf<'post'> }[] = [];
  for (const device of speakers) {
    await fuzz.reads(device);
    for (let n = 1 + Math.floor(fuzz.env.chance() * 2); n > 0; n -= 1) {
      const draft = fuzz.draft(fuzz.content());
      sealed.push({ device, draft, frame: await fuzz.seals(device, draft) });
    }
    if (fuzz.happens(0.3)) device.person.room = await device.person.copy();
  }
  const isOver = await heals(fuzz, by);
  for (const { device, draft, frame } of sealed) {
    const seq = fuzz.log.post(frame);
    if (!isOver && seq !== 'stale') fuzz.landsMessage(device, draft, seq);
    else expect(seq).toBe('stale');
  }
  if (!isOver) return;
  for (const { device, draft } of sealed) {
    await fuzz.reads(device);
    const seq = fuzz.log.post(await fuzz.seals(device, draft));
    if (seq === 'stale') throw new Error('a message that was encrypted again is stale');
    fuzz.landsMessage(device, draft, seq);
  }
}

async function healsOne(fuzz: Fuzz): Promise<void> {
  const device = fuzz.actor();
  if (device === undefined) return;
  const kind = fuzz.env.chance();
  if (kind < 0.15) {
    const asks = (room: Room) => heal(room, fuzz.env, { ask: true });
    await fuzz.commits(device, asks, () => healed(device, { asks: true }));
  } else if (kind < 0.3) {
    await fuzz.commits(
      device,
      (room) => heal(room, fuzz.env, { name: `new ${fuzz.text()}` }),
      () => healed(device),
    );
  } else if (kind < 0.6 && orders(device)) {
    const retires = (room: Room) => heal(room, fuzz.env, { retire: true });
    await fuzz.commits(device, retires, () => healed(device, { retires: true }));
  } else await heals(fuzz, device);
}

async function answers(fuzz: Fuzz): Promise<void> {
  const staff = fuzz.actor((one) => one.asked && orders(one));
  if (staff === undefined) return;
  await fuzz.commits(
    staff,
    (room) => answerAsk(room, fuzz.env),
    stated(staff, { invites: opened(staff).invites.filter(({ own }) => !own) }, { retires: true }),
  );
}

async function configures(fuzz: Fuzz): Promise<void> {
  const admin = fuzz.actor(isAdmin);
  if (admin === undefined) return;
  const change = fuzz.happens(0.5) ? { name: fuzz.text() } : { topic: fuzz.happens(0.5) ? fuzz.text() : '' };
  await fuzz.commits(admin, (room) => configure(room, change, fuzz.env), stated(admin, change));
}

/** Makes an admin, or ends the rights of one: of itself, too. */
async function appoints(fuzz: Fuzz): Promise<void> {
  const admin = fuzz.actor(holdsKey);
  if (admin === undefined) return;
  await fuzz.reads(admin);
  const target = fuzz.pick([...admin.epoch.devices]);
  const now = opened(admin);
  const others = now.admins.filter((one) => one !== target.identity);
  const isNew = !now.admins.includes(target.identity) || fuzz.happens(0.1);
  const devices = [...admin.epoch.devices];
  if (!isNew && devices.every(({ identity }) => !others.includes(identity))) return;
  if (isNew && target.hostile) return;
  const change = {
    admins: isNew ? [...others, target.identity].sort() : others,
    mods: now.mods.filter((one) => one !== target.identity),
    mutes: now.mutes.filter((one) => one !== target.identity),
  };
  const isKnown = devices.some((one) => one.identity === target.identity && !one.limited);
  const handedTo = devices.filter(
    (one) =>
      one !== admin &&
      !one.limited &&
      (isNew ? one.identity === target.identity : others.includes(one.identity)),
  );
  await fuzz.commits(
    admin,
    (room) => setRole(room, target.person.device, isNew ? 'admin' : 'member', fuzz.env),
    stated(admin, change, { handedTo, ...(!isNew && isKnown && { newAdminKey: true }) }, target.identity),
  );
}

/** Makes a moderator, bans a person, or pins a message. */
async function regulates(fuzz: Fuzz): Promise<void> {
  const staff = fuzz.actor((one) => (one.isAdmin || one.isModerator) && !one.epoch.closed);
  if (staff === undefined) return;
  await fuzz.reads(staff);
  const { admins, mods, bans, pins } = staff.epoch.state;
  const kind = fuzz.env.chance();
  const plain = [...staff.epoch.devices].find(
    ({ identity, hostile }) => !hostile && !admins.includes(identity),
  );
  if (kind < 0.4 && staff.isAdmin && plain !== undefined) {
    const next = mods.includes(plain.identity)
      ? mods.filter((one) => one !== plain.identity)
      : [...mods, plain.identity].sort();
    await crafts(fuzz, staff, { mods: next });
  } else if (kind < 0.6 && bans.length < 8) {
    const banned = fuzz.maybe(fuzz.outside) ?? fuzz.newcomer();
    const print = encodeBytes(fingerprintOf(banned.who.identity.publicKey));
    if (!bans.includes(print)) await crafts(fuzz, staff, { bans: [...bans, print].sort() });
  } else if (pins.length < 8) {
    const message = fuzz.maybe(fuzz.messages);
    if (message !== undefined && !pins.includes(message.id))
      await crafts(fuzz, staff, { pins: [...pins, message.id] });
  }
}

/** Staff mutes or unmutes somebody who holds no office. */
async function mutesOne(fuzz: Fuzz): Promise<void> {
  const staff = fuzz.actor((one) => (one.isAdmin ? holdsKey(one) : one.isModerator));
  if (staff === undefined) return;
  await fuzz.reads(staff);
  const { admins, mods, mutes } = opened(staff);
  const target = fuzz.maybe(
    [...staff.epoch.devices].filter(({ identity }) => ![...admins, ...mods].includes(identity)),
  );
  if (target === undefined) return;
  const others = mutes.filter((one) => one !== target.identity);
  const isMuted = others.length < mutes.length;
  await fuzz.commits(
    staff,
    (room) => setRole(room, target.person.device, isMuted ? 'member' : 'observer', fuzz.env),
    stated(staff, { mutes: isMuted ? others : [...others, target.identity].sort() }, {}, target.identity),
  );
  fuzz.count(isMuted ? 'unmuted' : 'muted');
}

async function invites(fuzz: Fuzz): Promise<void> {
  const device = fuzz.actor();
  if (device === undefined) return;
  await invitesBy(fuzz, device);
}

export async function invitesBy(fuzz: Fuzz, device: Device): Promise<boolean> {
  const now = opened(device);
  if (now.invites.length > 11) return false;
  const secret = fuzz.env.random(16);
  const fresh = { id: inviteKeys(secret).id, by: device.identity, own: false };
  const done = await fuzz.commits(
    device,
    (room) => invite(room, secret, {}, fuzz.env),
    stated(device, { invites: [...now.invites, fresh] }),
  );
  if (done) fuzz.links = [...fuzz.links.slice(-3), device.person.linkFor(secret)];
  return done;
}

async function revokes(fuzz: Fuzz): Promise<void> {
  const device = fuzz.actor(({ epoch, limited }) => !epoch.closed && !limited);
  if (device === undefined) return;
  await fuzz.reads(device);
  const may = device.isAdmin || device.isModerator;
  const one = fuzz.maybe(invitesOf(device.person.room).filter(({ by }) => may || by === device.identity));
  if (one === undefined) return;
  const left = device.epoch.state.invites.filter(({ id }) => id !== one.id);
  await fuzz.commits(device, (room) => revoke(room, [one.id], fuzz.env), stated(device, { invites: left }));
}

async function reopens(fuzz: Fuzz): Promise<void> {
  const device = fuzz.actor(({ epoch }) => epoch.closed || epoch.state.invites.every(({ own }) => !own));
  if (device === undefined) return;
  await fuzz.commits(device, (room) => reopen(room, fuzz.env), stated(device, {}));
}

/** A newcomer, or somebody who was a member, joins by a link. */
export async function comesIn(fuzz: Fuzz): Promise<void> {
  if (fuzz.devices.length >= CROWD) return removesOne(fuzz);
  const link = fuzz.links.findLast((one) => fuzz.log.info(one) !== undefined);
  if (link === undefined) return invites(fuzz);
  const back = fuzz.happens(0.4) ? fuzz.maybe(fuzz.outside) : undefined;
  const person = back ?? fuzz.newcomer();
  const device = fuzz.model.joiner(person);
  const {
    epoch: { state, devices },
    flaw,
  } = fuzz.model.info;
  const error = await fuzz.joins(device, link, undefined);
  if (error !== undefined) {
    const print = encodeBytes(fingerprintOf(person.who.identity.publicKey));
    const isIn = [...devices].some(({ identity }) => identity === device.identity);
    const expected = [
      ...(flaw === undefined ? [] : ['bad-invite']),
      ...(state.bans.includes(print) ? ['banned'] : []),
      ...(isIn ? ['still-member'] : []),
      ...(state.invites.every(({ id }) => id !== inviteKeys(link.secret).id) ? ['invite-revoked'] : []),
    ];
    expect(expected, 'why a join fails').toContain(error.code);
    fuzz.count(error.code);
    fuzz.model.devices.splice(fuzz.model.devices.indexOf(device), 1);
    return;
  }
  if (back !== undefined) fuzz.outside.splice(fuzz.outside.indexOf(back), 1);
  fuzz.devices.push(device);
}

/** A person brings in another device by the own invite. @returns the device */
export async function anotherDevice(fuzz: Fuzz, of: Device, limited = false): Promise<Device | undefined> {
  const { own } = of.person.room;
  const { epoch } = fuzz.model.info;
  if (own === undefined || epoch.closed) return undefined;
  const link = of.person.linkFor(own);
  const who = withNewDevice(of.person.who, fuzz.env);
  const certificate = limited ? certify(who.identity, who.device.publicKey, true) : undefined;
  const person = fuzz.newcomer(who, certificate);
  const device = fuzz.model.joiner(person);
  const error = await fuzz.joins(device, link, undefined);
  if (error !== undefined) {
    fuzz.model.devices.splice(fuzz.model.devices.indexOf(device), 1);
    return undefined;
  }
  fuzz.count(limited ? 'own join of a limited device' : 'own join');
  fuzz.devices.push(device);
  return device;
}

async function bringsDevice(fuzz: Fuzz): Promise<void> {
  const device = fuzz.actor(
    ({ own, limited, siblings }) => own !== undefined && !limited && siblings.length < 3,
  );
  if (device === undefined || fuzz.devices.length > CROWD + 2) return;
  await fuzz.reads(device);
  if (isWhereJoinersGo(fuzz, device)) await anotherDevice(fuzz, device, fuzz.happens(0.3));
}

/** Whether joiners come into the epoch of this device. */
export function isWhereJoinersGo({ model: { info } }: Fuzz, device: Device): boolean {
  return info.epoch === device.epoch && info.flaw === undefined;
}

/** A member joins again in place of its leaf, though nothing is wrong. */
async function joinsAgain(fuzz: Fuzz): Promise<void> {
  const device = fuzz.actor((one) => isWhereJoinersGo(fuzz, one));
  const link = fuzz.links.findLast((one) => fuzz.log.info(one) !== undefined);
  if (device === undefined || link === undefined) return;
  await fuzz.checks(device);
  const error = await fuzz.joins(device, link, device.person.room);
  // Nobody is left who could let it in.
  if (device.epoch.devices.size === 1) expect(error?.code).toBe('still-member');
  else if (error !== undefined) expect(['invite-revoked', 'banned']).toContain(error.code);
  else fuzz.count('again');
}

/** Somebody is removed: the invites end or stay. */
async function removesOne(fuzz: Fuzz): Promise<void> {
  const staff = fuzz.actor((one) => holdsKey(one) || (one.isModerator && !one.isAdmin));
  if (staff === undefined) return;
  await fuzz.reads(staff);
  const { state, devices } = staff.epoch;
  const isStaff = ({ identity }: Device) => [...state.admins, ...state.mods].includes(identity);
  const others = [...devices].filter(
    (one) => one.identity !== staff.identity && (staff.isAdmin || !isStaff(one)),
  );
  const lost = others.filter(({ hostile, status }) => hostile || status === 'broken');
  const target = fuzz.maybe(lost.length > 0 && fuzz.happens(0.7) ? lost : others);
  if (target === undefined) return;
  const keep = !isStaff(target) && fuzz.happens(0.5);
  await removes(fuzz, staff, target, keep);
}

/** A person removes another device of its own. */
async function removesOwn(fuzz: Fuzz): Promise<void> {
  const device = fuzz.actor(({ limited, siblings }) => !limited && siblings.length > 0);
  if (device === undefined) return;
  await fuzz.reads(device);
  const target = fuzz.maybe(device.siblings);
  if (target !== undefined) await removes(fuzz, device, target, fuzz.happens(0.6));
}

/** A member says that it leaves, and an admin removes it. */
async function leaves(fuzz: Fuzz): Promise<void> {
  const admin = fuzz.actor(holdsKey);
  if (admin === undefined) return;
  const isPlain = (one: Device) =>
    one.epoch === admin.epoch &&
    one.identity !== admin.identity &&
    ![...one.epoch.state.admins, ...one.epoch.state.mods].includes(one.identity);
  const leaver = fuzz.maybe(fuzz.actors.filter(isPlain));
  if (leaver === undefined) return;
  await fuzz.says(leaver, { kind: 'leave' });
  await removes(fuzz, admin, leaver, true);
}

/** Several make a handshake from the same epoch, and one wins. */
async function races(fuzz: Fuzz): Promise<void> {
  const racers = fuzz.majority.filter(() => fuzz.happens(0.6));
  const started: { device: Device; frame: Started['frame'] }[] = [];
  for (const device of racers) {
    const frame = await fuzz.starts(device, (room) => heal(room, fuzz.env));
    if (frame !== undefined) started.push({ device, frame });
  }
  while (started.length > 0) {
    const one = fuzz.pick(started);
    started.splice(started.indexOf(one), 1);
    await fuzz.sends(one.device, one.frame, () => healed(one.device));
  }
}

/** A device dies after it has stored a handshake, and before it sends it. Others go on, or don't. */
async function diesBeforeSending(fuzz: Fuzz): Promise<void> {
  const device = fuzz.actor();
  if (device === undefined) return;
  const expected = healed(device);
  const frame = await fuzz.starts(device, (room) => heal(room, fuzz.env));
  if (frame === undefined) return;
  device.person.room = await device.person.copy();
  const other = fuzz.maybe(fuzz.majority.filter((one) => one !== device));
  if (other !== undefined && fuzz.happens(0.4)) await heals(fuzz, other);
  else if (other !== undefined) await fuzz.says(other);
  if (fuzz.happens(0.3)) return;
  fuzz.count('sent after a restart');
  await fuzz.sends(device, frame, () => expected);
}

/** A profile is restored from an older copy of itself, which lacks messages. */
async function rollsBack(fuzz: Fuzz): Promise<void> {
  const device = fuzz.actor();
  if (device === undefined) return;
  await fuzz.checks(device);
  const old = await device.person.copy();
  for (let n = 1 + Math.floor(fuzz.env.chance() * 3); n > 0; n -= 1) {
    const content = fuzz.content();
    await fuzz.says(device, content);
    // The copy reads messages of its own that it doesn't know.
    device.due.push('!rolled-back', `${device.identity} ${JSON.stringify(content)}`);
  }
  device.person.room = old;
  device.person.events.length = 0;
  device.status = 'rolled-back';
  fuzz.count('rolled back');
  await fuzz.checks(device);
  await heals(fuzz, device);
}

/** A copy of a profile replaces its keys first. The profile is locked out: its person comes in as a new device, and removes the old leaf. */
async function isCopied(fuzz: Fuzz): Promise<void> {
  const device = fuzz.actor();
  if (device === undefined) return;
  await fuzz.checks(device);
  const old = await device.person.copy();
  if (!(await heals(fuzz, device))) return;
  device.person.room = old;
  device.person.events.length = 0;
  device.due.push('!broken');
  device.status = 'broken';
  fuzz.count('copied');
  await fuzz.checks(device);
  await expect(heal(device.person.room, fuzz.env)).rejects.toThrow('not-active');
}

/** A person that was locked out comes in as a new device, and removes the old leaf. */
async function returnsAsNewDevice(fuzz: Fuzz): Promise<void> {
  const lost = fuzz.maybe(fuzz.devices.filter(({ status }) => status === 'broken'));
  if (lost === undefined) return;
  const { epoch } = fuzz.model.info;
  if (!epoch.devices.has(lost)) return fuzz.leaves(lost);
  const again = await anotherDevice(fuzz, lost);
  if (again === undefined || !again.epoch.devices.has(lost)) return;
  const keep = fuzz.happens(0.5);
  if (fuzz.main === again.epoch) await removes(fuzz, again, lost, keep);
}

/** Somebody is offline, and reads all of it later. */
function goesAway(fuzz: Fuzz): void {
  const device = fuzz.actor();
  if (device !== undefined && fuzz.actors.length > 3) fuzz.away.add(device);
}

async function comesHome(fuzz: Fuzz): Promise<void> {
  const device = fuzz.maybe([...fuzz.away]);
  if (device !== undefined) fuzz.away.delete(device);
}

async function restarts(fuzz: Fuzz): Promise<void> {
  for (const { person } of fuzz.devices) if (fuzz.happens(0.5)) person.room = await person.copy();
}

/** What admins and makers of invites do after each handshake. */
export async function audits(fuzz: Fuzz): Promise<void> {
  const keeper = fuzz.maybe(fuzz.majority.filter(({ doubt }) => doubt === undefined));
  if (keeper === undefined) return;
  await fuzz.reads(keeper);
  if (!(await keeper.person.sees(fuzz.log))) await refreshes(fuzz, keeper);
}

async function refreshes(fuzz: Fuzz, device: Device): Promise<void> {
  expect(fuzz.log.refresh(await refresh(device.person.room, fuzz.env))).toBe('done');
  fuzz.model.info = { epoch: device.epoch, signer: device };
}

/** Who can't follow, or isn't where most are, looks and comes back. */
export async function comesBack(fuzz: Fuzz): Promise<void> {
  const { main } = fuzz;
  const isIn = ({ status }: Device) => status === 'active' || status === 'rolled-back';
  const device = fuzz.maybe(
    fuzz.devices.filter(
      (one) =>
        !fuzz.away.has(one) &&
        (one.status === 'split' || (isIn(one) && (one.epoch !== main || !fuzz.model.isLive(one)))),
    ),
  );
  if (device === undefined) return;
  if (fuzz.model.info.epoch !== main || fuzz.model.info.flaw !== undefined) {
    const other = fuzz.maybe(fuzz.majority.filter((one) => one !== device));
    if (other === undefined) return;
    await fuzz.reads(other);
    await refreshes(fuzz, other);
  }
  const proved = device.status === 'split' || (await fuzz.looks(device));
  // Without a proof its user may ask for it.
  if (!proved && fuzz.happens(0.6)) return;
  await fuzz.checks(device);
  await returns(fuzz, device, main);
}

async function returns(fuzz: Fuzz, device: Device, main: Epoch): Promise<void> {
  const { person } = device;
  const { own } = person.room;
  const link = own && person.linkFor(own);
  const isIn = main.devices.has(device);
  if (link !== undefined && isIn && fuzz.log.info(link) !== undefined) {
    const isProof = device.status !== 'split' || fuzz.model.proves(device);
    const isNew = person.room.entrance !== undefined;
    const error = await fuzz.joins(device, link, person.room, true);
    const isBack = isNew ? error === undefined : isProof;
    expect(error?.code).toBe(isBack ? undefined : 'change-unconfirmed');
    fuzz.count(isBack ? 'return' : 'return without a proof');
    if (isBack) return;
  }
  // The own invite has ended there: a friend invites it.
  const friend = fuzz.maybe(fuzz.majority.filter((one) => one !== device));
  if (friend === undefined || !(await invitesBy(fuzz, friend))) return;
  const by = fuzz.links.at(-1);
  if (by === undefined || fuzz.log.info(by) === undefined) return;
  const error = await fuzz.joins(device, by, person.room);
  if (error === undefined) return fuzz.count('return by a friend');
  expect(['banned', 'still-member']).toContain(error.code);
  // While it was elsewhere the others have removed and banned it, or its own person has removed this device: it is no member any more.
  if (!isIn) fuzz.leaves(device);
}

export type Operation = readonly [weight: number, run: (fuzz: Fuzz) => Promise<void> | void];

export const honest: readonly Operation[] = [
  [14, talks],
  [3, isOvertaken],
  [3, healsOne],
  [2, answers],
  [1, configures],
  [1.5, appoints],
  [1.5, regulates],
  [1, mutesOne],
  [1, invites],
  [0.5, revokes],
  [1.5, reopens],
  [4, comesIn],
  [1, bringsDevice],
  [1, joinsAgain],
  [1.5, removesOne],
  [0.7, removesOwn],
  [0.7, leaves],
  [1.5, races],
  [1.5, diesBeforeSending],
  [1, rollsBack],
  [0.4, isCopied],
  [1, returnsAsNewDevice],
  [1, goesAway],
  [1.5, comesHome],
  [1, restarts],
];

function isBanned({ person }: Device, { state: { bans } }: Epoch): boolean {
  return bans.includes(encodeBytes(fingerprintOf(person.who.identity.publicKey)));
}

/** Where each device is, in a line. */
function summary({ devices, main, model }: Fuzz): string {
  const { epoch, flaw = 'none', signer } = model.info;
  const name = (device: Device | undefined) => device?.person.name ?? 'nobody';
  const numberOf = (one: Epoch) =>
    `${one.number}${one === main ? ' (main)' : one === epoch ? ' (kept)' : ''}`;
  const lines = devices.map(
    (one) =>
      `${name(one)}: ${one.status}, epoch ${numberOf(one.epoch)}, key ${model.isLive(one) ? 'live' : 'retired'}, ` +
      `own invite ${one.own === undefined ? 'unknown' : 'known'}, ${main.devices.has(one) ? 'in' : 'not in'} main${isBanned(one, main) ? ', banned there' : ''}`,
  );
  return [`kept: epoch ${numberOf(epoch)}, by ${name(signer)}, flaw ${flaw}`, ...lines].join('\n');
}

/** Everybody comes home and comes back, until all who are members agree. */
export async function settles(fuzz: Fuzz): Promise<void> {
  fuzz.away.clear();
  for (let tries = 0; tries < 60; tries += 1) {
    await fuzz.checksAll();
    const { main } = fuzz;
    if (
      fuzz.devices.every(
        ({ status, epoch }) => status === 'broken' || (status === 'active' && epoch === main),
      )
    )
      break;
    const rolledBack = fuzz.devices.find(({ status }) => status === 'rolled-back');
    if (rolledBack !== undefined) await heals(fuzz, rolledBack);
    await comesBack(fuzz);
  }
  const { main, majority } = fuzz;
  const isElsewhere = ({ status, epoch }: Device) => status !== 'broken' && epoch !== main;
  if (fuzz.devices.some(isElsewhere)) throw new Error(`not everybody is back:\n${summary(fuzz)}`);
  for (const device of majority) await fuzz.says(device);
  await fuzz.checksAll();
}
