import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { isInUse, OtherRoute, routeOf, type WantedRoute } from '../net/route.ts';
import { type Clock, systemClock } from '../schedule/clock.ts';
import { type Environment, openEnvironment } from '../store/environment.ts';
import { LmdbStore } from '../store/lmdb.ts';
import { migrate } from '../store/schema.ts';
import { type Door, knock, openDoor, removeDoor, sweepDoors } from './door.ts';
import { GuestLink } from './guest.ts';
import { Host } from './host.ts';
import { OWNER_LIMITS } from './limits.ts';
import { type ToGuest, type ToOwner, toGuest, toOwner } from './messages.ts';
import { currentToken, type OwnerRecord, readOwner, readRoute, replaceOwner } from './owner-record.ts';
import { ensureProfileDir } from './profile-dir.ts';
import { Fenced, type Guest, type Owner, OwnerBusy } from './roles.ts';
import { SocketChannel } from './socket-channel.ts';

export interface ClaimOptions {
  readonly clock?: Clock;
  /** How long an owner may be silent before another process takes over. */
  readonly patienceMs?: number;
  /** The proxy to use, in its canonical form. */
  readonly route?: WantedRoute;
}

/**
 * Makes this process the owner of the profile in `dir`, or a guest of the process that is.
 *
 * The owner's record is in the profile's database and changes by compare-and-swap under the database's write lock, which the
 * system frees when its holder dies. An owner listens before it is recorded, so a socket that refuses belongs to a dead process.
 * @throws OwnerBusy, OwnerIncompatible, ProfileTooNew; OtherRoute when the owner connects by another route; UnlinkedWithoutProxy
 */
export async function claimProfile(dir: string, options: ClaimOptions = {}): Promise<Owner | Guest> {
  await ensureProfileDir(dir);
  const environment = openEnvironment(dir);
  try {
    const claimed = await claim(environment, {
      clock: systemClock,
      patienceMs: OWNER_LIMITS.patienceMs,
      route: {},
      ...options,
    });
    if (claimed.role === 'guest') await environment.close();
    return claimed;
  } catch (error) {
    await environment.close();
    throw error;
  }
}

async function claim(
  environment: Environment,
  { clock, patienceMs, route: wanted }: Required<ClaimOptions>,
): Promise<Owner | Guest> {
  const token = randomUUID();
  const host = new Host(token);
  let door: Door | undefined;
  let passedOver: string | undefined;
  try {
    for (;;) {
      const present = readOwner(environment);
      if (present !== undefined && present.token !== passedOver) {
        const met = await meet(environment, present, { clock, patienceMs });
        if (met === 'moved-on') continue;
        if (met !== 'gone') {
          if (!isInUse(wanted, present.route)) {
            met.close();
            throw new OtherRoute();
          }
          await door?.close();
          return met;
        }
        passedOver = present.token;
      }
      door ??= await openDoor(environment.dir, (socket) =>
        host.admit(new SocketChannel<ToOwner, ToGuest>(socket, toOwner)),
      );
      const route = routeOf(wanted, readRoute(environment));
      const record: OwnerRecord = {
        token,
        pid: process.pid,
        socket: door.path,
        ...(route !== undefined && { route }),
      };
      if (!(await replaceOwner(environment, present, record))) continue;
      if (present !== undefined) await removeDoor(present.socket);
      return await own(environment, record, host, door, clock);
    }
  } catch (error) {
    await door?.close();
    throw error;
  }
}

/**
 * @returns `gone` when the owner of this record is dead or doesn't respond; `moved-on` when it is no longer the owner.
 * @throws OwnerBusy, OwnerIncompatible
 */
async function meet(
  environment: Environment,
  owner: OwnerRecord,
  { clock, patienceMs }: Pick<Required<ClaimOptions>, 'clock' | 'patienceMs'>,
): Promise<Guest | 'gone' | 'moved-on'> {
  const deadline = clock.now() + patienceMs;
  for (;;) {
    const socket = await knock(owner.socket);
    if (socket === 'nobody') return 'gone';
    // Each greeting gets the whole time: an owner that is alive isn't silent because a last try came late.
    const met = socket === 'busy' ? socket : await greet(socket, owner, patienceMs, clock);
    if (met instanceof GuestLink) return guest(met);
    if (readOwner(environment)?.token !== owner.token) return 'moved-on';
    if (met === 'silent' || met === 'stranger') return 'gone';
    if (clock.now() >= deadline) {
      if (met === 'busy') return 'gone';
      throw new OwnerBusy();
    }
    await new Promise<void>((resolve) => clock.after(OWNER_LIMITS.retryMs, resolve));
  }
}

async function greet(socket: Socket, owner: OwnerRecord, withinMs: number, clock: Clock) {
  const link = new GuestLink(new SocketChannel<ToGuest, ToOwner>(socket, toGuest));
  try {
    const met = await link.meet(owner.token, withinMs, clock);
    if (met === 'owner') return link;
    link.close();
    return met;
  } catch (error) {
    link.close();
    throw error;
  }
}

function guest(link: GuestLink): Guest {
  return {
    role: 'guest',
    call: (method, params) => link.call(method, params),
    onEvent: (listener) => link.onEvent(listener),
    closed: link.closed,
    close: () => link.close(),
  };
}

async function own(
  environment: Environment,
  record: OwnerRecord,
  host: Host,
  door: Door,
  clock: Clock,
): Promise<Owner> {
  let lose: () => void = () => undefined;
  const lost = new Promise<void>((resolve) => {
    lose = resolve;
  });
  const guard = () => {
    if (currentToken(environment) === record.token) return;
    lose();
    throw new Fenced();
  };
  const store = new LmdbStore(environment, guard);
  let released: Promise<void> | undefined;
  const release = async () => {
    await store.close();
    // The record first: a process that finds the socket closed must find the record gone, too.
    await replaceOwner(environment, record, undefined);
    await door.close();
    host.dismiss();
    await environment.close();
  };
  const owner: Owner = {
    role: 'owner',
    store,
    lost,
    route: record.route,
    serve: (handler) => host.serve(handler),
    release() {
      released ??= release();
      return released;
    },
  };
  try {
    await migrate(environment, guard);
    await sweepDoors(environment.dir, clock.now());
  } catch (error) {
    await owner.release();
    throw error;
  }
  return owner;
}
