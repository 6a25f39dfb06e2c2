import { existsSync } from 'node:fs';
import { restoreFolder } from '@gochat/server/backup';
import {
  checkRestoreFiles,
  type FilesReport,
  filesBackupOf,
  restoreFiles,
} from '@gochat/server/files-backup';
import { type GivenOptions, readDataFolder, readFilesFolder } from '@gochat/server/options';
import { orUsage, UsageError } from '@gochat/server/usage-error';
import { type Io, note } from '../io.ts';

/** Restores a server's data from a backup file. */
export async function run(io: Io, [file = '']: readonly string[], given: GivenOptions): Promise<void> {
  if (file === '-') throw new UsageError('a backup is a file, not standard input: name the file');
  const folder = readDataFolder(given, io.env);
  const to = readFilesFolder(given, io.env);
  if (to !== undefined && existsSync(filesBackupOf(file))) await orUsage(checkRestoreFiles(to));
  const rooms = await orUsage(restoreFolder(file, folder));
  note(io, `rooms in ${folder}: ${rooms}; messages sent after the backup are missing`);
  if (to !== undefined) note(io, filesText(file, to, await orUsage(restoreFiles(file, to))));
}

function filesText(file: string, to: string, found: FilesReport | undefined): string {
  if (found === undefined) return `no files: there is no ${filesBackupOf(file)}`;
  const missing = found.incomplete === 0 ? '' : `; ${found.incomplete} of them are incomplete`;
  return `files in ${to}: ${found.files}${missing}`;
}
