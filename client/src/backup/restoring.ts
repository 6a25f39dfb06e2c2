import type { Kept } from '@gochat/crypto/content';
import { encodeIdentity, holdsIdentity, newDeviceOf } from '@gochat/crypto/identity';
import { decodePack } from '@gochat/crypto/pack';
import { equalBytes } from '@gochat/crypto/primitives';
import { roomWithoutKeys } from '@gochat/crypto/without-keys';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { Position, RoomId } from '@gochat/protocol/fields';
import { NOTES } from '../account/settings.ts';
import { ChatError, problemOf } from '../api/chat-error.ts';
import type { Params, Problem, RejoinedRooms, Result } from '../api/methods.ts';
import { seeded } from '../devices/seed.ts';
import { serverOf } from '../devices/ticket.ts';
import { knownMessages } from '../history/merge-pack.ts';
import { messageKey } from '../history/merged-lines.ts';
import { verifyPack } from '../history/verify-pack.ts';
import type { RoomMeta } from '../room/room-meta.ts';
import { RoomStore } from '../room/room-store.ts';
import { fromJson, type RecordChange, toJson } from '../store/records.ts';
import type { BackupRoom } from './backup-lines.ts';
import type { BackupParts } from './backup-parts.ts';

const NO_TICKET = problemOf(new ChatError({ reason: 'own-invite-unknown' }));

/** How many messages are stored together. */
const TOGETHER = 32;

/** The record `restoring`, from the first part of a backup that is stored to the last one. */
interface RestoringRecord {
  /** When the backup was made, which identifies it together with the person. */
  readonly made: number;
  /** The rooms between the person's devices, with their tickets. */
  readonly between: readonly BackupRoom[];
  readonly devices?: Params<'restore'>['preferences']['devices'];
  /** The profile was a device of the person before: only what it lacks is added. */
  readonly adds?: true;
}

/**
 * Makes an empty profile that of a backup, or adds what another device of its person lacks. What is stored of each part is stored at once, and a part that is there is left out: whatever
 * ends this process, the restore goes on with the same backup. The rooms are joined once all is stored, by {@link DeviceSync}.
 */
export class Restoring {
  readonly #parts: BackupParts;
  /** The messages of the room that was last added to. */
  #known: { readonly room: string; readonly messages: Set<string> } | undefined;

  constructor(parts: BackupParts) {
    this.#parts = parts;
  }

