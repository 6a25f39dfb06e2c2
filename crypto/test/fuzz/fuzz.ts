import { encodeBytes } from '@gochat/protocol/encoding';
import type { Position } from '@gochat/protocol/fields';
import { expect } from 'vitest';
import type { Content } from '../../src/content.ts';
import { landedFirst } from '../../src/create.ts';
import type { RoomEvent } from '../../src/event.ts';
import { abandon, type Started } from '../../src/handshake.ts';
import { inviteKeys } from '../../src/invite.ts';
import { join } from '../../src/join.ts';
import type { InviteLink } from '../../src/link.ts';
import { afterReturn, afterSplit, look, waysIn } from '../../src/look.ts';
import type { SigningKey } from '../../src/primitives.ts';
import { leafKeysOf, memberAt, membersOf, ownLeaf, type Room, roomCode, stateOf } from '../../src/room.ts';
import { RoomError } from '../../src/room-error.ts';
import { readContext } from '../../src/room-state.ts';
import { sealMessage } from '../../src/send.ts';
import { Log } from '../log.ts';
import { Person, seededEnv } from '../world.ts';
import { type Change, type Device, type Epoch, Model, type State } from './model.ts';

const TEN_MINUTES_MS = 10 * 60_000;

/** What a handshake is expected to do, once it is in the log. */
export type Expected = Omit<Change, 'by' | 'from'>;

/** A sealed message that isn't in the log yet. */
export interface Draft {
  readonly id: string;
  n: number | undefined;
  readonly content: Content;
}

/** A room in which random things happen, beside the model that predicts what each device makes of them. */
export class Fuzz {
  readonly env;
  log = new Log();
  model = new Model();
  /** The honest devices. */
  readonly devices: Device[] = [];
  /** The devices that read nothing for now. */
  readonly away = new Set<Device>();
  /** Persons that are not in the room. */
  outside: Person[] = [];
  links: InviteLink[] = [];
  /** The secrets of all own invites that a device has known. */
  readonly entrances = new Map<string, Uint8Array>();
  /** What messages can refer to. */
  messages: { readonly seq: Position; readonly id: string }[] = [];
  readonly counts = new Map<string, number>();
  /** The hostile member. */
  mal: Device | undefined;
  readonly #adminKeys = new Map<number, SigningKey>();
  readonly #keepersKeys = new Map<number, SigningKey>();
  readonly #codes = new Map<Epoch, string>();
  #names = 0;
  #texts = 0;

  constructor(seed: number) {
    this.env = seededEnv(seed);
  }

  async begins(): Promise<void> {
    const founder = this.newcomer();
    await founder.creates(this.log);
    const device = this.model.founds(founder, 'kitchen', founder.room.position);
    this.devices.push(device);
  }

  /** Everybody goes to a new room. */
  async moves(): Promise<void> {
    this.count('rooms');
    this.log = new Log();
    this.model = new Model();
    this.devices.length = 0;
    this.away.clear();
    this.outside = [];
    this.links = [];
    this.entrances.clear();
    this.messages = [];
    this.mal = undefined;
    this.#adminKeys.clear();
    this.#keepersKeys.clear();
    this.#codes.clear();
    await this.begins();
  }

