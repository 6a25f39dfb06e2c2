import { encodeBytes } from '@gochat/protocol/encoding';
import type { Position } from '@gochat/protocol/fields';
import type { Person } from '../world.ts';

/** An invite as the room state lists it. */
export interface Invite {
  readonly id: string;
  readonly by: string;
  readonly own: boolean;
}

/** What members agree on besides the tree. Persons are identity keys. */
export interface State {
  readonly name: string;
  readonly topic: string;
  readonly admins: readonly string[];
  readonly mods: readonly string[];
  readonly mutes: readonly string[];
  readonly bans: readonly string[];
  readonly pins: readonly string[];
  readonly invites: readonly Invite[];
}

/** An epoch that some device may be in. After a handshake that only some can follow, there are several last ones. */
export interface Epoch {
  readonly number: number;
  readonly devices: ReadonlySet<Device>;
  /** Which key the leaf of a device has. */
  readonly keys: ReadonlyMap<Device, number>;
  readonly state: State;
  /** Whether a Remove has closed joins. */
  readonly closed: boolean;
}

/** Handshakes that a device could not follow. */
interface Doubt {
  readonly epoch: number;
  readonly authors: ReadonlySet<string>;
  readonly entered: readonly Epoch[];
}

type Status = 'active' | 'split' | 'rolled-back' | 'broken' | 'removed';

/** A device, and what is expected of it once it has read the whole log. */
export class Device {
  readonly person: Person;
  readonly identity: string;
  /** Nothing is expected of the room of a hostile device. */
  readonly hostile: boolean;
  status: Status = 'active';
  epoch: Epoch;
  /** The id of the own invite whose secret it knows. */
  own: string | undefined;
  /** Which admin key it has. */
  admin: number | undefined;
  /** Which keepers key it has. */
  keepers: number | undefined;
  /** The position of the handshake that added its access key. */
  key = 0;
  /** Whether a member has asked for a retirement, which no admin has answered. */
  asked = false;
  doubt: Doubt | undefined;
  /** What it has to read, in order: messages, and warnings with an exclamation mark. */
  due: string[] = [];

  constructor(person: Person, epoch: Epoch, hostile = false) {
    this.person = person;
    this.identity = encodeBytes(person.who.identity.publicKey);
    this.epoch = epoch;
    this.hostile = hostile;
  }

  /** Whether it is a limited device, which holds no office of its person. */
  get limited(): boolean {
    return this.person.certificate !== undefined;
  }

  get isAdmin(): boolean {
    return !this.limited && this.epoch.state.admins.includes(this.identity);
  }

  get isModerator(): boolean {
    return !this.limited && this.epoch.state.mods.includes(this.identity);
  }

  get isStaff(): boolean {
    return this.isAdmin || this.isModerator;
  }

  get siblings(): Device[] {
    return [...this.epoch.devices].filter((one) => one !== this && one.identity === this.identity);
  }
}

/** A handshake that is in the log. */
export interface Change {
  readonly kind: 'heal' | 'remove' | 'state' | 'join';
  readonly by: Device;
  /** The epoch in which it was made. */
  readonly from: Epoch;
  /** What differs in the epoch that it begins. */
  readonly next?: Partial<Epoch>;
  /** Whose path secrets are garbage. */
  readonly cut?: ReadonlySet<Device>;
  readonly retires?: boolean;
  /** Whether it replaces the admin key. */
  readonly newAdminKey?: boolean;
  /** Who is given the admin key. */
  readonly handedTo?: readonly Device[];
  /** Whether it replaces the keepers key, and who is given it. */
  readonly newKeepers?: boolean;
  readonly keepersTo?: readonly Device[];
  /** Whether it hands the secret of the own invite over. */
  readonly handsOver?: boolean;
  readonly asks?: boolean;
  /** Whether a joiner keeps what it knew: it returns after a split. */
  readonly returns?: boolean;
}

const NOWHERE: Epoch = {
  number: -1,
  devices: new Set(),
  keys: new Map(),
  state: { name: '', topic: '', admins: [], mods: [], mutes: [], bans: [], pins: [], invites: [] },
  closed: false,
};

/** The GroupInfo that the server keeps for joiners. */
interface Info {
  readonly epoch: Epoch;
  readonly signer: Device | undefined;
  /** `unreadable`: nobody's wrapped key opens it. `bogus`: it is of an epoch in which nobody is. */
  readonly flaw?: 'unreadable' | 'bogus';
}

