import type { DeviceOfPerson, Linking } from '@gochat/client/methods';
import type { OpenOptions } from '@gochat/client/open';
import { WAIT_MS } from '../waits.ts';
import { brisk } from './brisk.ts';
import { Someone, startServer, type TestServer, temporary } from './people.ts';

/**
 * Makes an empty profile a device of a person, who types the digits that it shows. Resolves once the new device has everything.
 * @returns the digits
 */
export async function links(from: Someone, to: Someone, label: string, limited = false): Promise<string> {
  const { link } = await from.profile.call('linkOffer', { limited, waitMs: WAIT_MS });
  const { digits } = await to.profile.call('linkAccept', { link, label, waitMs: WAIT_MS });
  await from.until(async () => (await linkingOf(from)).stage === 'opened', `${from.name} sees ${label}`);
  await from.profile.call('linkConfirm', { digits, waitMs: WAIT_MS });
  await to.until(async () => (await linkingOf(to)).stage === 'joined', `${label} has joined`);
  return digits;
}

function linkingOf(one: Someone): Promise<Linking> {
  return one.profile.call('linking', {});
}

export async function devicesOf(one: Someone): Promise<readonly DeviceOfPerson[]> {
  return one.profile.call('devices', {});
}

/** The names of the rooms that a device is in. */
export async function roomsOf(one: Someone): Promise<readonly string[]> {
  const rooms = await one.profile.call('rooms', {});
  return rooms
    .filter(({ status }) => status === 'active')
    .map(({ name }) => name)
    .sort();
}

/** Follows all rooms, as a screen does. */
export async function followsAll(one: Someone): Promise<void> {
  for (const { id } of await one.profile.call('rooms', {})) await one.profile.call('follow', { room: id });
}

export function notesOf(one: Someone, room: string) {
  return one.profile.call('notes', { room });
}

export async function keyOf(one: Someone): Promise<string> {
  return (await devicesOf(one)).find(({ self }) => self)?.key ?? '';
}

/** The keys of all devices in a room. */
export async function keysIn(one: Someone, room: string): Promise<readonly string[]> {
  const members = await one.profile.call('members', { room });
  return members.flatMap(({ devices }) => devices.map(({ key }) => key));
}

/** Waits until a device is in these rooms, and in no others. */
export async function isIn(one: Someone, rooms: readonly string[]): Promise<void> {
  const wanted = rooms.join();
  const isInAll = async () => (await roomsOf(one)).join() === wanted;
  await one.until(isInAll, `${one.name} is in ${wanted}`).catch(async (cause: unknown) => {
    throw new Error(`${one.name} is not in all: ${JSON.stringify(await linkingOf(one))}`, { cause });
  });
}

/** Waits until a device says that it was removed. */
export async function isOut(one: Someone): Promise<void> {
  await one.until(async () => (await linkingOf(one)).stage === 'removed', `${one.name} was removed`);
}

async function epochOf(one: Someone, room: string): Promise<number> {
  return Number((await one.profile.call('rooms', {})).find(({ id }) => id === room)?.epoch);
}

/** An admin gives a room a new own invite now, whose secret a newcomer would otherwise be shown some minutes later. */
export async function renewsOwnInvite(admin: Someone, to: Someone, room: string): Promise<void> {
  // Whoever has just joined knows it before the admin does.
  const before = Math.max(await epochOf(admin, room), await epochOf(to, room));
  await admin.profile.call('reportCompromise', { room, waitMs: WAIT_MS });
  // The admin asks, and answers.
  await to.until(async () => (await epochOf(to, room)) >= before + 2, `${to.name} knows the new own invite`);
}

/** Servers and people of a test. */
export class DeviceWorld {
  readonly #ends: (() => Promise<unknown>)[] = [];

  async server(): Promise<TestServer & { readonly folder: string }> {
    const folder = await temporary();
    this.#ends.push(() => folder.remove());
    const server = await startServer(folder.path);
    this.#ends.push(() => server.stop());
    return { ...server, folder: folder.path };
  }

  async someone(name: string, options: Partial<OpenOptions> = {}): Promise<Someone> {
    const folder = await temporary();
    this.#ends.push(() => folder.remove());
    return this.opens(name, folder.path, options);
  }

  /** A further process with a profile. */
  async opens(name: string, dir: string, options: Partial<OpenOptions> = {}): Promise<Someone> {
    const one = await Someone.open(name, dir, { env: brisk, ...options });
    this.#ends.push(() => one.close());
    return one;
  }

  /** Does something at the end of the test. */
  finally(end: () => Promise<unknown>): void {
    this.#ends.push(end);
  }

  /** Ana on a laptop, who is in four rooms on two servers, two of which ben has founded: diary, notes, kitchen, garden. */
  async anaInFourRooms() {
    const [first, second] = [await this.server(), await this.server()];
    const [ana, ben] = [await this.someone('ana'), await this.someone('ben')];
    const rooms = [
      (await ana.hosts(first.url, 'diary')).room,
      (await ana.hosts(second.url, 'notes')).room,
      await ana.joins((await ben.hosts(first.url, 'kitchen')).link),
      await ana.joins((await ben.hosts(second.url, 'garden')).link),
    ] as const;
    await followsAll(ben);
    await followsAll(ana);
    await Promise.all(rooms.slice(2).map((room) => renewsOwnInvite(ben, ana, room)));
    return { ana, ben, first, second, rooms };
  }

  /** As {@link anaInFourRooms}; her phone and her tablet are in all rooms, too. */
  async anaOnThreeDevices() {
    const world = await this.anaInFourRooms();
    const { ana } = world;
    const [phone, tablet] = [await this.someone('phone'), await this.someone('tablet')];
    const digits = [await links(ana, phone, 'Phone'), await links(ana, tablet, 'Tablet')];
    for (const one of [phone, tablet]) await isIn(one, ['diary', 'garden', 'kitchen', 'notes']);
    for (const one of [ana, phone, tablet]) {
      await followsAll(one);
      const areIn = async () => (await devicesOf(one)).every(({ rooms }) => rooms === 4);
      await one.until(areIn, `${one.name} sees three devices in four rooms`);
    }
    return { ...world, phone, tablet, digits };
  }

  async close(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }
}
