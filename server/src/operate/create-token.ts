import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from './usage-error.ts';

const TOKEN_BYTES = 16;
const TOKEN = /^[A-Za-z0-9_-]{21}[AQgw]$/;

/** Of a data folder, the file that holds the token. */
export const TOKEN_FILE = 'create-token';

/**
 * The token with which rooms are made on this server (128 random bits as base64url), made when there is none.
 * @param shared other nodes must have the same: none is made
 * @throws UsageError when the file holds something else, or can't be read or written
 */
export async function readCreateToken(folder: string, shared = false): Promise<string> {
  const file = join(folder, TOKEN_FILE);
  if (shared && !existsSync(file))
    throw new UsageError(
      `${file} isn't there: with --log, put the same token there for every node, such as \`openssl rand 16 | basenc --base64url | tr -d =\` prints`,
    );
  try {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    await writeFile(file, `${token}\n`, { mode: 0o600, flag: 'wx', flush: true });
    return token;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST'))
      throw new UsageError(`${file} can't be written`, { cause: error });
  }
  const token = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`${file} can't be read`, { cause });
  });
  if (!TOKEN.test(token.trim()))
    throw new UsageError(`${file} holds no token: remove it, and a new one is made at the next start`);
  return token.trim();
}

/** Takes the same time whatever was named. */
export function isToken(token: string, named: string): boolean {
  return timingSafeEqual(digest(token), digest(named));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
