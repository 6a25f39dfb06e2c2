import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { UsageError } from '../operate/usage-error.ts';

export type Coding = 'br' | 'gzip';

/** A file of the web client, ready to be sent. */
export interface Asset {
  readonly type: string;
  /** Whether the content at its address never changes. */
  readonly immutable: boolean;
  /** The entity tag of its content, without quotes. */
  readonly tag: string;
  /** The content, uncompressed. */
  readonly body: Buffer;
  /** @returns the content in this coding, compressed when it is first asked for; undefined when that makes it no smaller */
  coded(coding: Coding): Promise<Buffer | undefined>;
}

/** The assets by request path. No other file is served. */
export type Assets = ReadonlyMap<string, Asset>;

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};
/** Formats that are compressed already. */
const COMPRESSED = new Set(['.png', '.webp', '.woff2']);

const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);

/**
 * Reads the files of the built web client once. Later changes on disk have no effect. File names in its folder `assets` contain a
 * hash of the content. `index.html` is served at `/`.
 * @throws UsageError when the folder can't be read or has no `index.html`
 */
export async function loadAssets(folder: string): Promise<Assets> {
  const entries = await list(folder);
  const names = entries.filter((name) => Object.hasOwn(TYPES, extname(name)));
  if (!names.includes('index.html'))
    throw new UsageError(`${folder} is not a built web client: index.html is missing`);
  const loaded = await Promise.all(
    names.map(async (name) => [pathOf(name), await load(folder, name)] as const),
  );
  return new Map(loaded);
}

async function list(folder: string): Promise<string[]> {
  try {
    const found = await readdir(folder, { recursive: true });
    return found.map((name) => name.replaceAll('\\', '/'));
  } catch (cause) {
    throw new UsageError(`can't read ${folder}`, { cause });
  }
}

function pathOf(name: string): string {
  return name === 'index.html' ? '/' : `/${name}`;
}

async function load(folder: string, name: string): Promise<Asset> {
  const body = await readFile(join(folder, name));
  const type = TYPES[extname(name)] ?? '';
  return {
    type,
    immutable: name.startsWith('assets/'),
    tag: createHash('sha256').update(body).digest('base64url').slice(0, 16),
    body,
    coded: COMPRESSED.has(extname(name)) ? async () => undefined : coder(body),
  };
}

function coder(body: Buffer): Asset['coded'] {
  const results = new Map<Coding, Promise<Buffer | undefined>>();
  return (coding) => {
    const known = results.get(coding) ?? compress(body, coding);
    results.set(coding, known);
    return known;
  };
}

async function compress(body: Buffer, coding: Coding): Promise<Buffer | undefined> {
  const params = {
    // Levels 10 and 11 take 4 and 10 times as long, to save a sixteenth.
    [constants.BROTLI_PARAM_QUALITY]: 9,
    [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
  };
  const coded = await (coding === 'br' ? brotli(body, { params }) : gzipped(body, { level: 9 }));
  return coded.length < body.length ? coded : undefined;
}
