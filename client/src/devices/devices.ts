import type { Rooms, RoomsParts } from '../account/rooms.ts';
import type { SettingsStore } from '../account/settings-store.ts';
import { ChatError } from '../api/chat-error.ts';
import type { Params, Result } from '../api/methods.ts';
import type { DeviceSync } from './sync.ts';

/** The requests about a person's devices. */
export type DeviceMethod =
  | 'devices'
  | 'labelDevice'
  | 'removeDevice'
  | 'linkOffer'
  | 'linkConfirm'
  | 'linkCancel'
  | 'linkAccept'
  | 'linking';

type Handlers = { readonly [M in DeviceMethod]: (params: Params<M>) => Promise<Result<M>> };

export interface DevicesParts extends RoomsParts {
  readonly rooms: Rooms;
  readonly settings: SettingsStore;
}

/** The devices of the profile's person: what they share, and how one takes another in. */
export class Devices {
  readonly #parts: DevicesParts;
  #sync: Promise<DeviceSync> | undefined;

  constructor(parts: DevicesParts) {
    this.#parts = parts;
  }

  readonly handlers: Handlers = {
    devices: () => this.#missing(),
    labelDevice: () => this.#missing(),
    removeDevice: () => this.#missing(),
    linkOffer: () => this.#missing(),
    linkConfirm: () => this.#missing(),
    linkCancel: () => this.#missing(),
    linkAccept: () => this.#missing(),
    linking: async () => ({ stage: 'none' }),
  };

  /** What the devices share; loaded with the first use. @throws ChatError `internal` */
  async sync(): Promise<DeviceSync> {
    this.#sync ??= import('./sync.ts')
      .catch((cause: unknown) => {
        throw new ChatError({ reason: 'code-not-loaded' }, { cause });
      })
      .then(({ DeviceSync: code }) => code.open(this.#parts))
      .catch((error: unknown) => {
        this.#sync = undefined;
        throw error;
      });
    return this.#sync;
  }

  /** Work that was begun is durable when it resolves. */
  async close(): Promise<void> {
    await (await this.#sync?.catch(() => undefined))?.close();
  }

  #missing(): Promise<never> {
    void this.#parts;
    throw new ChatError({ reason: 'failed', detail: 'not built yet' });
  }
}
