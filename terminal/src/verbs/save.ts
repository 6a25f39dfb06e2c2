import { existsSync, statSync } from 'node:fs';
import { UsageError } from '@gochat/server/usage-error';
import { safeJson } from '@gochat/view/safe-json';
import { sanitizeLine } from '@gochat/view/sanitize';
import { showConnecting } from '../connecting.ts';
import { waitMs } from '../duration.ts';
import { EXIT } from '../exit.ts';
import { ProgressLine } from '../files/progress-line.ts';
import { saveFiles } from '../files/save-files.ts';
import { Interrupted, untilInterrupted } from '../interrupt.ts';
import { type Io, print } from '../io.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { roomRef } from '../room-id.ts';
import { messageOf } from './message-of.ts';

interface Options extends ProfileOptions {
  readonly to?: string;
  readonly file?: string;
  readonly json?: boolean;
  readonly wait?: string;
}

/** Saves the files of a message, and prints where they are. */
export async function run(
  io: Io,
  [room = '', id = '']: readonly string[],
  options: Options,
): Promise<number> {
  const wait = waitMs(options.wait, 5000);
  const number = readNumber(options.file);
  if (options.to !== undefined && existsSync(options.to) && !statSync(options.to).isDirectory())
    throw new UsageError(`--to takes a folder: ${sanitizeLine(options.to)} is none`);
  return withProfile(io, options, async (opened) => {
    const profile = showConnecting(io, opened);
    const ref = await roomRef(profile, room);
    const line = new ProgressLine(io);
    const stop = new AbortController();
    const saving = async () => {
      const item = await messageOf(io, profile, ref.room, id, wait);
      const saved = saveFiles({
        profile,
        room: ref.room,
        item,
        to: options.to ?? process.cwd(),
        number,
        signal: stop.signal,
        progress: (name, done, of) => line.show(() => io.words.text.lines.fetchingFile(name, done, of)),
      });
      for await (const { number: file, path, bytes, type } of saved) {
        line.end();
        if (options.json === true) print(io, safeJson({ ...ref, id: item.id, file, path, bytes, type }));
        else print(io, path);
      }
      return EXIT.done;
    };
    const ended = saving();
    try {
      const end = await untilInterrupted<number>(ended);
      if (!(end instanceof Interrupted)) return end;
      stop.abort();
      await ended.catch(() => undefined);
      return end.code;
    } finally {
      line.end();
    }
  });
}

/** @throws UsageError */
function readNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d?$/.test(text))
    throw new UsageError('--file takes the number of a file in the message, from 1');
  return Number(text);
}
