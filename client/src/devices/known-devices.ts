import { type Member, membersOf } from '@gochat/crypto/room';
import type { DeviceOfPerson } from '../api/methods.ts';
import type { RoomSession } from '../room/room-session.ts';
import { type Context, isIn } from './context.ts';
import { type KeptMap, keptValue, keptValues } from './kept.ts';

/** The leaves of this device's person in a room, but for its own. */
export function siblingsIn({ room }: RoomSession): readonly Member[] {
  return membersOf(room).filter((m) => m.own && !m.self);
}

/** @returns the devices that are to be removed: those that are said to be lost, and those that they are elsewhere */
export function lostDevices(map: KeptMap): ReadonlySet<string> {
  const lost = new Set(keptValues(map, 'lost').map(([device]) => device));
  const others = keptValues(map, 'device').filter(([, { of }]) => of !== undefined && lost.has(of));
  return new Set([...lost, ...others.map(([device]) => device)]);
}

/** @returns the devices that this person's self rooms know, or that have announced themselves */
export function knownDevices({
  self,
  store: { map },
  own,
}: Pick<Context, 'self' | 'store'> & { readonly own: string }) {
  const lost = lostDevices(map);
  const inSelf = self.filter(isIn).flatMap((session) => siblingsIn(session).map(({ device }) => device));
  const announced = keptValues(map, 'device').map(([device]) => device);
  return new Set([own, ...inSelf, ...announced].filter((device) => !lost.has(device)));
}

/**
 * Whether a device may have been taken in by another one, which was there before. Who takes one in isn't said by anything that a thief
 * can't say as well; the order in which they came is what this device has seen in the log. Of those that it has seen at once, as they
 * were there before it or came while it was away, their own dates are all it knows.
 */
function cameAfter(store: Context['store'], device: string, other: string): boolean {
  const [at, before] = [store.cameAt(device), store.cameAt(other)];
  if (device === other || at === undefined || before === undefined) return false;
  const since = (key: string) => keptValue(store.map, 'device', key)?.since ?? 0;
  return at === before ? since(device) > since(other) : at > before;
}

/** @param own the key of this device. @returns this person's devices, this one first */
export function devicesOf(
  context: Pick<Context, 'self' | 'rooms' | 'store'>,
  own: string,
  isLimited: boolean,
) {
  const { self, rooms, store } = context;
  const { map } = store;
  const here = [...self, ...rooms].filter(isIn);
  const known = knownDevices({ ...context, own });
  const lost = new Set(keptValues(map, 'lost').map(([device]) => device));
  const main = (device: string) => keptValue(map, 'device', device)?.of ?? device;
  const places = new Map<string, RoomSession[]>();
  const limited = new Set<string>();
  for (const session of here)
    for (const member of siblingsIn(session)) {
      const device = main(member.device);
      places.set(device, [...(places.get(device) ?? []), session]);
      if (member.limited) limited.add(device);
    }
  const keys = [...places.keys()].filter((key) => key !== own).sort();
  const one = (key: string): DeviceOfPerson => {
    const about = keptValue(map, 'device', key);
    const where = key === own ? here : (places.get(key) ?? []);
    const later = keys.filter((other) => !lost.has(other) && cameAfter(store, other, key));
    const isUnknown = self.length > 0 && !known.has(key) && !lost.has(key);
    return {
      key,
      label: about?.label ?? '',
      self: key === own,
      limited: key === own ? isLimited : limited.has(key) || about?.limited === true,
      ...(about !== undefined && { since: about.since }),
      rooms: where.filter(({ meta }) => meta.kind === undefined).length,
      ...(isUnknown && { unknown: true as const }),
      ...(lost.has(key) && { removal: { left: where.length } }),
      ...(later.length > 0 && { later }),
    };
  };
  return [own, ...keys].map(one);
}
