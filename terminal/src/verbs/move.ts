import { existsSync } from 'node:fs';
import { clusterOptions } from '@gochat/server/cluster-settings';
import { copyFiles } from '@gochat/server/files-backup';
import { FolderFiles } from '@gochat/server/folder-files';
import type { MoveProgress } from '@gochat/server/move';
import type { MoveOutProgress } from '@gochat/server/move-out';
import { type GivenOptions, readBucket, readClusterSettings, readFilesFolder } from '@gochat/server/options';
import { orUsage, UsageError } from '@gochat/server/usage-error';
import { type Io, note } from '../io.ts';

const NATS = /^(nats|tls):\/\//;
const BAR_CELLS = 30;
const DRAW_MS = 100;
const CLEAR_LINE = '\r\u001b[2K';

/** Copies the rooms of a stopped server into a cluster, or those of a stopped cluster into a data folder. */
export async function run(io: Io, _args: readonly string[], given: GivenOptions): Promise<void> {
  const { from, to } = given;
  if (typeof from !== 'string' || from === '')
    throw new UsageError('name the data folder of the stopped server, or the NATS servers, with --from');
  if (typeof to !== 'string' || to === '')
    throw new UsageError(
      'name the NATS servers with --to, such as nats://a:4222,b:4222,c:4222, or a data folder for the rooms of a cluster',
    );
  await (NATS.test(from) ? runOut(io, given, from, to) : runIn(io, given, from, to));
}

async function runIn(io: Io, given: GivenOptions, from: string, to: string): Promise<void> {
  const options = await optionsOf(io, given, to);
  // Loaded only here: the NATS client is large.
  const { moveRooms } = await import('@gochat/server/move');
  await moveFiles(io, from, given);
  const bar = new ProgressBar(io);
  const progress = ({ rooms, roomsDone, entries, entriesDone }: MoveProgress) =>
    bar.show(entriesDone, entries, `${entriesDone} of ${entries} entries, ${roomsDone} of ${rooms} rooms`);
  const replace = given.replace === true;
  const report = await orUsage(moveRooms({ ...options, folder: from, replace, progress })).finally(() =>
    bar.end(),
  );
  const { rooms, movedBefore, entries } = report;
  note(io, `rooms moved: ${rooms - movedBefore}; in the cluster now: ${rooms}, with ${entries} entries`);
  if (rooms > movedBefore) note(io, 'each of them was read back from the cluster and compared');
  note(io, `${from} is unchanged: do not serve it again`);
}

async function runOut(io: Io, given: GivenOptions, from: string, to: string): Promise<void> {
  if (NATS.test(to))
    throw new UsageError('one of --from and --to has to be a data folder: move by way of one');
  if (given.replace === true) throw new UsageError('--replace is for rooms that are moved into a cluster');
  if (given.files !== undefined)
    throw new UsageError('files stay where they are: serve the folder with the --files that the nodes had');
  const options = await optionsOf(io, given, from);
  const { moveOut } = await import('@gochat/server/move-out');
  const bar = new ProgressBar(io);
  const progress = ({ rooms, steps, stepsDone }: MoveOutProgress) =>
    bar.show(stepsDone, steps, `copying and comparing; ${rooms} rooms so far`);
  const { rooms, entries } = await orUsage(moveOut({ ...options, folder: to, progress })).finally(() =>
    bar.end(),
  );
  note(io, `rooms moved: ${rooms}, with ${entries} entries; each entry was compared with the cluster`);
  note(io, 'the cluster is unchanged: start no nodes on it before you have moved the rooms there again');
}

async function optionsOf(io: Io, { from: _, to: __, ...rest }: GivenOptions, log: string) {
  const cluster = readClusterSettings({ ...rest, log }, io.env);
  if (cluster === undefined)
    throw new UsageError('name the NATS servers, such as nats://a:4222,b:4222,c:4222');
  return orUsage(clusterOptions(cluster));
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

  show(done: number, all: number, words: string): void {
    const now = Date.now();
    if (!this.#shown || now - this.#drawnAt < DRAW_MS) return;
    this.#drawnAt = now;
    const part = all === 0 ? 1 : Math.min(1, done / all);
    const full = Math.round(part * BAR_CELLS);
    const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}`;
    this.#io.stderr.write(`${CLEAR_LINE}${bar} ${Math.floor(part * 100)} %  ${words}`);
  }

  end(): void {
    if (this.#shown) this.#io.stderr.write(CLEAR_LINE);
  }
}
