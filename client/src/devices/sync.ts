import type { Kept } from '@gochat/crypto/content';
import { ChatError } from '../api/chat-error.ts';
import type { DeviceOfPerson, Problem } from '../api/methods.ts';
import { Condition } from '../schedule/condition.ts';
import type { DevicesParts } from './devices-parts.ts';

/** How far this device is with joining the rooms of its person's other devices. */
export interface Joins {
  readonly joined: number;
  /** How many rooms this person is in, as far as this device knows. */
  readonly of: number;
  /** Those that could not be joined so far, and why. They are tried again. When `joined` and these are all, nothing is under way. */
  readonly missing: readonly { readonly room: string; readonly problem: Problem }[];
}

/** What a person's devices share: it keeps this device and the others alike. Only the profile's owner runs it. */
export class DeviceSync {
  /** Signals every change of {@link devices} and {@link joins}. */
  readonly condition = new Condition();
  readonly #parts: DevicesParts;

  private constructor(parts: DevicesParts) {
    this.#parts = parts;
  }

  /** Loads what is kept and begins its work: self rooms are followed from now on, and rooms of other devices joined. */
  static async open(parts: DevicesParts): Promise<DeviceSync> {
    return new DeviceSync(parts);
  }

  get devices(): readonly DeviceOfPerson[] {
    return [];
  }

  get joins(): Joins {
    return { joined: 0, of: 0, missing: [] };
  }

  /**
   * Makes a self room on each server on which this person has rooms and no self room.
   * @param token for the server (as in a room's meta) that requires one
   * @returns the servers that have none now, and why
   * @throws ChatError `link-no-room`, `device-limited`
   */
  async ensureSelfRooms(_: {
    readonly token?: { readonly server: string; readonly token: string };
    readonly waitMs: number;
  }): Promise<readonly { readonly server: string; readonly problem: Problem }[]> {
    void this.#parts;
    throw new ChatError({ reason: 'failed', detail: 'not built yet' });
  }

  /** Everything that a new device needs, with tickets of all rooms and self rooms that can be had within `waitMs`. Slices: `slices` of kept.ts. */
  async snapshot(_waitMs: number): Promise<readonly Kept[]> {
    throw new ChatError({ reason: 'failed', detail: 'not built yet' });
  }

  /** Work that was begun is durable when it resolves. */
  async close(): Promise<void> {}
}
