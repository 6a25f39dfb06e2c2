import type { AgeOpeners } from '@gochat/crypto/age';
import { ChatError } from '../api/chat-error.ts';
import { toChatError } from '../api/to-chat-error.ts';
import {
  BACKUP_VERSION,
  type BackupHeader,
  type BackupIdentity,
  type BackupLine,
  type BackupPack,
  type BackupPreferences,
  type BackupRoom,
  LINE_CHARS,
  LineHash,
  parseLine,
} from './backup-lines.ts';
import { fromStream, toStream } from './streams.ts';

/** What a backup begins with. */
export interface BackupStart {
  readonly header: BackupHeader;
  readonly identity: BackupIdentity;
  readonly preferences: BackupPreferences;
}

/** The parts of a backup in their order: the beginning, then each room with its packs. */
export type BackupPart = ({ readonly kind: 'start' } & BackupStart) | BackupRoom | BackupPack;

/**
 * Decrypts a backup, and reads it part by part. That it is whole and unchanged is certain only once the loop has ended without an error.
 * @throws ChatError `backup-key` if the passphrase or the identities don't open it; `backup-identity` if one is none; `backup-damaged` if it was changed or cut, or is no backup;
 * `backup-newer` if a newer version of this software has made it; the error of `file` if reading it fails
 */
export async function* readBackup(
  file: AsyncIterable<Uint8Array>,
  by: AgeOpeners,
): AsyncGenerator<BackupPart, void, undefined> {
  const { decryptFile } = await import('@gochat/crypto/age');
  const source = new Source(file);
  try {
    yield* partsOf(linesOf(fromStream(await decryptFile(toStream(source), by))));
  } catch (error) {
    // A file that can't be read is none that was changed or cut.
    if (source.failure !== undefined) throw source.failure;
    throw toChatError(error);
  }
}

/** The bytes of a file, with the error that ended them, if one did. */
class Source implements AsyncIterable<Uint8Array> {
  failure: unknown;
  readonly #bytes: AsyncIterable<Uint8Array>;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#bytes = bytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.#bytes;
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

async function* partsOf(lines: AsyncIterable<BackupLine>): AsyncGenerator<BackupPart, void, undefined> {
  const iterator = lines[Symbol.asyncIterator]();
  const next = async () => (await iterator.next()).value ?? undefined;
  const [header, identity, preferences] = [await next(), await next(), await next()];
  if (header?.kind !== 'backup' || identity?.kind !== 'identity' || preferences?.kind !== 'preferences')
    throw damaged();
  yield { kind: 'start', header, identity, preferences };
  let rooms = 0;
  let room: string | undefined;
  for (let line = await next(); line !== undefined; line = await next()) {
    if (line.kind === 'room') {
      rooms += 1;
      room = line.room;
    } else if (line.kind !== 'pack' || line.room !== room) throw damaged();
    yield line;
  }
  if (rooms !== header.rooms) throw damaged();
}

/** The lines before the last one, which must be the end that fits to them. */
async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<BackupLine, void, undefined> {
  const hash = new LineHash();
  let [packs, messages, isFirst] = [0, 0, true];
  let end: Extract<BackupLine, { kind: 'end' }> | undefined;
  for await (const raw of rawLines(bytes)) {
    const line = parseLine(new TextDecoder().decode(raw));
    if (isFirst) throwIfNewer(line, raw);
    isFirst = false;
    if (line === undefined || end !== undefined) throw damaged();
    if (line.kind === 'end') {
      end = line;
      continue;
    }
    hash.add(raw);
    if (line.kind === 'pack') {
      packs += 1;
      messages += line.messages;
    }
    yield line;
  }
  if (end === undefined || end.packs !== packs || end.messages !== messages || end.hash !== hash.text)
    throw damaged();
}

/** A newer version may write other lines. @throws ChatError `backup-newer` */
function throwIfNewer(line: BackupLine | undefined, raw: Uint8Array): void {
  const version =
    line?.kind === 'backup' ? line.version : /"version":(\d+)/.exec(new TextDecoder().decode(raw))?.[1];
  if (Number(version) > BACKUP_VERSION) throw new ChatError({ reason: 'backup-newer' });
}

/** Each line with its line feed. @throws ChatError `backup-damaged` */
async function* rawLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    let rest = chunk;
    for (;;) {
      const at = rest.indexOf(LINE_FEED);
      const part = at === -1 ? rest : rest.subarray(0, at + 1);
      length += part.length;
      if (length > LINE_CHARS) throw damaged();
      parts.push(part.slice());
      if (at === -1) break;
      yield joined(parts, length);
      [parts, length] = [[], 0];
      rest = rest.subarray(at + 1);
    }
  }
  if (length > 0) throw damaged();
}

const LINE_FEED = 10;

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function damaged(): ChatError {
  return new ChatError({ reason: 'backup-damaged' });
}
