import { KEPT_CHARS, KEPT_OVER, type Kept } from '@gochat/crypto/content';
import { utf8 } from '@gochat/crypto/primitives';
import {
  comparePositions,
  inviteId,
  nonce,
  type Position,
  position,
  publicKey,
  roomId,
} from '@gochat/protocol/fields';
import * as v from 'valibot';
import { compareRequests } from '../direct/requests.ts';
import { type Ticket, ticket } from './ticket.ts';

/** How much later than the server's time an entry's own time may be. */
const AHEAD_MS = 10 * 60_000;
/** How many keys are kept. */
const KEYS = 16_384;
/** The largest entry, in bytes of JSON. */
const ENTRY_BYTES = 40 * 1024;
/** What of a message's bytes its entries take: beside them it has keys and names. */
const SLICE_BYTES = 56 * 1024;
const SLICE_ENTRIES = 1024;

const messageRef = v.object({ seq: position, id: nonce });
const device = v.object({
  /** Empty if its person has given it none. */
  label: v.pipe(v.string(), v.maxLength(256)),
  /** When it became one of this person's, in milliseconds since 1970 by its own clock. */
  since: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  limited: v.optional(v.literal(true)),
  /** The key that this device has elsewhere, if it has come as a new one into a room. */
  of: v.optional(publicKey),
});

/** The values by the first words of their keys. */
const VALUES = {
  /** The way into the self room of a server. */
  self: ticket,
  /** The way into a room, or that this person has left it. */
  ticket: v.union([ticket, v.literal('left')]),
  device,
  /** The recovery link that counts: its self room, and the public halves of its invite. Null: none any more. */
  recovery: v.nullable(
    v.object({
      room: roomId,
      /** As in a room's meta. */
      server: v.pipe(v.string(), v.maxLength(200)),
      id: inviteId,
      join: publicKey,
      wrap: publicKey,
      since: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
      /** For whom backups are encrypted that the link opens. */
      backup: v.optional(v.pipe(v.string(), v.regex(/^age1[a-z0-9]{1,100}$/))),
    }),
  ),
  /** What names the contents of its safe. */
  safe: nonce,
  /** The device is to be removed everywhere. */
  lost: v.literal(true),
  read: position,
  draft: v.nullable(
    v.object({
      text: v.string(),
      reply: v.optional(messageRef),
      edit: v.optional(v.object({ of: messageRef, text: v.string() })),
    }),
  ),
  notify: v.picklist(['all', 'mentions', 'none']),
  receipts: v.boolean(),
  typing: v.boolean(),
  /** A device asks for what was said in a room before a position; null once another one gives it. */
  older: v.nullable(v.object({ to: publicKey, before: position })),
  verified: v.nullable(v.literal(true)),
  ignored: v.nullable(v.literal(true)),
  /** Who may ask to write to this person alone. */
  asks: v.picklist(['all', 'verified', 'none']),
  /** Somebody asks to write to this person, in a direct room. */
  request: v.object({
    /** Where the box was posted, and the server, as {@link serverOf} spells it. */
    common: roomId,
    server: v.pipe(v.string(), v.maxLength(200)),
    /** The identity key of who asks, and the name then. */
    from: publicKey,
    name: v.pipe(v.string(), v.maxLength(256)),
    text: v.pipe(v.string(), v.maxLength(1024)),
    secret: nonce,
    /** When the box was posted, in milliseconds since 1970 by the server's clock. */
    at: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    state: v.picklist(['open', 'accepted', 'ignored']),
  }),
} as const;

export type KeptKind = keyof typeof VALUES;
export type KeptValue<K extends KeptKind> = v.InferOutput<(typeof VALUES)[K]>;

/** What the rest of a key is. */
const SUBJECTS = {
  self: v.pipe(v.string(), v.url(), v.maxLength(200)),
  ticket: roomId,
  device: publicKey,
  lost: publicKey,
  recovery: v.literal('link'),
  safe: v.literal('link'),
  read: roomId,
  draft: roomId,
  notify: roomId,
  receipts: roomId,
  typing: roomId,
  older: roomId,
  verified: publicKey,
  ignored: publicKey,
  asks: v.literal('requests'),
  request: roomId,
} as const satisfies Record<KeptKind, unknown>;

/** Of a room: such a key goes to the self room of the room's server, others to all self rooms. */
const OF_ROOM: ReadonlySet<KeptKind> = new Set<KeptKind>([
  'ticket',
  'read',
  'draft',
  'notify',
  'receipts',
  'typing',
  'older',
]);

/** The parts of a key. */
export interface KeptKey {
  readonly kind: KeptKind;
  /** A room, a server, an identity or a device. */
  readonly of: string;
}

export function keyOf(kind: KeptKind, of: string): string {
  return `${kind} ${of}`;
}

/** @returns undefined for a key that this version doesn't know */
export function parseKey(key: string): KeptKey | undefined {
  const space = key.indexOf(' ');
  const [kind, of] = [key.slice(0, Math.max(0, space)), key.slice(space + 1)];
  if (!Object.hasOwn(VALUES, kind)) return undefined;
  return v.is(SUBJECTS[kind as KeptKind], of) ? { kind: kind as KeptKind, of } : undefined;
}

export function isOfRoom({ kind }: KeptKey): boolean {
  return OF_ROOM.has(kind);
}

/** The entries by their keys. */
export type KeptMap = ReadonlyMap<string, Kept>;

