import { holdsIdentity } from '@gochat/crypto/identity';
import { isIdOrPrefix } from '../account/pick-room.ts';
import { ChatError } from '../api/chat-error.ts';
import { loadCode } from '../api/load-code.ts';
import type { DeviceOfPerson, Params, Result } from '../api/methods.ts';
import { checkToken } from '../api/validate-input.ts';
import { parseAddress } from '../net/address.ts';
import type { DevicesParts } from './devices-parts.ts';
import { cleanLabel } from './label.ts';
import type { DeviceLinking } from './linking/device-linking.ts';
import type { DeviceSync } from './sync.ts';

/** The requests about a person's devices. */
export type DeviceMethod =
  | 'devices'
  | 'labelDevice'
  | 'olderHistory'
  | 'removeDevice'
  | 'linkOffer'
  | 'linkConfirm'
  | 'linkCancel'
  | 'linkAccept'
  | 'recoveryLink'
  | 'recovery'
  | 'recover'
  | 'linking';

/** How long a label may take to reach the other devices, where this one is connected. */
const TELL_MS = 5000;

type Handlers = { readonly [M in DeviceMethod]: (params: Params<M>) => Promise<Result<M>> };

/** The devices of the profile's person: what they share, and how one takes another in. */
export class Devices {
  readonly #parts: DevicesParts;
  #sync: Promise<DeviceSync> | undefined;
  #linked: Promise<DeviceLinking> | undefined;
  #waking: Promise<void> | undefined;
  /** Whether the profile has become another person's: all here is that of the former one. */
  #isOver = false;

  constructor(parts: DevicesParts) {
    this.#parts = parts;
  }

  readonly handlers: Handlers = {
    devices: async ({ waitMs }) => {
      const sync = await this.sync();
      if (waitMs !== undefined) await sync.current(waitMs);
      return sync.devices;
    },
    labelDevice: async ({ device, label }) => {
      const clean = cleanLabel(label);
      const sync = await this.sync();
      await sync.label(pick(sync.devices, device).key, clean);
      await sync.tell(TELL_MS);
      return null;
    },
    olderHistory: async ({ room, waitMs }) => {
      if (!holdsIdentity(this.#parts.who)) throw new ChatError({ reason: 'device-limited' });
      return (await this.#isShared())
        ? (await this.sync()).askOlder(room, waitMs)
        : { devices: 0, came: false };
    },
    removeDevice: async ({ device, waitMs }) => {
      const sync = await this.sync();
      const one = pick(sync.devices, device);
      if (one.self) throw new ChatError({ reason: 'device-self' });
      if (!holdsIdentity(this.#parts.who)) throw new ChatError({ reason: 'device-limited' });
      return sync.remove(one.key, waitMs);
    },
    linkOffer: async (params) => (await this.#linking()).offer(params),
    linkConfirm: async (params) => (await this.#linking()).confirm(params),
    linkCancel: async () => (await this.#linking()).cancel(),
    linkAccept: async (params) => (await this.#linking()).accept(params),
    recoveryLink: async ({ server, token, waitMs }) => {
      if (token !== undefined) checkToken(token);
      const at = server === undefined ? {} : { server: parseAddress(server).href };
      const sync = await this.sync();
      const made = await sync.recoveryLink({ ...at, ...(token !== undefined && { token }), waitMs });
      // The process may end now, and the other devices keep the link up to date.
      await sync.tell(TELL_MS);
      return made;
    },
    recovery: async ({ waitMs }) => {
      if (!(await this.#isShared())) return { made: false };
      const sync = await this.sync();
      if (waitMs !== undefined) await sync.current(waitMs);
      return sync.recovery;
    },
    recover: async (params) => (await this.#linking()).recover(params),
    linking: async () => ((await this.#isLinking()) ? (await this.#linking()).now() : { stage: 'none' }),
  };

  /** Begins to keep the devices alike, if this person has several or has had them. */
  wake(): void {
    this.#waking ??= this.#wakes().catch(() => {
      this.#waking = undefined;
    });
  }

  async #wakes(): Promise<void> {
    if (await this.#isShared()) await this.sync();
  }

  /** Whether this person has several devices, or has had them, or a recovery link. */
  async #isShared(): Promise<boolean> {
    const { rooms, records } = this.#parts;
    if (this.#sync !== undefined || rooms.hasKind('self')) return true;
    return (await records.get({ of: 'kept' })) !== undefined;
  }

  /** What the devices share; loaded with the first use. @throws ChatError `internal` */
  async sync(): Promise<DeviceSync> {
    if (this.#isOver) throw new ChatError({ reason: 'profile-closed' });
    this.#sync ??= loadCode(() => import('./sync.ts'))
      .then(({ DeviceSync: code }) => code.open(this.#parts))
      .catch((error: unknown) => {
        this.#sync = undefined;
        throw error;
      });
    return this.#sync;
  }

  /** Goes on with what an earlier process has begun. */
  async resume(): Promise<void> {
    if (await this.#isLinking()) await this.#linking();
    // Nobody follows a room yet, or this device is to end, which the self rooms tell.
    else if (!this.#parts.rooms.hasKind(undefined) || this.#parts.rooms.isOusted) this.wake();
  }

  /** Without the code that takes devices in, which few starts of a profile need. */
  async #isLinking(): Promise<boolean> {
    return this.#linked !== undefined || (await this.#parts.records.get({ of: 'linking' })) !== undefined;
  }

  readonly #becomes: DevicesParts['becomes'] = (who) => {
    this.#isOver = true;
    this.#parts.becomes(who);
  };

  /** The code that takes devices in, which is loaded with its first use. @throws ChatError `internal` */
  #linking(): Promise<DeviceLinking> {
    this.#linked ??= loadCode(() => import('./linking/device-linking.ts'))
      .then((code) =>
        code.DeviceLinking.open({ ...this.#parts, becomes: this.#becomes, sync: () => this.sync() }),
      )
      .catch((error: unknown) => {
        this.#linked = undefined;
        throw error;
      });
    return this.#linked;
  }

  /** Work that was begun is durable when it resolves. */
  async close(): Promise<void> {
    await (await this.#linked?.catch(() => undefined))?.close();
    await (await this.#sync?.catch(() => undefined))?.close();
  }
}

/** @param wanted this device when absent. @throws ChatError `device-unknown` */
function pick(devices: readonly DeviceOfPerson[], wanted: string | undefined): DeviceOfPerson {
  const fitting = devices.filter(({ key, self }) =>
    wanted === undefined ? self : isIdOrPrefix(key, wanted),
  );
  const [one] = fitting;
  if (one === undefined || fitting.length > 1)
    throw new ChatError({ reason: 'device-unknown', id: wanted ?? '' });
  return one;
}
