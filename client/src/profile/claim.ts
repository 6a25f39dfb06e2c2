import { randomUUID } from 'node:crypto';
import { realpathSync } from 'node:fs';
import type { Socket } from 'node:net';
import * as v from 'valibot';
import { isInUse, OtherRoute, type WantedRoute } from '../net/route.ts';
import { type Clock, systemClock } from '../schedule/clock.ts';
import { type Door, knock, openDoor, removeDoor } from './door.ts';
import { GuestLink, OwnerGone } from './guest.ts';
import { Host } from './host.ts';
import { OWNER_LIMITS } from './limits.ts';
import { type ToGuest, type ToOwner, toGuest, toOwner } from './messages.ts';
import {
  newestOwner,
  type OwnerRecord,
  ROUTE_CALL,
  route as routeSchema,
  succeedOwner,
} from './owner-record.ts';
import { ensureProfileDir } from './profile-dir.ts';
import { type Guest, type Owner, OwnerBusy } from './roles.ts';
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
 * A process that finds no owner, or one that doesn't answer, records itself as the next; of several only one can. It listens before,
 * so a socket that refuses belongs to a process that has ended. Only then it opens the database, and puts its token there, which ends
 * the writes of a former owner. The others never open the database: an owner may be writing, see {@link openEnvironment}.
 * @throws OwnerBusy, OwnerIncompatible, ProfileTooNew; OtherRoute when the owner connects by another route; UnlinkedWithoutProxy
 */
export async function claimProfile(dir: string, options: ClaimOptions = {}): Promise<Owner | Guest> {
  await ensureProfileDir(dir);
  const { clock = systemClock, patienceMs = OWNER_LIMITS.patienceMs, route = {} } = options;
  for (;;) {
    const claimed = await claim(realpathSync(dir), { clock, patienceMs, route });
    if (claimed.role === 'owner' || (route.proxy === undefined && route.unlinked !== true)) return claimed;
    try {
      const used = v.parse(v.nullable(routeSchema), await claimed.call(ROUTE_CALL, null));
      if (isInUse(route, used ?? undefined)) return claimed;
      throw new OtherRoute();
    } catch (error) {
      claimed.close();
      // The owner has ended since it was met: this process may be the next.
      if (!(error instanceof OwnerGone)) throw error;
    }
  }
}

async function claim(
  dir: string,
  { clock, patienceMs, route }: Required<ClaimOptions>,
): Promise<Owner | Guest> {
  const token = randomUUID();
  const host = new Host(token);
  let door: Door | undefined;
  let passedOver: string | undefined;
  try {
    for (;;) {
      const { number, record: present } = newestOwner(dir);
      if (present !== undefined && present.token !== passedOver) {
        const met = await meet(dir, present, { clock, patienceMs });
        if (met === 'moved-on') continue;
        if (met !== 'gone') {
          await door?.close();
          return met;
        }
        passedOver = present.token;
      }
      // A guest needs no database, and is ready sooner without its code.
      const { becomeOwner, openEnvironment } = await import('./become-owner.ts');
      door ??= await openDoor(dir, (socket) =>
        host.admit(new SocketChannel<ToOwner, ToGuest>(socket, toOwner)),
      );
      const own = succeedOwner(dir, number, { token, pid: process.pid, socket: door.path });
      if (own === undefined) continue;
      if (present !== undefined) await removeDoor(present.socket);
      const environment = openEnvironment(dir);
      // If this process was stopped meanwhile, another one may have taken over.
      if (newestOwner(dir).number !== own) {
        await environment.close();
        continue;
      }
      return await becomeOwner({ environment, token, route }, host, door, clock);
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
  dir: string,
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
    if (newestOwner(dir).record?.token !== owner.token) return 'moved-on';
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
