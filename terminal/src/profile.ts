import { readFile } from 'node:fs/promises';
import { openChat, type Profile } from '@gochat/client/open';
import { defaultProfileDir } from '@gochat/client/profile-dir';
import { UsageError } from './exit.ts';
import type { Io } from './io.ts';
import { askPassphrase } from './passphrase.ts';

/** What every command that uses a profile takes. */
export interface ProfileOptions {
  readonly profile?: string;
  readonly ca?: string;
  readonly insecure?: boolean;
}

export function profileDir(options: ProfileOptions): string {
  return options.profile ?? defaultProfileDir();
}

/** Opens the profile for a command and closes it behind it. @throws ChatError, UsageError */
export async function withProfile<T>(
  io: Io,
  options: ProfileOptions,
  use: (profile: Profile) => Promise<T>,
): Promise<T> {
  const ca = options.ca === undefined ? undefined : await readCa(options.ca);
  const profile = await openChat({
    dir: profileDir(options),
    passphrase: () => askPassphrase(io),
    ...(ca !== undefined && { ca }),
    ...(options.insecure === true && { insecure: true }),
  });
  try {
    return await use(profile);
  } finally {
    await profile.close();
  }
}

async function readCa(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`--ca ${file} can't be read: it should be a file of certificates (PEM)`, { cause });
  }
}

/** Who to be: `--as`, or the name that the profile has. @throws UsageError when there is neither */
export async function nameFor(profile: Profile, as: string | undefined): Promise<string> {
  const name = as ?? (await profile.call('whoami', {})).name;
  if (name === undefined)
    throw new UsageError('this profile has no name yet: say who you are with --as NAME');
  return name;
}
