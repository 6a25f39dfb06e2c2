import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Result } from './finding.ts';
import type { Creators } from './serve-options.ts';
import { UsageError } from './usage-error.ts';

const TOKEN_BYTES = 16;
const TOKEN = /^[A-Za-z0-9_-]{21}[AQgw]$/;

/** The name of the token's file in the data folder. */
export const TOKEN_FILE = 'create-token';

/**
 * Reads the token that creating a room requires (128 random bits as base64url). Creates it if there is none.
 * @param shared other nodes need the same token, so none is created
 * @throws UsageError when the file holds no token, or can't be read or written
 */
export async function readCreateToken(folder: string, shared = false): Promise<string> {
  const file = join(folder, TOKEN_FILE);
  if (shared && !existsSync(file))
    throw new UsageError(
      `${file} does not exist: with --log, create the same file for every node: openssl rand 16 | basenc --base64url | tr -d = > ${file}`,
    );
  try {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    await writeFile(file, `${token}\n`, { mode: 0o600, flag: 'wx', flush: true });
    return token;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST'))
      throw new UsageError(`can't write ${file}`, { cause: error });
  }
  const token = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`can't read ${file}`, { cause });
  });
  if (!TOKEN.test(token.trim()))
    throw new UsageError(`${file} holds no token: delete it, and the next start creates a new one`);
  return token.trim();
}

/** What an operator should know of who may create rooms. It creates no token. @param shared as in {@link readCreateToken} */
export async function checkCreators(by: Creators, folder: string, shared: boolean): Promise<Result> {
  if (by === 'open') return ['good', 'anybody may create rooms; --create token or members restricts it'];
  const file = join(folder, TOKEN_FILE);
  const who = by === 'token' ? 'who has the token' : 'who has the token, and members of rooms here,';
  if (!existsSync(file)) {
    if (!shared) return ['good', `${who} may create rooms; the first start puts the token into ${file}`];
    return ['bad', `${file} does not exist: with --log, create the same file for every node`];
  }
  await readCreateToken(folder, shared);
  const others = (await stat(file)).mode & 0o077;
  return others === 0
    ? ['good', `${who} may create rooms; the token is in ${file}`]
    : ['look', `other users of this machine may read or change the token in ${file}: chmod 600 it`];
}

/** Compares in constant time. */
export function isToken(token: string, given: string): boolean {
  return timingSafeEqual(digest(token), digest(given));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
