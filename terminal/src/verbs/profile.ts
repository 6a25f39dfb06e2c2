import { createReadStream } from 'node:fs';
import type { BackupRoom } from '@gochat/client/backup-lines';
import { ChatError } from '@gochat/client/chat-error';
import { type CheckedBackup, checkBackup } from '@gochat/client/check-backup';
import type { Profile } from '@gochat/client/open';
import { type RestoreProgress, restoreBackup } from '@gochat/client/restore-backup';
import { type BackupProgress, writeBackup } from '@gochat/client/write-backup';
import { UsageError } from '@gochat/server/usage-error';
import { deviceDetail, deviceName, idOf } from '@gochat/view/device-names';
import { safeJson } from '@gochat/view/safe-json';
import { readOpeners, readRecipients } from '../backup-keys.ts';
import { labelHere } from '../device-label.ts';
import { waitMs } from '../duration.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { ProgressLine } from '../files/progress-line.ts';
import { writeFile } from '../files/write-file.ts';
import { type Io, note, print } from '../io.ts';
import { failureText, problemText } from '../lines/error-text.ts';
import { columns } from '../lines/format.ts';
import { type ProfileOptions, profileDir, withProfile } from '../profile.ts';

export interface BackupOptions extends ProfileOptions {
  readonly to?: readonly string[];
  readonly identity?: string;
  readonly passphraseFile?: string;
  readonly force?: boolean;
  readonly offline?: boolean;
  readonly label?: string;
  readonly json?: boolean;
  readonly wait?: string;
}

/** Backs up the profile, checks a backup, or restores it. */
export async function run(
  io: Io,
  [action = '', file = '']: readonly string[],
  options: BackupOptions,
): Promise<number> {
  if (file === '-') throw new UsageError('a backup is a file, not standard output: name the file');
  if (action === 'backup') return backup(io, file, options);
  if (action === 'check') return check(io, file, options);
  if (action === 'restore') return restore(io, file, options);
  throw new UsageError(`there is no gochat profile ${action}: ACTION is backup, check or restore`);
}

async function backup(io: Io, file: string, options: BackupOptions): Promise<number> {
  const wait = waitMs(options.wait, 5000);
  const to = await readRecipients(io, options);
  const { lines } = io.words.text;
  return withProfile(io, options, async (profile) => {
    const line = new ProgressLine(io);
    let last: BackupProgress = { rooms: 0, of: 0, messages: 0 };
    try {
      const progress = (now: BackupProgress) => {
        last = now;
        line.show(() => lines.backup.progress(now.messages));
      };
      const bytes = writeBackup(profile, to, { waitMs: wait, progress });
      await writeFile(file, bytes, options.force === true, profileDir(io, options));
    } finally {
      line.end();
    }
    note(io, lines.backup.made(file, last.of, last.messages));
    note(io, lines.backup.leftOut);
    return EXIT.done;
  });
}

async function check(io: Io, file: string, options: BackupOptions): Promise<number> {
  const wait = waitMs(options.wait, 15_000);
  const { lines } = io.words.text;
  const openers = await readOpeners(io, options);
  const line = new ProgressLine(io);
  const checked = await checkBackup(bytesOf(file), openers, (messages) =>
    line.show(() => lines.backup.checking(messages)),
  ).finally(() => line.end());
  const { header, preferences, rooms } = checked;
  const shown = rooms.filter(({ room }) => room.between === undefined);
  const messages = shown.reduce((sum, room) => sum + room.messages, 0);
  if (options.json !== true)
    print(io, lines.backup.valid(header.made, preferences.name ?? '', shown.length, messages));
  if (options.offline === true) {
    if (options.json === true)
      for (const { room, messages: count } of shown)
        print(io, safeJson({ room: room.room, name: room.name, messages: count, left: room.left }));
    return EXIT.done;
  }
  return withProfile(io, options, (profile) => tryJoins(io, profile, checked, { ...options, wait }));
}

