import { ascii, base64url, concat, fromBase64url, text, tuple, u32, u64, unpad } from './encoding.ts';
import { type Credential, readCredential } from './identity.ts';
import type { ListedPack, Part } from './listed-pack.ts';
import type { Content } from './messages.ts';
import { open, sha256, verify } from './primitives.ts';
import { checkGenesis, type RoomState, readRoomState } from './room-state.ts';
import { silence } from './speaking.ts';
import type { Down } from './wire.ts';

/** docs/protocol.md, “History for newcomers”. */

/** The content of a `pack`. */
export interface Announcement extends Pick<ListedPack, 'from' | 'to' | 'seen' | 'messages' | 'parts'> {
  readonly key: string;
}

/** Takes bytes from the beginning of others. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new Error('bytes are missing');
    this.#at += length;
    return this.#bytes.slice(this.#at - length, this.#at);
  }

  rest(): Uint8Array {
    return this.take(this.#bytes.length - this.#at);
  }

  number(length: 1 | 2 | 4 | 8): bigint {
    return BigInt(`0x${Buffer.from(this.take(length)).toString('hex')}`);
  }

  /** Bytes after their length of four bytes. */
  part(): Uint8Array {
    return this.take(Number(this.number(4)));
  }

  parts(): Uint8Array[] {
    const all: Uint8Array[] = [];
    while (!this.isAtEnd) all.push(this.part());
    return all;
  }

  /** A vector of RFC 9420, section 2.1.2. */
  vector(): Uint8Array {
    const first = Number(this.number(1));
    const more = (1 << (first >> 6)) - 1;
    if (more > 3) throw new Error('a length of eight bytes');
    let length = BigInt(first & 0x3f);
    for (let n = 0; n < more; n++) length = (length << 8n) | this.number(1);
    return this.take(Number(length));
  }
}

/** A vector of RFC 9420, section 2.1.2. */
function vector(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  if (length < 2 ** 6) return concat(Uint8Array.of(length), bytes);
  if (length < 2 ** 14) return concat(Uint8Array.of(0x40 | (length >> 8), length & 0xff), bytes);
  return concat(u32(0x80000000 + length), bytes);
}

/** @param data of the extension `0xf7c5`, or `null` without it */
export function readList(data: Uint8Array | null): ListedPack[] {
  return new Reader(data ?? new Uint8Array()).parts().map((bytes) => {
    const reader = new Reader(bytes);
    const [key, by] = [reader.take(32), base64url(reader.take(32))];
    const [from, to, seen, at] = [reader.number(8), reader.number(8), reader.number(8), reader.number(8)];
    const messages = Number(reader.number(4));
    const parts: Part[] = [];
    while (!reader.isAtEnd) {
      parts.push({ seq: String(reader.number(8)), hash: base64url(reader.take(32)) });
    }
    return { key, by, from: `${from}`, to: `${to}`, seen: `${seen}`, at: Number(at), messages, parts };
  });
}

/** @returns the data of the extension, or `null` if there is none */
export function encodeList(list: readonly ListedPack[]): Uint8Array | null {
  if (list.length === 0) return null;
  return concat(
    ...list.flatMap(({ key, by, from, to, seen, at, messages, parts }) => {
      const head = [key, fromBase64url(by), u64(from), u64(to), u64(seen), u64(at), u32(messages)];
      const bytes = concat(...head, ...parts.flatMap(({ seq, hash }) => [u64(seq), fromBase64url(hash)]));
      return [u32(bytes.length), bytes];
    }),
  );
}

const DAY_MS = 24 * 3600 * 1000;

/** @returns the list after an announcement at this position, by the rules of “The list” */
export function listWith(
  list: readonly ListedPack[],
  said: Announcement,
  { seq, at, by }: { readonly seq: string; readonly at: number; readonly by: string },
  { history }: RoomState,
): readonly ListedPack[] {
  const [from, to, seen, here] = [said.from, said.to, said.seen, seq].map(BigInt) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const isValid =
    from <= to && to <= seen && seen < here && said.parts.every((part) => BigInt(part.seq) < here);
  if (history === undefined || !isValid) return list;
  const fresh: ListedPack = { ...said, key: fromBase64url(said.key), by, at };
  const isWithin = (one: ListedPack) => BigInt(one.from) >= from && BigInt(one.to) <= to;
  const all = [...list.filter((one) => !isWithin(one)), fresh];
  const { last, days } = history as { last?: number; days?: number };
  const after = (pack: ListedPack) => all.filter((one) => BigInt(one.from) > BigInt(pack.to));
  const left = all.filter((pack) => {
    if (last !== undefined) return after(pack).reduce((sum, { messages }) => sum + messages, 0) < last;
    return days === undefined || pack === fresh || pack.at >= at - days * DAY_MS;
  });
  while (left.length > 32 || left.reduce((sum, { parts }) => sum + parts.length, 0) > 256) left.shift();
  return left;
}

