import type { AgeOpeners } from '@gochat/crypto/age';
import { decodePack } from '@gochat/crypto/pack';
import { decodeBytes } from '@gochat/protocol/encoding';
import type { RoomId } from '@gochat/protocol/fields';
import { ChatError } from '../api/chat-error.ts';
import { verifyPack } from '../history/verify-pack.ts';
import type { BackupRoom } from './backup-lines.ts';
import { type BackupStart, readBackup } from './read-backup.ts';

export type { AgeOpeners };

/** What a backup has of one room. */
export interface CheckedRoom {
  readonly room: BackupRoom;
  /** How many messages have a valid signature. */
  readonly messages: number;
}

/** What a backup has. */
export interface CheckedBackup extends BackupStart {
  readonly rooms: readonly CheckedRoom[];
}

/**
 * Reads a whole backup, and verifies the signature of every message. @param progress how many messages are verified
 * @throws ChatError as {@link readBackup}; also `backup-damaged` if a signature isn't valid
 */
export async function checkBackup(
  file: AsyncIterable<Uint8Array>,
  by: AgeOpeners,
  progress: (messages: number) => void = () => undefined,
): Promise<CheckedBackup> {
  let start: BackupStart | undefined;
  const rooms: { room: BackupRoom; messages: number }[] = [];
  let all = 0;
  for await (const part of readBackup(file, by)) {
    if (part.kind === 'start') start = part;
    else if (part.kind === 'room') rooms.push({ room: part, messages: 0 });
    else {
      const messages = await verified(part.room, part.pack);
      const last = rooms.at(-1);
      if (last === undefined || messages !== part.messages) throw new ChatError({ reason: 'backup-damaged' });
      last.messages += messages;
      all += messages;
      progress(all);
    }
  }
  if (start === undefined) throw new ChatError({ reason: 'backup-damaged' });
  const { header, identity, preferences } = start;
  return { header, identity, preferences, rooms };
}

/** @returns how many messages of a pack are valid, if all its lines are. @throws ChatError `backup-damaged` */
async function verified(room: string, pack: string): Promise<number> {
  const decoded = decodePack(decodeBytes(pack));
  const read = decoded && (await verifyPack(room as RoomId, decoded, false));
  if (read === undefined || read.forged + read.foreign > 0) throw new ChatError({ reason: 'backup-damaged' });
  return read.messages.length;
}
