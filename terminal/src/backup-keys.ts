import { type AgeOpeners, openersIn } from '@gochat/client/backup-opener';
import type { AgeRecipients } from '@gochat/client/write-backup';
import { UsageError } from '@gochat/server/usage-error';
import type { Io } from './io.ts';
import { askHidden } from './passphrase.ts';
import { readTextFile } from './utf8-input.ts';

interface KeyOptions {
  readonly to?: readonly string[];
  readonly identity?: string;
  readonly passphraseFile?: string;
}

/** For whom a backup is made: the keys that were given, or a passphrase, which is asked for twice on a terminal. @throws UsageError */
export async function readRecipients(io: Io, options: KeyOptions): Promise<AgeRecipients> {
  if (options.identity !== undefined)
    throw new UsageError('--identity opens a backup: to make one, give --to');
  if (options.to !== undefined) {
    if (options.passphraseFile !== undefined)
      throw new UsageError('a backup is for a passphrase or for keys: leave out --to or --passphrase-file');
    return { recipients: options.to };
  }
  const given = await givenPassphrase(io, options);
  if (given !== undefined) return { passphrase: given };
  const { ask } = io.words.text.lines;
  const passphrase = await asked(io, ask.backupPassphrase);
  if ((await askHidden(io, ask.repeatBackupPassphrase)) !== passphrase)
    throw new UsageError('the passphrases differ; nothing was written');
  return { passphrase };
}

/** What opens a backup: a key or a recovery link in a file, or a passphrase, which is asked for on a terminal. @throws UsageError */
export async function readOpeners(io: Io, options: KeyOptions): Promise<AgeOpeners> {
  if (options.to !== undefined)
    throw new UsageError('--to is for making a backup: to open one, give --identity');
  if (options.identity !== undefined) return openersIn(await readTextFile(options.identity));
  const given = await givenPassphrase(io, options);
  return { passphrase: given ?? (await asked(io, io.words.text.lines.ask.backupPassphrase)) };
}

async function givenPassphrase({ env }: Io, { passphraseFile }: KeyOptions): Promise<string | undefined> {
  const file = passphraseFile ?? (env.GOCHAT_BACKUP_PASSPHRASE_FILE || undefined);
  const given = file === undefined ? env.GOCHAT_BACKUP_PASSPHRASE : await readPassphrase(file);
  if (given === '' && file !== undefined) throw new UsageError(`the passphrase in ${file} is empty`);
  return given === '' ? undefined : given;
}

async function readPassphrase(file: string): Promise<string> {
  try {
    return (await readTextFile(file)).replace(/\r?\n$/, '');
  } catch (cause) {
    throw new UsageError(`${file} can't be read`, { cause });
  }
}

/** @throws UsageError where nobody can be asked, or nothing was answered */
async function asked(io: Io, question: string): Promise<string> {
  if (io.stdin.isTTY !== true)
    throw new UsageError(
      'the backup needs a passphrase or a key: run this on a terminal, or give --passphrase-file, --to or --identity',
    );
  const passphrase = await askHidden(io, question);
  if (passphrase === undefined || passphrase === '') throw new UsageError('no passphrase was given');
  return passphrase;
}