/** @returns the pack whose posts these are, in order. @throws if one isn't the announced one */
export function openParts(
  room: string,
  { key, parts }: ListedPack,
  bodies: readonly Uint8Array[],
): Uint8Array {
  const opened = parts.map(({ hash }, index) => {
    const body = bodies[index];
    if (body === undefined || body[0] !== 3) throw new Error('not a part of a pack');
    if (base64url(sha256(body)) !== hash) throw new Error('not the announced part');
    return unpad(open(key, tuple('gochat/seal/pack/2', ascii(room)), body.slice(1)));
  });
  return concat(...opened);
}

/** A message, edit or reaction of a pack, which its author has signed. */
export interface SharedLine {
  readonly seq: string;
  readonly at: number;
  readonly author: Credential;
  readonly content: Content;
}

interface PackedEpoch {
  readonly context: Uint8Array;
  readonly groupId: Uint8Array;
  readonly number: bigint;
  readonly state: RoomState;
  readonly speakers: ReadonlyMap<number, { readonly key: Uint8Array; readonly credential: Uint8Array }>;
}

/** @throws if the GroupContext isn't one of this room */
function readEpoch(bytes: Uint8Array, room: string, founder: string): PackedEpoch {
  const [context, ...leaves] = new Reader(bytes).parts();
  const reader = new Reader(context ?? new Uint8Array());
  // Version and cipher suite.
  reader.take(4);
  const [groupId, number] = [reader.vector(), reader.number(8)];
  // Tree hash and transcript hash.
  reader.vector();
  reader.vector();
  const extensions = new Reader(reader.vector());
  const extension = (type: bigint) => {
    if (extensions.number(2) !== type) throw new Error('another extension');
    return extensions.vector();
  };
  const [genesis, state] = [extension(0xf7c1n), readRoomState(extension(0xf7c2n))];
  if (!extensions.isAtEnd || !reader.isAtEnd) throw new Error('more than a GroupContext');
  checkGenesis(genesis, room, groupId, founder);
  const speakers = leaves.map((leaf) => {
    const one = new Reader(leaf);
    return [Number(one.number(4)), { key: one.take(32), credential: one.rest() }] as const;
  });
  return { context: context ?? new Uint8Array(), groupId, number, state, speakers: new Map(speakers) };
}

/** RFC 9420, sections 5.1.2 and 6.1: what a member signs of an application message in a PrivateMessage. */
function signedBy(leaf: number, { context, groupId, number }: PackedEpoch, data: Uint8Array): Uint8Array {
  const content = concat(
    Uint8Array.of(0, 1, 0, 2),
    vector(groupId),
    u64(number),
    Uint8Array.of(1),
    u32(leaf),
    vector(new Uint8Array()),
    Uint8Array.of(1),
    vector(data),
    context,
  );
  return concat(vector(ascii('MLS 1.0 FramedContentTBS')), vector(content));
}

/** The lines of a pack that may be shown, and how many others it has. */
export interface SharedPack {
  readonly lines: readonly SharedLine[];
  readonly left: number;
}

export function readPack(pack: Uint8Array, room: string, founder: string): SharedPack {
  const [first, ...rest] = new Reader(pack).parts();
  const epochs = new Reader(first ?? new Uint8Array()).parts();
  const lines: SharedLine[] = [];
  for (const bytes of rest) {
    const reader = new Reader(bytes);
    const [seq, at] = [String(reader.number(8)), Number(reader.number(8))];
    const [place, leaf] = [Number(reader.number(4)), Number(reader.number(4))];
    const [signature, data] = [reader.take(64), reader.rest()];
    try {
      const epoch = readEpoch(epochs[place] as Uint8Array, room, founder);
      const speaker = epoch.speakers.get(leaf);
      if (speaker === undefined || epoch.state.history === undefined) continue;
      const author = readCredential(speaker.credential, epoch.groupId, speaker.key);
      if (!verify(speaker.key, signedBy(leaf, epoch, data), signature)) continue;
      const content = JSON.parse(text(data)) as Content;
      const { kind } = content.content;
      if (silence(epoch.state, author.identity, kind, { at, previous: undefined }) !== null) continue;
      lines.push({ seq, at, author, content });
    } catch {
      // Whoever made the pack can have written anything.
    }
  }
  // A pack has them in any order.
  lines.sort((a, b) => Number(BigInt(a.seq) - BigInt(b.seq)));
  return { lines, left: rest.length - lines.length };
}

/** @returns the bodies of the parts. @param read the reply to `read` of one entry after a position */
export async function fetchParts(
  { parts }: ListedPack,
  read: (after: string) => Promise<Down>,
): Promise<Uint8Array[]> {
  const bodies: Uint8Array[] = [];
  for (const { seq } of parts) {
    const { entries = [] } = await read(String(BigInt(seq) - 1n));
    const entry = entries.find((one) => one.seq === seq);
    if (entry === undefined) throw new Error('a part has expired');
    bodies.push(fromBase64url(entry.body));
  }
  return bodies;
}