  newcomer(who?: Person['who'], certificate?: Person['certificate']): Person {
    this.#names += 1;
    const person = new Person(`p${this.#names}`, this.env, who, certificate);
    person.restarts = this.happens(0.2);
    return person;
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  happens(probability: number): boolean {
    return this.env.chance() < probability;
  }

  pick<T>(list: readonly T[]): T {
    const one = this.maybe(list);
    if (one === undefined) throw new Error('nothing to pick from');
    return one;
  }

  maybe<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.env.chance() * list.length)];
  }

  /** The epoch of most honest devices that may act; if none may, the one in which joiners come. */
  get main(): Epoch {
    const sizes = new Map<Epoch, number>();
    for (const one of this.devices)
      if (one.status === 'active' && this.model.isLive(one))
        sizes.set(one.epoch, (sizes.get(one.epoch) ?? 0) + 1);
    const [first] = [...sizes].sort(([, a], [, b]) => b - a);
    return first?.[0] ?? this.model.info.epoch;
  }

  /** The honest devices that are online and may act. */
  get actors(): Device[] {
    return this.devices.filter(
      (one) => one.status === 'active' && !this.away.has(one) && this.model.isLive(one),
    );
  }

  /** The actors that are where most are. */
  get majority(): Device[] {
    const { main } = this;
    return this.actors.filter(({ epoch }) => epoch === main);
  }

  /** One that acts: mostly one of where most are. */
  actor(fits: (device: Device) => boolean = () => true): Device | undefined {
    const list = this.happens(0.9) ? this.majority : this.actors;
    return this.maybe(list.filter(fits));
  }

  /** Whether there is an admin who can act. */
  get isAlive(): boolean {
    return this.devices.some(
      (one) =>
        one.status === 'active' && one.isAdmin && one.admin === this.model.admin && this.model.isLive(one),
    );
  }

  async reads(device: Device): Promise<void> {
    await device.person.reads(this.log);
  }

  text(): string {
    this.#texts += 1;
    return `t${this.#texts}`;
  }

  async seals(device: Device, draft: Draft) {
    const { person } = device;
    const sealed = await sealMessage(person.room, draft, this.env);
    draft.n = sealed.n;
    await person.keeps(sealed.room, sealed.secretsToWipe);
    return sealed.frame;
  }

  draft(content: Content): Draft {
    return { id: encodeBytes(this.env.random(16)), n: undefined, content };
  }

  content(): Content {
    const of = this.maybe(this.messages);
    const kind = of === undefined ? 0 : this.env.chance();
    if (of !== undefined && kind > 0.9) return { kind: 'delete', of };
    if (of !== undefined && kind > 0.8) return { kind: 'edit', of, text: this.text() };
    if (of !== undefined && kind > 0.7) return { kind: 'react', to: of, emoji: '🜚', on: true };
    return { kind: 'text', text: this.text(), ...(kind > 0.6 && of && { reply: of }) };
  }

  landsMessage(device: Device, { id, content }: Draft, seq: Position): void {
    this.messages = [...this.messages.slice(-7), { seq, id }];
    this.model.message(device, `${device.identity} ${JSON.stringify(content)}`);
  }

  async says(device: Device, content = this.content()): Promise<void> {
    await this.reads(device);
    const draft = this.draft(content);
    const frame = await this.seals(device, draft);
    if (this.happens(0.1)) device.person.room = await device.person.copy();
    const seq = this.log.post(frame);
    // The reply is lost, and the same frame is sent again.
    if (this.happens(0.1)) expect(this.log.post(frame)).toBe(seq);
    if (seq === 'stale') throw new Error('a fresh message is stale');
    this.landsMessage(device, draft, seq);
  }

  /** Makes a handshake from what the device has read. Waits out a doubt. @returns undefined if the device may not */
  async starts(
    device: Device,
    make: (room: Room) => Promise<Started>,
  ): Promise<Started['frame'] | undefined> {
    const { person } = device;
    await this.reads(device);
    if (person.room.pending !== undefined) person.room = abandon(person.room);
    try {
      return await person.starts(make);
    } catch (error) {
      if (!(error instanceof RoomError) || error.code !== 'change-unconfirmed') throw error;
      expect(device.doubt, 'a wait without a doubt').toBeDefined();
      this.count('waits');
      if (this.happens(0.5)) return undefined;
      this.env.passes(TEN_MINUTES_MS);
      return await person.starts(make);
    }
  }

  /** Makes a handshake and sends it. */
  async commits(
    device: Device,
    make: (room: Room) => Promise<Started>,
    expected: (room: Room) => Expected,
  ): Promise<boolean> {
    const frame = await this.starts(device, make);
    return frame !== undefined && this.sends(device, frame, expected);
  }

  /** Sends the stored frame of a pending handshake. @returns whether it is in the log */
  async sends(device: Device, frame: Started['frame'], expected: (room: Room) => Expected): Promise<boolean> {
    const { person, epoch: from } = device;
    if (this.happens(0.15)) person.room = await person.copy();
    const isOrderer = device.isAdmin
      ? device.admin === this.model.admin
      : device.keepers === this.model.keepers;
    const refused = !this.model.isLive(device) || (frame.order !== undefined && !isOrderer);
    const outcome = this.log.swap(frame);
    if (outcome === 'conflict') return false;
    if (refused) expect(outcome).toBe('refused');
    if (outcome === 'refused') {
      expect(refused, 'the server refuses a handshake').toBe(true);
      this.count('refused');
      person.room = abandon(person.room);
      return false;
    }
    // The device dies before it learns this, and sends the same frame again.
    if (this.happens(0.15)) {
      person.room = await person.copy();
      expect(this.log.swap(frame)).toBe(outcome);
    }
    const change = expected(pendingRoom(person.room));
    this.model.lands({ ...change, by: device, from }, outcome);
    this.count(change.kind);
    return true;
  }

  /** Joins with the GroupInfo that the server keeps. @returns the error if that is impossible */
  async joins(
    device: Device,
    link: InviteLink,
    former: Room | undefined,
    unfollowed = false,
  ): Promise<RoomError | undefined> {
    const { person } = device;
    const info = this.log.info(link);
    if (info === undefined) return new RoomError('bad-invite');
    const old = former === undefined ? undefined : person.room;
    const options = {
      ...(former && { former: leafKeysOf(former) }),
      ...(unfollowed && former?.unfollowed && { unfollowed: former.unfollowed.seq }),
      ...(unfollowed && former?.status === 'split' && { split: { room: former, unasked: false } }),
    };
    let started: Awaited<ReturnType<typeof join>>;
    try {
      started = await join(person.joiner, person.name, link, info, this.env, options);
    } catch (error) {
      if (error instanceof RoomError) return error;
      throw error;
    }
    const from = this.model.info.epoch;
    person.room = started.room;
    if (this.happens(0.2)) person.room = await person.copy();
    const seq = this.log.swap(started.frame);
    if (seq === 'conflict' || seq === 'refused') throw new Error(`a join has the outcome ${seq}`);
    if (this.happens(0.2)) expect(this.log.swap(started.frame)).toBe(seq);
    await person.keeps(landedFirst(person.room, seq));
    const returns = unfollowed && old !== undefined;
    if (returns) await person.keeps(afterReturn(person.room, old));
    const devices = new Set([...from.devices, device]);
    this.model.lands({ kind: 'join', by: device, from, next: { devices }, returns }, seq);
    // Whoever comes in by the own invite has its secret.
    const { id } = inviteKeys(link.secret);
    if (from.state.invites.some((one) => one.own && one.id === id)) device.own = id;
    // An admin with the own invite may find the admin key in the GroupInfo: crypto/test/office.test.ts says when.
    this.adminKeyFound(device);
    person.events.length = 0;
    this.count('join');
    return undefined;
  }

  /** Compares what the server keeps with the own epoch, and checks what the model says about that. */
  async looks(device: Device): Promise<boolean> {
    const { person } = device;
    await this.checks(device);
    const kept = this.log.kept;
    const ways = waysIn(person.room).map((secret) => inviteKeys(secret).id as string);
    const isReadable =
      this.model.info.flaw !== 'unreadable' &&
      kept.invites.some((one) => ways.includes(one.invite) && one.wrapped !== undefined);
    const sight = await look(person.room, kept);
    const isHere = this.model.info.epoch === device.epoch;
    if (isReadable && isHere) expect(sight.kind).toBe('here');
    else if (!isReadable) expect(sight.kind).toBe('unknown');
    // Until somebody has vouched for its join, less is proof enough that members have skipped it.
    else if (person.room.entrance === undefined)
      expect(sight.kind === 'elsewhere', `a split: ${JSON.stringify(sight)}`).toBe(this.model.proves(device));
    if (sight.kind !== 'elsewhere') return false;
    await person.keeps(afterSplit(person.room, sight.split));
    device.status = 'split';
    this.count('split');
    return true;
  }

  /** Reads the log, and expects exactly what the model predicts. */
  async checks(device: Device): Promise<void> {
    await this.reads(device);
    const { person } = device;
    const { room, events } = person;
    expect(lines(events)).toEqual(device.due);
    device.due = [];
    events.length = 0;
    expect(room.status).toBe(device.status);
    if (device.status === 'removed' || device.status === 'broken') return;
    const { epoch } = device;
    this.checksEpoch(device);
    expect(
      membersOf(room)
        .map((one) => one.device)
        .sort(),
    ).toEqual([...epoch.devices].map((one) => one.person.device).sort());
    expect(memberAt(room, ownLeaf(room))?.device).toBe(person.device);
    expect(stateIn(room)).toEqual(epoch.state);
    expect(room.joinsClosed).toBe(epoch.closed);
    expect(room.own !== undefined).toBe(device.own !== undefined);
    if (room.own !== undefined) this.entrances.set(encodeBytes(room.own), room.own.slice());
    expect(room.retirement.due === 'asked').toBe(device.asked);
    expect(room.unfollowed !== undefined).toBe(device.doubt !== undefined);
    expect(room.unfollowed?.authors.map(({ identity }) => identity).sort() ?? []).toEqual(
      [...(device.doubt?.authors ?? [])].sort(),
    );
    this.#checksKey(this.#adminKeys, device.admin, room.admin);
    this.#checksKey(this.#keepersKeys, device.keepers, room.keepers);
    if (this.happens(0.1)) expect(person.enters(this.log)).toBe(this.model.isLive(device));
  }

  /** Expects a device to be in the epoch that the model names. */
  checksEpoch({ person: { room }, epoch }: Device): void {
    const code = this.#codes.get(epoch) ?? roomCode(room);
    expect([...this.#codes].filter(([other, one]) => other !== epoch && one === code)).toEqual([]);
    this.#codes.set(epoch, code);
    expect(roomCode(room)).toBe(code);
    expect(Number(room.mls.groupContext.epoch)).toBe(epoch.number);
  }

  /** Takes over which admin key a joiner has found. */
  adminKeyFound(device: Device): void {
    const { admin } = device.person.room;
    if (admin === undefined) return;
    expect(device.isAdmin, 'who finds an admin key').toBe(true);
    const known = [...this.#adminKeys].find(
      ([, key]) => encodeBytes(key.publicKey) === encodeBytes(admin.publicKey),
    );
    device.admin = known?.[0] ?? this.model.admin;
  }

  #checksKey(keys: Map<number, SigningKey>, expected: number | undefined, key: SigningKey | undefined): void {
    expect(key !== undefined).toBe(expected !== undefined);
    if (key === undefined || expected === undefined) return;
    expect((keys.get(expected) ?? key).publicKey).toEqual(key.publicKey);
    keys.set(expected, key);
  }

  /** Admin keys that have been replaced. */
  formerAdminKeys(): SigningKey[] {
    return [...this.#adminKeys]
      .filter(([key]) => key !== this.model.admin)
      .map(([, key]) => key)
      .slice(-3);
  }

  /** Whether members let a joiner in by this link. */
  isListed({ secret }: InviteLink, { state }: Epoch): boolean {
    return state.invites.some(({ id }) => id === inviteKeys(secret).id);
  }

  /** Expects that all honest devices of an epoch agree, and that each has read what was sent to it. */
  async checksAll(): Promise<void> {
    const trees = new Map<Epoch, string>();
    const chains = new Map<Epoch, string>();
    for (const device of [...this.devices]) {
      if (this.away.has(device)) continue;
      await this.checks(device);
      if (device.status === 'removed') {
        this.leaves(device);
        continue;
      }
      if (device.status === 'broken') continue;
      const { mls, chain } = device.person.room;
      const tree = encodeBytes(mls.groupContext.treeHash);
      expect(trees.get(device.epoch) ?? tree).toBe(tree);
      trees.set(device.epoch, tree);
      // Whoever has joined with the handshake that began the epoch has the same evidence, too.
      const evidence = `${chain.index} ${encodeBytes(chain.value)}`;
      expect(chains.get(device.epoch) ?? evidence).toBe(evidence);
      chains.set(device.epoch, evidence);
    }
    if (this.mal?.status === 'active') {
      await this.reads(this.mal);
      this.checksEpoch(this.mal);
    }
    for (const one of this.model.devices) {
      if (!one.hostile) continue;
      one.due = [];
      one.person.events.length = 0;
    }
    this.log.frames.length = 0;
  }

  /** A device whose person is not a member any more, unless it has another device. */
  leaves(device: Device): void {
    this.forgets(device);
    if (this.devices.every((one) => one.identity !== device.identity)) this.outside.push(device.person);
  }

  forgets(device: Device): void {
    this.devices.splice(this.devices.indexOf(device), 1);
    this.model.devices.splice(this.model.devices.indexOf(device), 1);
    this.away.delete(device);
  }
}

function lines(events: readonly RoomEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.kind === 'warning') return [`!${event.warning.kind}`];
    return event.kind === 'message' ? [`${event.from.identity} ${JSON.stringify(event.content)}`] : [];
  });
}

/** The room with the state that its pending handshake would make. */
function pendingRoom(room: Room): Room {
  const { groupContext } = room.pending?.mls ?? room.mls;
  const context = readContext(groupContext.extensions, room.id, groupContext.groupId);
  if (context === undefined) throw new Error('no context');
  return { ...room, context };
}

/** The room state, as the model has it. */
function stateIn(room: Room): State {
  const { name, topic = '', admins, mods = [], mutes = [], bans = [], pins = [], invites } = stateOf(room);
  return {
    name,
    topic,
    admins,
    mods,
    mutes,
    bans,
    pins,
    invites: invites.map(({ id, by, own = false }) => ({ id, by, own })),
  };
}
