import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { answer, answerLine, type Command } from './control-socket.ts';

/** A snapshot for a caller, or the folder in which it is being written. */
const SNAPSHOT = /^backup-[0-9a-f]{16}\.part(\.d)?$/;

/**
 * The command that writes a snapshot of all rooms into the data folder, and answers with its name: `{"file": "…"}`. The caller reads
 * it while it keeps the connection open; then the file is deleted. One snapshot exists at a time.
 * @param backup writes a snapshot to a new file
 */
export async function backupCommand(
  folder: string,
  backup: (file: string) => Promise<void>,
): Promise<Command> {
  await removeSnapshots(folder);
  let busy = false;
  return async (response) => {
    if (busy)
      return answer(response, 409, { error: 'another backup is being made: wait until it has ended' });
    busy = true;
    const name = `backup-${randomBytes(8).toString('hex')}.part`;
    const closed = new Promise((resolve) => response.once('close', resolve));
    try {
      await removeSnapshots(folder);
      await backup(join(folder, name));
      if (response.destroyed) return;
      answerLine(response, 200, { file: name });
      await closed;
    } finally {
      // A caller that has closed may ask again at once. Deleting takes long on a busy disk; the next call waits for it.
      busy = false;
      await rm(join(folder, name), { force: true });
    }
  };
}

/** Deletes the last snapshot, and those of a server that was killed. */
async function removeSnapshots(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => SNAPSHOT.test(name));
  await Promise.all(names.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}