/** Predicts, without any cryptography, which epoch each device is in and what it may do. */
export class Model {
  readonly devices: Device[] = [];
  info: Info = { epoch: NOWHERE, signer: undefined };
  /** The position of the last retirement. */
  retiredAt = 0;
  /** The admin key that the server accepts. */
  admin = 0;
  /** The keepers key that the server accepts. */
  keepers = 0;
  #admins = 0;
  #keepers = 0;
  #leafKeys = 0;

  founds(person: Person, name: string, seq: Position): Device {
    const founder = new Device(person, NOWHERE);
    founder.epoch = {
      number: 0,
      devices: new Set([founder]),
      keys: new Map([[founder, 0]]),
      state: { ...NOWHERE.state, name, admins: [founder.identity] },
      closed: false,
    };
    founder.admin = 0;
    founder.keepers = 0;
    founder.key = Number(seq);
    this.devices.push(founder);
    this.info = { epoch: founder.epoch, signer: founder };
    return founder;
  }

  joiner(person: Person, hostile = false): Device {
    const device = new Device(person, NOWHERE, hostile);
    this.devices.push(device);
    return device;
  }

  /** Whether the server accepts the access key of a device. */
  isLive(device: Device): boolean {
    return device.key >= this.retiredAt;
  }

  /** Those whom entries tell something. */
  #readers(but?: Device): Device[] {
    return this.devices.filter((one) => one !== but && one.status !== 'removed' && one.status !== 'broken');
  }

  message(by: Device, text: string): void {
    for (const device of this.#readers(by))
      device.due.push(device.epoch === by.epoch ? text : '!undecryptable');
  }

  /** A message that no key opens. */
  babble(): void {
    for (const device of this.#readers()) device.due.push('!undecryptable');
  }

  /** A handshake that all refuse, which a dishonest server has appended: it keeps what it had for joiners. */
  smuggled(): void {
    for (const device of this.#readers()) device.due.push('!skipped-handshake');
  }

  /** A handshake that all refuse. @param by who has uploaded the GroupInfo with it */
  refused(by: Device, info: Omit<Info, 'signer'>): void {
    this.smuggled();
    this.info = { ...info, signer: by };
  }

  /**
   * An epoch that nobody is in, but for whoever joins by its GroupInfo.
   * @param without the device whom its author pretends to have removed. @param state what the author pretends to have changed
   */
  bogus(after: Epoch, without?: string, state: Partial<State> = {}): Epoch {
    const devices = new Set([...after.devices].filter(({ person }) => person.device !== without));
    return nextEpoch(after, { devices, state: { ...after.state, ...state } });
  }

  /** A handshake that is allowed, and invalid for all. Its author stays. */
  invalid(by: Device, of: Epoch, flaw: 'unreadable' | 'bogus'): void {
    for (const device of this.#readers(by)) {
      if (device.epoch === of) this.#doubts(device, by);
      else device.due.push('!skipped-handshake');
    }
    this.info = { epoch: this.bogus(of), signer: by, flaw };
  }

  lands(change: Change, seq: Position): Epoch {
    const { by, from } = change;
    const epoch = nextEpoch(from, { ...change.next, keys: this.#keysAfter(change) });
    if (change.newAdminKey) {
      this.#admins += 1;
      this.admin = this.#admins;
    }
    if (change.newKeepers) {
      this.#keepers += 1;
      this.keepers = this.#keepers;
    }
    if (change.retires) this.retiredAt = Number(seq);
    const handed = {
      admin: change.newAdminKey ? this.admin : by.admin,
      keepers: change.newKeepers ? this.keepers : by.keepers,
    };
    for (const device of this.#readers(by)) {
      if (device.epoch !== from) device.due.push('!skipped-handshake');
      else if (!epoch.devices.has(device)) device.status = 'removed';
      else if (change.cut?.has(device)) this.#doubts(device, by);
      else follows(device, change, epoch, handed, Number(seq));
    }
    if (change.kind === 'join') joined(change, epoch);
    else landed(change, epoch, handed);
    by.key = Number(seq);
    this.info = { epoch, signer: by };
    return epoch;
  }

  /** A state change has no path, and who returns in place keeps its key. */
  #keysAfter({ kind, by, from: { keys } }: Change): Epoch['keys'] {
    if (kind === 'state' || (kind === 'join' && keys.has(by))) return keys;
    this.#leafKeys += 1;
    return new Map([...keys, [by, this.#leafKeys]]);
  }

  #doubts(device: Device, by: Device): void {
    device.due.push('!unfollowed');
    const { epoch, authors, entered } = device.doubt ?? {
      epoch: device.epoch.number,
      authors: new Set<string>(),
      entered: [],
    };
    device.doubt = { epoch, authors: new Set([...authors, by.identity]), entered };
  }

  /** Whether the GroupInfo that the server keeps proves to a device that the others have gone on. */
  proves({ epoch, doubt, person }: Device): boolean {
    const { epoch: there, signer, flaw } = this.info;
    if (flaw === 'unreadable' || there === epoch) return false;
    if (there.number <= (doubt?.epoch ?? epoch.number) || doubt?.entered.includes(there)) return false;
    if (signer === undefined || signer.person === person || !epoch.devices.has(signer)) return false;
    if (doubt !== undefined) return !doubt.authors.has(signer.identity);
    const isSameKey = there.keys.get(signer) === epoch.keys.get(signer);
    return isSameKey && !signer.limited && epoch.state.admins.includes(signer.identity);
  }
}

/** The keys that a change hands over. */
type Handed = Pick<Device, 'admin' | 'keepers'>;

function nextEpoch(epoch: Epoch, next: Partial<Epoch>): Epoch {
  return { ...epoch, ...next, number: epoch.number + 1 };
}

function follows(device: Device, change: Change, epoch: Epoch, handed: Handed, seq: number): void {
  const { by, kind } = change;
  const byAdmin = change.from.state.admins.includes(by.identity);
  device.epoch = epoch;
  if (kind === 'join') {
    entersIn(device, epoch);
    return;
  }
  device.own = ownAfter(device, change, epoch);
  if (!epoch.state.admins.includes(device.identity)) device.admin = undefined;
  else if (byAdmin && change.handedTo?.includes(device)) device.admin = handed.admin;
  if (!isStaffIn(epoch.state, device)) device.keepers = undefined;
  else if (byAdmin && change.keepersTo?.includes(device)) device.keepers = handed.keepers;
  if (change.retires && isStaffIn(change.from.state, by)) device.key = seq;
  device.asked = askedAfter(device, change, epoch);
  if (device.doubt?.authors.has(by.identity)) {
    entersIn(device, epoch);
    return;
  }
  device.doubt = undefined;
  if (device.status === 'split') device.status = 'active';
}

function entersIn(device: Device, epoch: Epoch): void {
  const { doubt } = device;
  if (doubt !== undefined) device.doubt = { ...doubt, entered: [...doubt.entered, epoch] };
}

function isStaffIn({ admins, mods }: State, { identity }: Device): boolean {
  return admins.includes(identity) || mods.includes(identity);
}

/** A device's own handshake. */
function landed(change: Change, epoch: Epoch, handed: Handed): void {
  const { by } = change;
  by.epoch = epoch;
  by.own = ownAfter(by, change, epoch);
  by.asked = askedAfter(by, change, epoch);
  if (!epoch.state.admins.includes(by.identity)) by.admin = undefined;
  else if (change.newAdminKey) by.admin = handed.admin;
  if (!isStaffIn(epoch.state, by)) by.keepers = undefined;
  else if (change.newKeepers) by.keepers = handed.keepers;
  if (by.status === 'rolled-back') by.status = 'active';
  entersIn(by, epoch);
}

function joined({ by, returns }: Change, epoch: Epoch): void {
  by.epoch = epoch;
  by.status = 'active';
  by.admin = undefined;
  by.keepers = undefined;
  by.doubt = undefined;
  by.asked = false;
  by.due = [];
  if (!returns) by.own = undefined;
}

function ownAfter(
  { own: known }: Device,
  { kind, from, handsOver, by }: Change,
  epoch: Epoch,
): string | undefined {
  const own = epoch.state.invites.find((invite) => invite.own)?.id;
  if (epoch.closed || own === undefined) return undefined;
  if (known === own) return own;
  const isNew = kind === 'state' && !from.state.invites.some((invite) => invite.id === own);
  return isNew || (handsOver && by.own === own) ? own : undefined;
}

function askedAfter(
  { asked }: Device,
  { kind, by, from, retires, asks }: Change,
  { closed }: Epoch,
): boolean {
  if (retires && isStaffIn(from.state, by)) return asked && kind !== 'state' && !closed;
  return asked || asks === true;
}
