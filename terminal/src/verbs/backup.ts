import { backupFolder } from '@gochat/server/log/lmdb-backup';
import { type GivenOptions, readDataFolder } from '@gochat/server/options';
import { orUsage } from '@gochat/server/usage-error';
import { type Io, note } from '../io.ts';

/** Copies a server's data to a file, while the server runs. */
export async function run(io: Io, [file = '']: readonly string[], given: GivenOptions): Promise<void> {
  const folder = readDataFolder(given, io.env);
  const rooms = await orUsage(backupFolder(folder, file));
  note(io, `rooms in ${file}: ${rooms}`);
}