/** @returns the value of a key; undefined if there is none. All values of the map were checked when they came in. */
export function keptValue<K extends KeptKind>(map: KeptMap, kind: K, of: string): KeptValue<K> | undefined {
  return map.get(keyOf(kind, of))?.value as KeptValue<K> | undefined;
}

/** @returns all values of a kind, by what they are about */
export function keptValues<K extends KeptKind>(
  map: KeptMap,
  kind: K,
): readonly (readonly [string, KeptValue<K>])[] {
  const prefix = `${kind} `;
  return [...map.values()].flatMap(({ key, value }) =>
    key.startsWith(prefix) ? [[key.slice(prefix.length), value as KeptValue<K>] as const] : [],
  );
}

/** @returns an entry that came from elsewhere, if this version knows its key and the value fits */
export function checked({ key, at, over, value }: Kept): Kept | undefined {
  const parsed = parseKey(key);
  if (parsed === undefined) return undefined;
  const fitting = v.safeParse(VALUES[parsed.kind], value);
  return fitting.success ? { key, at, ...(over && { over }), value: fitting.output } : undefined;
}

/**
 * @param time of the log entry with which it came, by the server's clock
 * @returns the entry as it counts: one that is far ahead of the server's time counts as set at that time
 */
export function clamped(entry: Kept, time: number): Kept {
  const [at, by] = entry.at;
  return at > time + AHEAD_MS ? { ...entry, at: [time, by] } : entry;
}

/** Adds an entry: of two of one key the later one stays. The order in which entries come makes no difference. @returns whether it stays */
export function merge(map: Map<string, Kept>, entry: Kept): boolean {
  const known = map.get(entry.key);
  if (known === undefined ? map.size >= KEYS : compare(entry, known) <= 0) return false;
  map.set(entry.key, entry);
  return true;
}

/** @returns a positive number if the first entry counts and not the second, of the same key. A total order: equal ones are the same. */
export function compare(a: Kept, b: Kept): number {
  return byRule(a, b) || a.at[0] - b.at[0] || order(a.at[1], b.at[1]) || order(textOf(a), textOf(b));
}

/** Some keys don't go by time: what was read stays read, and of two self rooms that were made at once the same one stays everywhere. */
function byRule(a: Kept, b: Kept): number {
  switch (parseKey(a.key)?.kind) {
    case 'read':
      return comparePositions(a.value as Position, b.value as Position);
    case 'request':
      return compareRequests(a.value as KeptValue<'request'>, b.value as KeptValue<'request'>);
    case 'self':
      return order((b.value as Ticket).room, (a.value as Ticket).room);
    default:
      return 0;
  }
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function textOf({ value }: Kept): string {
  return JSON.stringify(value);
}

function sizeOf(entry: Kept): number {
  return utf8(JSON.stringify(entry)).length;
}

/** Whether an entry can be posted: a longer draft stays on its device. */
export function fits(entry: Kept): boolean {
  return JSON.stringify(entry.value).length <= KEPT_CHARS && sizeOf(entry) <= ENTRY_BYTES;
}

/** What is needed first comes first. */
const FIRST: readonly KeptKind[] = ['self', 'lost', 'device', 'ticket'];

/** @returns the entries in slices, each of which fits into one message beside an identity and its certificate */
export function slices(kept: readonly Kept[]): readonly (readonly Kept[])[] {
  const rank = ({ key }: Kept) => {
    const at = FIRST.findIndex((kind) => key.startsWith(`${kind} `));
    return at === -1 ? FIRST.length : at;
  };
  const all: Kept[][] = [];
  let bytes = 0;
  for (const entry of [...kept].sort((a, b) => rank(a) - rank(b) || order(a.key, b.key))) {
    const size = sizeOf(entry) + 1;
    const last = all.at(-1);
    if (last === undefined || bytes + size > SLICE_BYTES || last.length === SLICE_ENTRIES) {
      all.push([entry]);
      bytes = size;
    } else {
      last.push(entry);
      bytes += size;
    }
  }
  return all;
}

/** Whether the device that set an entry knew another one of the same key, or a later one of the same device. */
export function knew({ over = [] }: Kept, { at: [ms, by] }: Kept): boolean {
  return over.some(([knownMs, knownBy]) => knownBy === by && knownMs >= ms);
}

/** @returns what an entry that is set over this one says that it knew: of each device the last one */
export function knownBy({ at, over = [] }: Kept): NonNullable<Kept['over']> {
  return [at, ...over.filter(([, by]) => by !== at[1])].slice(0, KEPT_OVER);
}

type Draft = KeptValue<'draft'>;

/** @returns a draft with the texts of two that were written at once, each of them once: that of the earlier one first */
export function joinedDrafts(earlier: Draft, later: Draft): Draft {
  if (earlier === null || later === null) return earlier ?? later;
  const reply = later.reply ?? earlier.reply;
  const edit = later.edit ?? earlier.edit;
  const lostEdit =
    later.edit && earlier.edit && earlier.edit.text !== later.edit.text ? earlier.edit.text : '';
  const text = joinedTexts(joinedTexts(lostEdit, earlier.text), later.text);
  return { text, ...(reply && { reply }), ...(edit && { edit }) };
}

function joinedTexts(earlier: string, later: string): string {
  if (later.includes(earlier)) return later;
  return earlier.includes(later) ? earlier : `${earlier}\n${later}`;
}
