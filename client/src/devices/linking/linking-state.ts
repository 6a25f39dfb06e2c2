import { holdsIdentity } from '@gochat/crypto/identity';
import type { RoomId } from '@gochat/protocol/fields';
import { ChatError, problemOf } from '../../api/chat-error.ts';
import type { ErrorData } from '../../api/error-data.ts';
import type { Linking } from '../../api/methods.ts';
import type { RoomSession } from '../../room/room-session.ts';
import type { RecordChange } from '../../store/records.ts';
import type { DevicesParts } from '../devices-parts.ts';
import type { DeviceSync } from '../sync.ts';
import { type LinkingRecord, linkingChange } from './linking-record.ts';

export interface LinkingParts extends DevicesParts {
  readonly sync: () => Promise<DeviceSync>;
}

/** How a linking has ended, as long as nobody has dismissed it. */
type Ending = Extract<Linking, { stage: 'sent' | 'joined' | 'failed' }>;

/** What a profile is doing to take in a device, or to become one: stored before it is shown or acted on. */
export class LinkingState {
  readonly parts: LinkingParts;
  /** How the last one has ended. It isn't stored. */
  ending: Ending | undefined;
  readonly #watch: (session: RoomSession) => void;
  #record: LinkingRecord | undefined;

  /** @param watch has the next step tried whenever the room changes */
  constructor(parts: LinkingParts, record: LinkingRecord | undefined, watch: (session: RoomSession) => void) {
    this.parts = parts;
    this.#record = record;
    this.#watch = watch;
  }

  get record(): LinkingRecord | undefined {
    return this.#record;
  }

  /** @throws ChatError `link-profile-used` unless the profile may become another person's: it has no room, and never had one of a person's devices */
  async checkUnused(): Promise<void> {
    const { records, rooms, who } = this.parts;
    const isUsed = [...(await rooms.all()), ...(await rooms.all('self'))].length > 0;
    if (isUsed || !holdsIdentity(who) || (await records.get({ of: 'kept' })) !== undefined)
      throw new ChatError({ reason: 'link-profile-used' });
  }

  /** @param also what is written in the same transaction */
  async store(record: LinkingRecord | undefined, also: readonly RecordChange[] = []): Promise<void> {
    await this.parts.records.write([...also, linkingChange(record)]);
    this.#record = record;
  }

  /** Takes over a record that was written together with something else. */
  stored(record: LinkingRecord | undefined): void {
    this.#record = record;
  }

  fails(data: ErrorData): void {
    this.ending = { stage: 'failed', problem: problemOf(new ChatError(data)) };
  }

  /** A pairing room, which is followed and watched from now on; undefined if this profile doesn't have it. */
  async session(room: RoomId): Promise<RoomSession | undefined> {
    const { rooms } = this.parts;
    if (!rooms.has(room)) return undefined;
    const session = await rooms.withId(room);
    rooms.follow(session);
    this.#watch(session);
    return session;
  }
}