  /** See `Methods.restore`. */
  async begin({ made, identity, preferences }: Params<'restore'>): Promise<null> {
    const { records, who, env, settings, becomes } = this.#parts;
    const { devices, ...rest } = preferences;
    const seed = decodeBytes(identity);
    const isSame = holdsIdentity(who) && equalBytes(who.identity.seed, seed);
    const record = await this.#record();
    const isUsed = record === undefined && (await this.#isUsed());
    if ((record !== undefined && record.made !== made) || ((isUsed || record !== undefined) && !isSame))
      throw new ChatError({ reason: 'backup-profile-used' });
    if (isUsed) await records.write([recordChange({ made, between: [], devices, adds: true })]);
    if (isUsed || record?.adds === true) return null;
    const next = record === undefined ? newDeviceOf(seed, env) : undefined;
    if (next !== undefined) {
      const change = recordChange({ made, between: [], devices });
      await records.write([{ place: { of: 'identity' }, value: encodeIdentity(next) }, change]);
    }
    await settings.prefer(rest);
    if (next !== undefined) becomes(next);
    return null;
  }

  /** See `Methods.restoreRoom`. */
  async addRoom(room: BackupRoom): Promise<null> {
    const { records, rooms, who, env, joinsOf } = this.#parts;
    const record = await this.#begun();
    if (!holdsIdentity(who)) throw new ChatError({ reason: 'device-limited' });
    if (room.between !== undefined) {
      const others = record.between.filter((other) => other.room !== room.room);
      await records.write([recordChange({ ...record, between: [...others, room] })]);
      return null;
    }
    const id = room.room as RoomId;
    if (rooms.has(id)) return null;
    const meta: RoomMeta = {
      id,
      server: room.server,
      name: room.name,
      as: room.as,
      left: true,
      leaving: [],
      since: room.since,
      ...(!room.left && { restored: { founder: room.founder, ...(room.own && { own: room.own }) } }),
    };
    const names = { room: room.name, own: room.as };
    const placeholder = await roomWithoutKeys(who, id, names, room.position as Position, env);
    const notes = { place: { of: 'notes', room: id } as const, value: toJson({ ...NOTES, ...room.notes }) };
    await joinsOf(id).take(async () => {
      // It may have let this device in meanwhile.
      if (!rooms.has(id))
        await rooms.adopt(meta, () => RoomStore.store(records, meta, placeholder, undefined, [notes]));
    });
    return null;
  }

  /** See `Methods.restorePack`. */
  async addPack({ room, pack }: Params<'restorePack'>): Promise<Result<'restorePack'>> {
    const { records, rooms, env } = this.#parts;
    await this.#begun();
    const session = await rooms.withId(room as RoomId);
    const decoded = decodePack(decodeBytes(pack));
    const read = decoded && (await verifyPack(session.room.id, decoded, false));
    if (read === undefined || read.forged + read.foreign > 0)
      throw new ChatError({ reason: 'backup-damaged' });
    if (this.#known?.room !== room)
      this.#known = { room, messages: new Set(await knownMessages(records, session)) };
    const known = this.#known.messages;
    let added = 0;
    for (let i = 0; i < read.messages.length; i += TOGETHER) {
      const some = read.messages.slice(i, i + TOGETHER);
      for (const item of await session.merge(some, { known, now: env.now() })) {
        if (item.kind === 'text') known.add(messageKey(item));
        added += 1;
      }
    }
    return { added };
  }

  /** See `Methods.restored`. */
  async end(label: string): Promise<null> {
    const { records, rooms, who, env, becomes } = this.#parts;
    const { made, between, devices = [], adds } = await this.#begun();
    const device = encodeBytes(who.device.publicKey);
    const at: Kept['at'] = [made, device];
    const tickets = (await rooms.all()).flatMap(({ meta }): Kept[] => {
      const { restored, id, server, name, as } = meta;
      if (restored?.own === undefined) return [];
      const { founder, own } = restored;
      const value = { room: id, server: serverOf({ server }), name, as, founder, own };
      return [{ key: `ticket ${id}`, at, value }];
    });
    const selfRooms = between.flatMap(({ room, name, as, founder, own, left, ...where }): Kept[] => {
      const server = serverOf(where);
      if (own === undefined || left) return [];
      return [{ key: `self ${server}`, at, value: { room, server, name, as, founder, own } }];
    });
    const labels = devices.map(({ key, ...about }): Kept => ({ key: `device ${key}`, at, value: about }));
    const known = [...selfRooms, ...tickets, ...labels];
    if (adds === true) {
      const sync = await this.#parts.sync();
      await sync.add(known);
      await records.write([recordChange(undefined)]);
      return null;
    }
    const kept = seeded(known, { device, label, limited: false, now: env.now() });
    await records.write([kept, recordChange(undefined)]);
    becomes(who);
    return null;
  }

  /** See `Methods.rejoined`. */
  async rejoined(waitMs: number): Promise<RejoinedRooms> {
    const sync = await this.#parts.sync();
    const isDone = () => sync.joins.joined + sync.joins.missing.length >= sync.joins.of;
    await sync.condition.until(() => (isDone() ? true : undefined), waitMs);
    const { joined, of, missing } = sync.joins;
    const { rooms } = this.#parts;
    const others = (await rooms.all()).filter(({ meta }) => meta.restored !== undefined);
    // A room whose invite the backup didn't have has no ticket.
    const without = others.filter(({ meta }) => meta.restored?.own === undefined);
    const named = new Set(missing.map(({ room }) => room));
    const waiting = others.filter(({ meta }) => meta.restored?.own !== undefined && !named.has(meta.name));
    return {
      joined,
      of: of + without.length,
      missing: [
        ...missing,
        ...waiting.map(({ meta }) => ({ room: meta.name, problem: this.#whyNotYet(meta) })),
        ...without.map(({ meta }) => ({ room: meta.name, problem: NO_TICKET })),
      ],
    };
  }

  #whyNotYet(meta: RoomMeta): Problem {
    const { problem, address } = this.#parts.rooms.server(meta);
    return problemOf(problem ?? new ChatError({ reason: 'server-slow', server: address }));
  }

  async #record(): Promise<RestoringRecord | undefined> {
    const stored = await this.#parts.records.get({ of: 'restoring' });
    return stored && fromJson<RestoringRecord>(stored);
  }

  /** @throws ChatError `backup-profile-used` if no restore was begun */
  async #begun(): Promise<RestoringRecord> {
    const record = await this.#record();
    if (record === undefined) throw new ChatError({ reason: 'backup-profile-used' });
    return record;
  }

  async #isUsed(): Promise<boolean> {
    const { records, rooms } = this.#parts;
    const kinds = [undefined, 'self', 'pairing'] as const;
    const all = await Promise.all(kinds.map((kind) => rooms.all(kind)));
    const others = await Promise.all((['kept', 'linking'] as const).map((of) => records.get({ of })));
    return all.flat().length > 0 || others.some((record) => record !== undefined);
  }
}

function recordChange(record: RestoringRecord | undefined): RecordChange {
  return { place: { of: 'restoring' }, value: record && toJson(record) };
}
