import { once } from 'node:events';
import { isOver, pickRoom } from '@gochat/client/pick-room';
import { UsageError } from '@gochat/server/usage-error';
import { type ExportFormat, exportRoom } from '@gochat/view/export';
import { sanitizeText } from '@gochat/view/sanitize';
import { EXIT } from '../exit.ts';
import { writeFile } from '../files/write-file.ts';
import type { Io } from '../io.ts';
import { type ProfileOptions, profileDir, withProfile } from '../profile.ts';

interface Options extends ProfileOptions {
  readonly format?: string;
  readonly force?: boolean;
}

/** Writes what the profile has of a room to a file, or to standard output. */
export async function run(io: Io, [room = '', file]: readonly string[], options: Options): Promise<number> {
  const format = readFormat(options.format, file);
  return withProfile(io, options, async (profile) => {
    const rooms = await profile.call('rooms', {});
    const info = pickRoom(
      rooms.map((one) => ({ ...one, left: isOver(one) })),
      room,
    );
    const parts = exportRoom(profile, info, format, { text: io.words.text, now: Date.now() });
    if (file === undefined || file === '-') await printAll(io, parts);
    else await writeFile(file, encoded(parts), options.force === true, profileDir(io, options));
    return EXIT.done;
  });
}

/** @throws UsageError */
function readFormat(given: string | undefined, file = ''): ExportFormat {
  const ending = /\.(md|json|txt)$/i.exec(file)?.[1]?.toLowerCase();
  const format = given ?? ending ?? 'md';
  if (format === 'md' || format === 'json' || format === 'txt') return format;
  throw new UsageError('--format takes md, json or txt');
}

/** A terminal is shown nothing that could control it. */
async function printAll({ stdout }: Io, parts: AsyncIterable<string>): Promise<void> {
  for await (const part of parts)
    if (!stdout.write(stdout.isTTY === true ? sanitizeText(part) : part)) await once(stdout, 'drain');
}

async function* encoded(parts: AsyncIterable<string>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const part of parts) yield Buffer.from(part);
}