async function restore(io: Io, file: string, options: BackupOptions): Promise<number> {
  const wait = waitMs(options.wait, 30_000);
  const { text } = io.words;
  const by = await readOpeners(io, options);
  const label = options.label ?? labelHere();
  return withProfile(io, options, async (profile) => {
    const line = new ProgressLine(io);
    const progress = ({ stage, messages }: RestoreProgress) =>
      line.show(() => text.lines.backup[stage](messages));
    const restored = await restoreBackup(profile, () => bytesOf(file), { by, label, progress }).finally(() =>
      line.end(),
    );
    note(io, text.lines.backup.restored(restored.rooms, restored.messages));
    const { joined, of, missing } = await profile.call('rejoined', { waitMs: wait });
    for (const { room, problem } of missing)
      print(io, text.lines.backup.missing(room, problemText(text, problem)));
    print(io, text.lines.backup.joined(joined, of));
    await noteFormer(io, profile);
    if (joined === of) return EXIT.done;
    return missing.some(({ problem }) => problem.code !== 'offline') ? EXIT.refused : EXIT.queued;
  });
}

/** Says which devices are in the rooms besides the restored one: those that are lost have to be removed. */
async function noteFormer(io: Io, profile: Profile): Promise<void> {
  const words = await io.words.text.devices();
  const { lines } = io.words.text;
  const former = (await profile.call('devices', {})).filter(({ self, rooms }) => !self && rooms > 0);
  if (former.length === 0) return;
  note(io, lines.backup.former(former.length));
  const rows = former.map((one) => [idOf(one.key), deviceName(words, one), deviceDetail(words, one)]);
  for (const row of columns(rows)) note(io, row);
  note(io, lines.recovery.devices('gochat devices', 'gochat devices remove DEVICE'));
}

/** Makes each join that a restore would send. @returns the exit code of the first room that doesn't let a new device in */
async function tryJoins(
  io: Io,
  profile: Profile,
  { identity, rooms }: CheckedBackup,
  { json, wait }: { readonly json?: boolean; readonly wait: number },
): Promise<number> {
  const { lines } = io.words.text;
  let code: ExitCode = EXIT.done;
  let [lets, of] = [0, 0];
  for (const { room, messages } of rooms) {
    if (room.between !== undefined) continue;
    const problem = room.left ? undefined : await tryJoin(profile, identity.seed, room, wait);
    const joins = !room.left && problem === undefined;
    of += room.left ? 0 : 1;
    lets += joins ? 1 : 0;
    if (problem !== undefined && code === EXIT.done)
      code = problem.code === 'offline' ? EXIT.queued : EXIT.refused;
    const why = problem === undefined ? '' : failureText(io.words.text, problem);
    if (json === true)
      print(
        io,
        safeJson({
          room: room.room,
          name: room.name,
          messages,
          left: room.left,
          joins,
          ...(problem && { problem: problem.data.reason }),
        }),
      );
    else if (problem !== undefined) print(io, lines.backup.missing(room.name, why));
  }
  if (json !== true) print(io, lines.backup.lets(lets, of));
  return code;
}

/** @returns why a new device of the person couldn't join; undefined if it could */
async function tryJoin(
  profile: Profile,
  identity: string,
  { room, server, founder, own, as }: BackupRoom,
  wait: number,
): Promise<ChatError | undefined> {
  if (own === undefined) return new ChatError({ reason: 'own-invite-unknown' });
  try {
    await profile.call('tryTicket', { identity, ticket: { room, server, founder, own, as }, waitMs: wait });
    return undefined;
  } catch (error) {
    if (error instanceof ChatError) return error;
    throw error;
  }
}

async function* bytesOf(file: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of createReadStream(file)) yield chunk as Uint8Array;
  } catch (cause) {
    throw new UsageError(`${file} can't be read`, { cause });
  }
}
