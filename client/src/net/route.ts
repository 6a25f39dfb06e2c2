/** How a profile reaches its servers when it doesn't connect to them directly. */
export interface Route {
  /** `socks5://HOST:PORT`. */
  readonly proxy: string;
  /** Whether each room has its own connection, and its own user name at the proxy. */
  readonly unlinked: boolean;
}

/** What the caller of a profile asks for. */
export interface WantedRoute {
  /** `socks5://HOST:PORT`, or `none` for direct connections. Absent: what the profile has used last. */
  readonly proxy?: string | undefined;
  readonly unlinked?: boolean | undefined;
}

/** The value of {@link WantedRoute.proxy} that ends the use of a proxy. */
export const NO_PROXY = 'none';

/** @returns the route to use; undefined: directly. @throws UnlinkedWithoutProxy */
export function routeOf({ proxy, unlinked }: WantedRoute, stored: Route | undefined): Route | undefined {
  const used = proxy ?? stored?.proxy ?? NO_PROXY;
  if (used !== NO_PROXY) return { proxy: used, unlinked: unlinked ?? stored?.unlinked ?? false };
  if (unlinked === true) throw new UnlinkedWithoutProxy();
  return undefined;
}

/** Whether what the caller asks for is in use. */
export function isInUse({ proxy, unlinked }: WantedRoute, used: Route | undefined): boolean {
  if (proxy !== undefined && proxy !== (used?.proxy ?? NO_PROXY)) return false;
  return unlinked !== true || used?.unlinked === true;
}

/** Only a proxy can hide that the connections of two rooms come from one device. */
export class UnlinkedWithoutProxy extends Error {
  override readonly name = 'UnlinkedWithoutProxy';
}

/** Another process owns the profile, and connects by another route than this one asks for. */
export class OtherRoute extends Error {
  override readonly name = 'OtherRoute';
}
