import { cleanFileName } from '@gochat/client/file-name';
import type { RoomInfo } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/open';
import type { PlatformFiles } from '../chat/platform-files.ts';
import type { ViewText } from '../words/english.ts';
import { type ExportFormat, exportRoom } from './export.ts';

const TYPES: Readonly<Record<ExportFormat, string>> = {
  md: 'text/markdown',
  json: 'application/json',
  txt: 'text/plain',
};

interface SaveParts {
  readonly profile: Pick<Profile, 'call'>;
  /** In milliseconds since 1970. */
  readonly now: number;
  readonly save: PlatformFiles['save'];
  readonly text: ViewText;
}

/** Saves an export of a room as a file. @returns where it is, for the user; undefined if the user has cancelled it. @throws ChatError, or the platform's error */
export async function saveRoom(
  { profile, now, save, text }: SaveParts,
  room: RoomInfo,
  format: ExportFormat,
): Promise<string | undefined> {
  const [day] = (await text.export()).stamp(now).split(' ');
  const name = cleanFileName(`${room.name} ${day}.${format}`);
  return save(name, TYPES[format], encoded(exportRoom(profile, room, format, { text, now })));
}

async function* encoded(parts: AsyncIterable<string>): AsyncGenerator<Uint8Array, void, undefined> {
  const utf8 = new TextEncoder();
  for await (const part of parts) yield utf8.encode(part);
}
