import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { ChatError } from '@gochat/client/chat-error';
import { openChat, type Profile } from '@gochat/client/open';
import { defaultProfileDir, homeDir } from '@gochat/client/profile-dir';
import { UsageError } from '@gochat/server/usage-error';
import { readAtMost } from './bounded-file.ts';
import type { Io } from './io.ts';
import { askPassphrase, givenPassphrase } from './passphrase.ts';

/** Options of every command that uses a profile. */
export interface ProfileOptions {
  readonly profile?: string;
  readonly ca?: string;
  readonly insecure?: boolean;
  readonly proxy?: string;
  readonly unlinked?: boolean;
}

export function profileDir({ env }: Pick<Io, 'env'>, { profile }: ProfileOptions): string {
  if (profile === '') throw new UsageError('--profile must name a folder');
  const given = profile ?? env.GOCHAT_PROFILE ?? '';
  // Shells leave it in quotes and after “=”.
  if (/^~(?=\/|$)/.test(given)) return join(homeDir(env), given.slice(1));
  return profile ?? defaultProfileDir(env);
}

/** Opens the profile for a command, and closes it afterwards. @throws ChatError, UsageError */
export async function withProfile<T>(
  io: Io,
  options: ProfileOptions,
  use: (profile: Profile) => Promise<T>,
): Promise<T> {
  const dir = profileDir(io, options);
  const insecure = options.insecure === true || isOn(io, 'GOCHAT_INSECURE');
  const proxy = options.proxy ?? (io.env.GOCHAT_PROXY || undefined);
  const unlinked = options.unlinked === true || isOn(io, 'GOCHAT_UNLINKED');
  const caFile = options.ca ?? (io.env.GOCHAT_CA || undefined);
  const ca = caFile === undefined ? undefined : await readCa(caFile);
  const profile = await openChat({
    dir,
    passphrase: ({ isOpen }) => (isOpen ? givenPassphrase(io) : askPassphrase(io)),
    ...(ca !== undefined && { ca }),
    ...(insecure && { insecure }),
    ...(proxy !== undefined && { proxy }),
    ...(unlinked && { unlinked }),
  });
  try {
    return await use(profile);
  } finally {
    await profile.close();
  }
}

/** @throws ChatError `not-member` if another device of its person has removed the one that the profile was, and it has no room since */
export async function checkNotRemoved(profile: Profile): Promise<void> {
  const { removed } = await profile.call('preferences', {});
  if (removed !== undefined && (await profile.call('rooms', {})).length === 0)
    throw new ChatError({ reason: 'device-removed' });
}

/** Reads a boolean environment variable, by the server's rules. */
function isOn(io: Io, variable: string): boolean {
  const value = (io.env[variable] ?? '').toLowerCase();
  if (['', '0', 'false', 'no'].includes(value)) return false;
  if (['1', 'true', 'yes'].includes(value)) return true;
  throw new UsageError(`${variable} must be 1 or 0, not ${value}`);
}

/** Bundles of all public authorities have less than a megabyte. */
const CA_BYTES = 10 * 1024 * 1024;

async function readCa(file: string): Promise<string> {
  try {
    const certificates = Buffer.from(await readAtMost(file, CA_BYTES)).toString();
    // A file without a certificate would be ignored silently.
    new X509Certificate(certificates);
    return certificates;
  } catch (cause) {
    throw new UsageError(`--ca: ${file} can't be read as a file of certificates (PEM)`, { cause });
  }
}

/** The user's name: `--as`, or the profile's. @throws UsageError when there is neither */
export async function nameFor(profile: Profile, as: string | undefined): Promise<string> {
  const name = as ?? (await profile.call('whoami', {})).name;
  if (name === undefined) throw new UsageError('this profile has no name yet: give one with --as NAME');
  return name;
}
