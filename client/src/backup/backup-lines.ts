import { concatBytes, sha256 } from '@gochat/crypto/primitives';
import { encodeBytes } from '@gochat/protocol/encoding';
import * as v from 'valibot';

/** The version of the lines that this software writes. It refuses greater ones. */
export const BACKUP_VERSION = 1;

/** The longest line that is read, in characters: that of a pack, of which one message alone may have 64 KiB. */
export const LINE_CHARS = 4 * 1024 * 1024;

const bytes = (length: number) =>
  v.pipe(v.string(), v.regex(/^[\w-]+$/), v.length(Math.ceil((length * 4) / 3)));
const position = v.pipe(v.string(), v.regex(/^\d{1,16}$/));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const ref = v.object({ seq: position, id: v.string() });

/** What brings a new device of a person into a room: see {@link BackupRoom}. */
const ticket = v.object({
  room: bytes(16),
  /** As `RoomMeta` has it. */
  server: v.string(),
  /** The room's name when the backup was made. */
  name: v.string(),
  /** The person's display name in it. */
  as: v.string(),
  /** The fingerprint of its founder's identity key: 16 bytes, as base64url. */
  founder: bytes(16),
  /** The secret of the room's own invite: 16 bytes, as base64url; absent if the room had none. */
  own: v.optional(bytes(16)),
});

const notes = v.partial(
  v.object({
    read: position,
    draft: v.string(),
    draftReply: ref,
    draftEdit: v.object({ of: ref, text: v.string() }),
    notify: v.picklist(['all', 'mentions', 'none']),
    receipts: v.boolean(),
    typing: v.boolean(),
    codeMatched: v.boolean(),
    hidden: v.boolean(),
    links: v.record(v.string(), v.string()),
  }),
);

/** A device of the person, by its key. */
const device = v.object({ key: bytes(32), label: v.string(), since: count });

const header = v.object({
  kind: v.literal('backup'),
  version: v.number(),
  /** Milliseconds since 1970, by the clock of the device. */
  made: count,
  rooms: count,
});
const identity = v.object({
  kind: v.literal('identity'),
  /** The private identity key: 32 bytes, as base64url. */
  seed: bytes(32),
});
const preferences = v.object({
  kind: v.literal('preferences'),
  name: v.optional(v.string()),
  verified: v.array(v.string()),
  ignored: v.array(v.string()),
  pictures: v.picklist(['always', 'click']),
  screen: v.record(v.string(), v.string()),
  /** What the person calls its devices, so that a lost one can be distinguished from others. */
  devices: v.optional(v.array(device)),
});
const room = v.object({
  kind: v.literal('room'),
  ...ticket.entries,
  topic: v.string(),
  /** A room between the person's devices, which no list shows. */
  between: v.optional(v.literal('devices')),
  /** When the profile joined it, by the clock of the device. */
  since: count,
  /** Whether the membership had ended. */
  left: v.boolean(),
  /** The last position of the log that the device had read. */
  position,
  notes,
});
const pack = v.object({
  kind: v.literal('pack'),
  room: bytes(16),
  messages: count,
  /** As `encodePack` makes it, as base64url. */
  pack: v.string(),
});
const end = v.object({
  kind: v.literal('end'),
  packs: count,
  messages: count,
  /** What {@link LineHash} gives for all lines before. */
  hash: bytes(32),
});

const line = v.variant('kind', [header, identity, preferences, room, pack, end]);

export type BackupLine = v.InferOutput<typeof line>;
export type BackupHeader = v.InferOutput<typeof header>;
export type BackupIdentity = v.InferOutput<typeof identity>;
export type BackupPreferences = v.InferOutput<typeof preferences>;
export type BackupRoom = v.InferOutput<typeof room>;
export type BackupPack = v.InferOutput<typeof pack>;

/** @returns undefined for what is none, such as a line of a kind that isn't known */
export function parseLine(text: string): BackupLine | undefined {
  try {
    const read = v.safeParse(line, JSON.parse(text));
    return read.success ? read.output : undefined;
  } catch {
    return undefined;
  }
}

/** The hash of lines: 32 zero bytes for none, then for each line SHA-256 of the hash before it and the line, with its line feed. */
export class LineHash {
  #hash: Uint8Array = new Uint8Array(32);

  add(line: Uint8Array): void {
    this.#hash = sha256(concatBytes(this.#hash, line));
  }

  get text(): string {
    return encodeBytes(this.#hash);
  }
}
