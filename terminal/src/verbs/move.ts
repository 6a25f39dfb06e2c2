import { existsSync } from 'node:fs';
import { clusterOptions } from '@gochat/server/cluster-settings';
import { copyFiles } from '@gochat/server/files-backup';
import { FolderFiles } from '@gochat/server/folder-files';
import type { MoveProgress } from '@gochat/server/move';
import { type GivenOptions, readBucket, readClusterSettings, readFilesFolder } from '@gochat/server/options';
import { orUsage, UsageError } from '@gochat/server/usage-error';
import { type Io, note } from '../io.ts';

const BAR_CELLS = 30;
const DRAW_MS = 100;
const CLEAR_LINE = '\r\u001b[2K';

/** Copies the rooms of a stopped server into a cluster. */
export async function run(io: Io, _args: readonly string[], given: GivenOptions): Promise<void> {
  const { from, to, ...rest } = given;
  if (typeof from !== 'string' || from === '')
    throw new UsageError('name the data folder of the stopped server with --from');
  if (typeof to !== 'string' || to === '')
    throw new UsageError('name the NATS servers with --to, such as nats://a:4222,b:4222,c:4222');
  const cluster = readClusterSettings({ ...rest, log: to }, io.env);
  if (cluster === undefined) throw new UsageError('name the NATS servers with --to');
  // Loaded only here: the NATS client is large.
  const { moveRooms } = await import('@gochat/server/move');
  const options = await orUsage(clusterOptions(cluster));
  await moveFiles(io, from, given);
  const bar = new ProgressBar(io);
  const report = await orUsage(
    moveRooms({ ...options, folder: from, progress: (progress) => bar.show(progress) }),
  ).finally(() => bar.end());
  const { rooms, movedBefore, entries } = report;
  note(io, `rooms moved: ${rooms - movedBefore}; in the cluster now: ${rooms}, with ${entries} entries`);
  if (rooms > movedBefore) note(io, 'each of them was read back from the cluster and compared');
  note(io, `${from} is unchanged: do not serve it again`);
}

/** Before the rooms: a message in the cluster then finds its files. */
async function moveFiles(io: Io, data: string, { files }: GivenOptions): Promise<void> {
  const folder = readFilesFolder({ data }, {}) ?? '';
  if (!existsSync(folder)) return;
  const from = await FolderFiles.open({ folder });
  if (files === undefined) {
    for await (const _ of from.walk()) {
      note(io, `the files in ${folder} are not moved: name the folder that the nodes share with --files`);
      return;
    }
    return;
  }
  const bucket = typeof files === 'string' ? readBucket(files) : undefined;
  const to = bucket === undefined ? readFilesFolder({ data, files }, io.env) : bucket.endpoint;
  if (to === undefined) return;
  const store =
    bucket === undefined
      ? await FolderFiles.open({ folder: to })
      : new (await import('@gochat/server/s3-files')).S3Files(bucket);
  const { files: count } = await orUsage(copyFiles(from, store));
  note(io, `files copied to ${to}: ${count}`);
}

/** Progress on one line of a terminal; elsewhere nothing is shown. */
class ProgressBar {
  readonly #io: Io;
  readonly #shown: boolean;
  #drawnAt = 0;

  constructor(io: Io) {
    this.#io = io;
    this.#shown = io.stderr.isTTY === true;
  }

  show({ rooms, roomsDone, entries, entriesDone }: MoveProgress): void {
    const now = Date.now();
    if (!this.#shown || now - this.#drawnAt < DRAW_MS) return;
    this.#drawnAt = now;
    const part = entries === 0 ? 1 : Math.min(1, entriesDone / entries);
    const full = Math.round(part * BAR_CELLS);
    const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}`;
    this.#io.stderr.write(
      `${CLEAR_LINE}${bar} ${Math.floor(part * 100)} %  ${entriesDone} of ${entries} entries, ${roomsDone} of ${rooms} rooms`,
    );
  }

  end(): void {
    if (this.#shown) this.#io.stderr.write(CLEAR_LINE);
  }
}
