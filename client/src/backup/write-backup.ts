import type { AgeRecipients } from '@gochat/crypto/age';
import { ChatError } from '../api/chat-error.ts';
import type { Result } from '../api/methods.ts';
import type { Profile } from '../api/open.ts';
import { toChatError } from '../api/to-chat-error.ts';
import { BACKUP_VERSION, type BackupLine, type BackupRoom, LineHash } from './backup-lines.ts';
import { fromStream, toStream } from './streams.ts';

export type { AgeRecipients };

/** What a backup that is being made has so far. Rooms between the person's devices don't count. */
export interface BackupProgress {
  readonly rooms: number;
  readonly of: number;
  readonly messages: number;
}

export interface BackupOptions {
  /** How long to wait for servers, so that the newest messages are in the backup. 5 s when absent */
  readonly waitMs?: number;
  readonly progress?: (now: BackupProgress) => void;
}

const WAIT_MS = 5000;

/**
 * A backup of a profile, encrypted, as its bytes come: identity, preferences, rooms with what brings a new device into them, and messages
 * with the signatures of their authors. It has no key of a device, of a leaf or of a room. Only a page of messages is in memory at a time.
 * @param to a passphrase, or recipients in the age format; `recovery` is that of the person's recovery link
 * @throws ChatError `device-limited` on a device without the person's identity key; `backup-recipient`, `backup-no-recovery`
 */
export async function* writeBackup(
  profile: Pick<Profile, 'call'>,
  to: AgeRecipients,
  { waitMs = WAIT_MS, progress = () => undefined }: BackupOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { encryptFile } = await import('@gochat/crypto/age');
  try {
    const stream = toStream(encoded(backupLines(profile, waitMs, progress)));
    yield* fromStream(await encryptFile(stream, await recipientsOf(profile, to)));
  } catch (error) {
    throw toChatError(error);
  }
}

/** What the recipient of this person's recovery link is called. */
const RECOVERY = 'recovery';

async function recipientsOf(profile: Pick<Profile, 'call'>, to: AgeRecipients): Promise<AgeRecipients> {
  if ('passphrase' in to || !to.recipients.includes(RECOVERY)) return to;
  const recovery = await profile.call('recovery', {});
  const own = recovery.made ? recovery.backup : undefined;
  if (own === undefined) throw new ChatError({ reason: 'backup-no-recovery' });
  return { recipients: to.recipients.map((one) => (one === RECOVERY ? own : one)) };
}

async function* backupLines(
  profile: Pick<Profile, 'call'>,
  waitMs: number,
  progress: (now: BackupProgress) => void,
): AsyncGenerator<BackupLine, void, undefined> {
  const { made, identity, preferences, rooms } = await profile.call('backup', { waitMs });
  yield { kind: 'backup', version: BACKUP_VERSION, made, rooms: rooms.length };
  yield { kind: 'identity', seed: identity };
  yield { kind: 'preferences', ...preferences };
  const of = rooms.filter(isOfPeople).length;
  let [done, messages] = [0, 0];
  for (const room of rooms) {
    yield room;
    for (let to: string | undefined; ; ) {
      const page: Result<'backupPage'> = await profile.call('backupPage', {
        room: room.room,
        ...(to !== undefined && { to }),
      });
      if (page.pack !== undefined)
        yield { kind: 'pack', room: room.room, messages: page.messages, pack: page.pack };
      messages += page.messages;
      progress({ rooms: done, of, messages });
      if (page.next === undefined) break;
      to = page.next;
    }
    if (isOfPeople(room)) done += 1;
  }
  progress({ rooms: done, of, messages });
}

function isOfPeople({ between }: BackupRoom): boolean {
  return between === undefined;
}

/** Each line with its line feed, and the last one, which has their number and hash. */
async function* encoded(lines: AsyncIterable<BackupLine>): AsyncGenerator<Uint8Array, void, undefined> {
  const utf8 = new TextEncoder();
  const hash = new LineHash();
  let [packs, messages] = [0, 0];
  for await (const line of lines) {
    const bytes = utf8.encode(`${JSON.stringify(line)}\n`);
    hash.add(bytes);
    if (line.kind === 'pack') {
      packs += 1;
      messages += line.messages;
    }
    yield bytes;
  }
  const end: BackupLine = { kind: 'end', packs, messages, hash: hash.text };
  yield utf8.encode(`${JSON.stringify(end)}\n`);
}
