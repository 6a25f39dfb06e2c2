import type { EventItem, HistoryItem, TextItem } from '@gochat/client/history';
import type { FileContent } from '../src/files/file-kind.ts';
import { RoomFiles, type RoomFilesParts } from '../src/files/room-files.ts';
import type { ComposerParts } from '../src/room/composer.ts';
import type { RowContext } from '../src/timeline/context.ts';
import { Lines } from '../src/timeline/lines.ts';
import type { RowCache, TimelineInput } from '../src/timeline/rows.ts';
import { english } from '../src/words/english.ts';
import { Words } from '../src/words/words.ts';

export const words = new Words('en-GB', english, 'UTC');
const { clock } = words;
/** 23 November 2026, noon. */
export const NOON = Date.UTC(2026, 10, 23, 12);

/** A key that looks like an identity key. */
export function key(name: string): string {
  return name.padEnd(43, 'A');
}

export function item(seq: number, from: string, text: string, more: Partial<TextItem> = {}): TextItem {
  const own = from === 'me';
  return {
    seq: String(seq) as TextItem['seq'],
    sub: 0,
    at: NOON + seq * 1000,
    kind: 'text',
    from,
    identity: key(from),
    own,
    text,
    id: `id${seq}`.padEnd(22, 'A'),
    ...more,
  };
}

/** What happened in the room. */
export function event(seq: number, from: string, fact: EventFact): EventItem {
  const line = {
    seq: String(seq) as EventItem['seq'],
    sub: 0,
    at: NOON + seq * 1000,
    from,
    identity: from === '' ? '' : key(from),
    own: from === 'me',
  };
  return { ...line, ...fact };
}

type EventFact = FactOf<EventItem>;
type FactOf<T> = T extends EventItem ? Omit<T, 'seq' | 'sub' | 'at' | 'from' | 'identity' | 'own'> : never;

export function context(more: Partial<RowContext> = {}): RowContext {
  return {
    words,
    self: key('me'),
    today: clock.dayKey(NOON),
    now: NOON,
    roomName: (id) => (id === 'a'.repeat(22) ? 'kitchen' : undefined),
    labels: new Map(['me', 'ana', 'ben'].map((name) => [key(name), name])),
    verified: new Set(),
    ignored: new Set(),
    emoji: () => undefined,
    ...more,
  };
}

export function inputOf(
  items: readonly HistoryItem[],
  more: Partial<TimelineInput> = {},
): TimelineInput & { readonly lines: Lines } {
  const lines = new Lines((at) => clock.dayKey(at));
  lines.take(items);
  return {
    waiting: [],
    refused: new Map(),
    changed: new Map(),
    quoted: new Map(),
    files: (of) => roomFiles().rowsOf(of, undefined),
    readers: [],
    newAfter: undefined,
    complete: false,
    room: 'kitchen',
    founded: false,
    alone: false,
    context: context(),
    ...more,
    lines,
  };
}

/** Files of a room of which none is on this device. */
export function roomFiles(more: Partial<RoomFilesParts> = {}): RoomFiles {
  const files = { here: async () => [] } as unknown as RoomFilesParts['files'];
  return new RoomFiles({ files, room: 'r', words, changed: () => undefined, isUnasked: () => true, ...more });
}

/** For a composer of a room whose server stores no files. */
export function noFiles(more: Partial<ComposerParts['files']> = {}): ComposerParts['files'] {
  const files = { limits: async () => null } as unknown as ComposerParts['files']['files'];
  return { files, makePreview: async () => undefined, paths: async () => [], ...more };
}

/** A file of a message, as a sender describes it. */
export function file(name: string, more: Partial<FileContent> = {}): FileContent {
  const sealed = { id: name.padEnd(22, 'A'), key: '', hash: '', bytes: 2_430_000 };
  return { ...sealed, name, type: 'application/octet-stream', ...more } as FileContent;
}

export function noRows(): RowCache {
  return new Map();
}
