import { sniff } from '@gochat/client/sniff';
import { type FileContent, kindOf } from './file-kind.ts';

/** How many of the first bytes say what a file is. */
const HEAD_BYTES = 4096;

const PICTURES = /\.(jpe?g|png|gif|webp|avif|heic)$/i;
const RECORDINGS = /\.(mp3|m4a|ogg|oga|opus|wav|flac|mp4|m4v|mov|webm|mkv)$/i;
const TEXTS = /\.(txt|log)$/i;

/** Beginnings of markup, scripts, playlists, contacts, calendars and torrents: programs run them, or they lead to other files and hosts. */
const ACTIVE_START = /^(?:<[a-z!?/%]|#!|#extm3u|begin:v|d\d+:)/;
/** What systems look for after the beginning, too, before they take a text for one. */
const ACTIVE =
  /<(?:[!?%]|\/?(?:html|head|body|title|meta|link|base|script|style|svg|math|iframe|frameset|object|embed|form|table|div|h\d|a\s+href|img)\b)|^\[(?:kde )?desktop (?:entry|action)|^\[(?:internetshortcut|playlist)/m;

/** The bytes of a file are not what its name says. */
export class NotAsNamed extends Error {
  override readonly name = 'NotAsNamed';
}

/**
 * Whether a file may be opened without a question, by its cleaned name and the type that its sender gives: pictures, recordings, videos and
 * plain texts. Some systems choose the program by the name, others by the bytes: see {@link asNamed}.
 */
export function isHarmless(name: string, file: Pick<FileContent, 'type' | 'ms' | 'wave'>): boolean {
  const isNamed = [PICTURES, RECORDINGS, TEXTS].some((names) => names.test(name));
  return isNamed && (kindOf(file) !== 'other' || file.type === 'text/plain');
}

/** @returns the same bytes @throws NotAsNamed before the first of them, when they are of another kind than a harmless name says */
export async function* asNamed(
  name: string,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let head: Uint8Array | undefined = new Uint8Array();
  for await (const piece of bytes) {
    if (head === undefined) {
      yield piece;
      continue;
    }
    head = joined(head, piece);
    if (head.length < HEAD_BYTES) continue;
    if (!isAsNamed(name, head.subarray(0, HEAD_BYTES), false)) throw new NotAsNamed();
    yield head;
    head = undefined;
  }
  if (head === undefined) return;
  if (!isAsNamed(name, head, true)) throw new NotAsNamed();
  yield head;
}

/** @param isWhole whether nothing follows the head */
function isAsNamed(name: string, head: Uint8Array, isWhole: boolean): boolean {
  const type = sniff(head) ?? '';
  if (PICTURES.test(name)) return /^image\/(?:jpeg|png|gif|webp|avif|heic|heif)$/.test(type);
  // A container of either has the name of the other at times.
  if (RECORDINGS.test(name)) return /^(?:audio|video)\//.test(type);
  return TEXTS.test(name) && type === '' && isPlainText(head, isWhole);
}

function isPlainText(head: Uint8Array, isWhole: boolean): boolean {
  let text: string;
  try {
    // The last character may be cut.
    text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: !isWhole });
  } catch {
    return false;
  }
  const read = text.trimStart().toLowerCase();
  return !read.includes('\0') && !ACTIVE_START.test(read) && !ACTIVE.test(read);
}

function joined(start: Uint8Array, end: Uint8Array): Uint8Array {
  const all = new Uint8Array(start.length + end.length);
  all.set(start);
  all.set(end, start.length);
  return all;
}
