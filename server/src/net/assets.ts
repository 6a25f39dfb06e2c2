import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { UsageError } from '../operate/usage-error.ts';

export type Coding = 'br' | 'gzip' | 'identity';

/** A file of the page, ready to be sent. */
export interface Asset {
  readonly type: string;
  /** Under its address there is never anything else. */
  readonly immutable: boolean;
  /** Of its content, without the quotes. */
  readonly tag: string;
  /** As it is, and in each coding that makes it smaller. */
  readonly bodies: ReadonlyMap<Coding, Buffer>;
}

/** By the path of their requests. Nothing that isn't in here can be asked for. */
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
/** They are compressed as they are. */
const PACKED = new Set(['.png', '.webp', '.woff2']);

const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);

/**
 * Reads the files of a built page, once; later changes on the disk aren't seen. What lies in its folder `assets` is named by its
 * content. `index.html` answers to `/`.
 * @throws UsageError when the folder holds no page
 */
export async function loadAssets(folder: string): Promise<Assets> {
  const entries = await list(folder);
  const names = entries.filter((name) => Object.hasOwn(TYPES, extname(name)));
  if (!names.includes('index.html')) throw new UsageError(`${folder} holds no page: index.html is missing`);
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
    throw new UsageError(`${folder} can't be read`, { cause });
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
    bodies: new Map(await codings(body, PACKED.has(extname(name)))),
  };
}

async function codings(body: Buffer, packed: boolean): Promise<[Coding, Buffer][]> {
  const plain: [Coding, Buffer] = ['identity', body];
  if (packed) return [plain];
  const params = {
    // The levels above take four and ten times as long, at every start, for a sixteenth less.
    [constants.BROTLI_PARAM_QUALITY]: 9,
    [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
  };
  const [small, smaller] = await Promise.all([gzipped(body, { level: 9 }), brotli(body, { params })]);
  const coded: [Coding, Buffer][] = [
    ['br', smaller],
    ['gzip', small],
  ];
  return [plain, ...coded.filter(([, bytes]) => bytes.length < body.length)];
}
