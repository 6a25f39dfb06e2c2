import { backupFolder } from '@gochat/server/backup';
import { backupFiles, checkBackupFiles, filesBackupOf } from '@gochat/server/files-backup';
import { type GivenOptions, readDataFolder, readFilesFolder } from '@gochat/server/options';
import { orUsage, UsageError } from '@gochat/server/usage-error';
import { type Io, note } from '../io.ts';

/** Backs up a server's data to a file; the server may run. */
export async function run(io: Io, [file = '']: readonly string[], given: GivenOptions): Promise<void> {
  if (io.env.GOCHAT_LOG)
    throw new UsageError(
      'the rooms are in NATS (GOCHAT_LOG): back up the streams GOCHAT_LOG and GOCHAT_STATE with nats stream backup, and with --log-streams also those with a number',
    );
  if (file === '-') throw new UsageError('a backup is a file, not standard output: name the file');
  const folder = readDataFolder(given, io.env);
  const from = readFilesFolder(given, io.env);
  const isNamed = given.files !== undefined || Boolean(io.env.GOCHAT_FILES);
  if (from !== undefined) await orUsage(checkBackupFiles(isNamed ? from : undefined, file));
  const rooms = await orUsage(backupFolder(folder, file));
  note(io, `rooms in ${file}: ${rooms}`);
  // After the rooms: a message in the backup may name a file that was stored meanwhile.
  const found = from === undefined ? undefined : await orUsage(backupFiles(from, file));
  if (found !== undefined) note(io, `files in ${filesBackupOf(file)}: ${found.files}`);
}
