import { remove } from '@gochat/crypto/handshake';
import { holdsIdentity } from '@gochat/crypto/identity';
import { newId } from '@gochat/crypto/new-id';
import type { Room } from '@gochat/crypto/room';
import { membersOf } from '@gochat/crypto/room';
import { problemOf } from '../api/chat-error.ts';
import type { DeviceRemoval } from '../api/methods.ts';
import type { RoomSession } from '../room/room-session.ts';
import { type Context, isIn } from './context.ts';
import { Done } from './jobs.ts';
import { keptValue, keptValues, keyOf } from './kept.ts';
import { knownDevices, lostDevices, siblingsIn } from './known-devices.ts';
import { serverOf } from './ticket.ts';

const WAIT_MS = 20_000;

/** Removes lost devices everywhere. Every unlimited device of the person does it, as long as one is anywhere. */
export class Removals {
  readonly #context: Context;
  readonly #own: string;

  /** @param own the key of this device */
  constructor(context: Context, own: string) {
    this.#context = context;
    this.#own = own;
  }

  /** Begins what can be done now: in self rooms first, so that no new ticket reaches the lost device. */
  update(): void {
    const { self, rooms, parts, store } = this.#context;
    const lost = lostDevices(store.map);
    if (lost.size === 0 || !holdsIdentity(parts.who)) return;
    for (const session of self) this.#removes(session, (room) => leavesOf(room, lost), this.#says(session));
    for (const session of rooms) {
      if (!isIn(session) || !this.#hasWork(session, lost)) continue;
      parts.rooms.follow(session);
      if (!this.#isSelfRoomClean(session, lost)) continue;
      this.#removes(session, (room) => this.#targets(room, serverOf(session.meta), lost));
      this.#sweeps(session, lost);
    }
  }

  /** Whether a lost device reads what is posted in a self room. */
  isOverheard(session: RoomSession): boolean {
    return leavesOf(session.room, lostDevices(this.#context.store.map)).length > 0;
  }

  /** How far the removal of a device is. */
  state(device: string): DeviceRemoval {
    const { self, rooms, store, jobs, parts } = this.#context;
    const about = keptValue(store.map, 'device', device);
    const others = keptValues(store.map, 'device').flatMap(([key, { of }]) => (of === device ? [key] : []));
    const gone = new Set([device, ...others]);
    const left = [...self, ...rooms]
      .filter((session) => isIn(session) && leavesOf(session.room, gone).length > 0)
      .map((session) => {
        const problem =
          jobs.problem(nameOf(session)) ?? (session.isLive ? undefined : parts.rooms.offline(session));
        return { room: session.meta.name, problem: problem && problemOf(problem) };
      });
    return { key: device, label: about?.label ?? '', left };
  }

  #hasWork(session: RoomSession, lost: ReadonlySet<string>): boolean {
    const { store } = this.#context;
    if (leavesOf(session.room, lost).length > 0) return true;
    return (
      siblingsIn(session).length > 0 && [...lost].some((device) => !store.isSwept(device, session.room.id))
    );
  }

  /** Whether the self room of a room's server, into which the room's next ticket goes, has no lost device. */
  #isSelfRoomClean({ meta }: RoomSession, lost: ReadonlySet<string>): boolean {
    const own = this.#context.self.filter(
      (session) => serverOf(session.meta) === serverOf(meta) && isIn(session),
    );
    return own.every((session) => session.isLive && leavesOf(session.room, lost).length === 0);
  }

  /** Whether this device knows of all devices that its person may have in a room by now: they come into the self room of its server before. */
  #isUpToDate(server: string): boolean {
    const all = this.#context.self.filter(isIn);
    const there = all.filter(({ meta }) => serverOf(meta) === server);
    return (there.length > 0 ? there : all).every((session) => session.isLive);
  }

  /** @returns the devices that have to go from a room: whoever came in by the ticket of a lost device goes first, so that the lost one is the last */
  #targets(room: Room, server: string, lost: ReadonlySet<string>): readonly string[] {
    const known = knownDevices({ ...this.#context, own: this.#own });
    const own = membersOf(room).filter((m) => m.own && !m.self);
    const unknown = this.#isUpToDate(server)
      ? own.filter(({ device }) => !known.has(device) && !lost.has(device))
      : [];
    return [...unknown.map(({ device }) => device), ...leavesOf(room, lost)];
  }

  #removes(session: RoomSession, targets: (room: Room) => readonly string[], before = async () => {}): void {
    const { jobs, parts } = this.#context;
    if (!isIn(session) || !session.isLive || targets(session.room).length === 0) return;
    jobs.start(nameOf(session), serverOf(session.meta), async () => {
      await before();
      await session.change((now) => {
        const [device] = targets(now);
        if (device === undefined) throw new Done();
        return remove(now, device, parts.env);
      }, WAIT_MS);
    });
  }

  /** The lost device hears why before it is removed: afterwards it reads nothing any more. */
  #says(session: RoomSession): () => Promise<void> {
    const { parts, store } = this.#context;
    return async () => {
      const set = leavesOf(session.room, lostDevices(store.map)).flatMap((device) => {
        const entry = store.map.get(keyOf('lost', device));
        return entry === undefined ? [] : [entry];
      });
      const id = newId<string>(parts.env);
      if (set.length > 0) await session.queue([{ id, content: { kind: 'keep', set } }]);
    };
  }

  #sweeps(session: RoomSession, lost: ReadonlySet<string>): void {
    const server = serverOf(session.meta);
    if (!session.isLive || !this.#isUpToDate(server)) return;
    if (this.#targets(session.room, server, lost).length > 0) return;
    for (const device of lost) this.#context.store.sweeps(device, session.room.id);
  }
}

function nameOf({ room }: RoomSession): string {
  return `remove ${room.id}`;
}

function leavesOf(room: Room, devices: ReadonlySet<string>): readonly string[] {
  return membersOf(room).flatMap((m) => (m.own && !m.self && devices.has(m.device) ? [m.device] : []));
}
