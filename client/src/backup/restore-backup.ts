import type { AgeOpeners } from '@gochat/crypto/age';
import type { Profile } from '../api/open.ts';
import { checkBackup } from './check-backup.ts';
import { readBackup } from './read-backup.ts';

export type { AgeOpeners };

/** How far a restore is. */
export interface RestoreProgress {
  /** Nothing is stored before all of the file is checked. */
  readonly stage: 'checking' | 'restoring';
  readonly messages: number;
}

/** What has been restored. */
export interface RestoredBackup {
  readonly rooms: number;
  readonly messages: number;
}

/**
 * Restores a backup into an empty profile, as a new device of its person. If it is interrupted, a repeated call with the same backup
 * goes on. When it resolves, everything is stored, and this device has begun to join the rooms: `rejoined` waits for that.
 * @param open gives the bytes of the file; it is read twice. @param label what the person calls this device
 * @throws ChatError as `readBackup` and `checkBackup`: then nothing has changed; `backup-profile-used`
 */
export async function restoreBackup(
  profile: Pick<Profile, 'call'>,
  open: () => AsyncIterable<Uint8Array>,
  {
    by,
    label,
    progress = () => undefined,
  }: {
    readonly by: AgeOpeners;
    readonly label: string;
    readonly progress?: (now: RestoreProgress) => void;
  },
): Promise<RestoredBackup> {
  const checked = await checkBackup(open(), by, (messages) => progress({ stage: 'checking', messages }));
  let messages = 0;
  for await (const part of readBackup(open(), by)) {
    if (part.kind === 'start') {
      const { kind: _, ...preferences } = part.preferences;
      await profile.call('restore', { made: part.header.made, identity: part.identity.seed, preferences });
    } else if (part.kind === 'room') await profile.call('restoreRoom', { entry: part });
    else {
      await profile.call('restorePack', { room: part.room, pack: part.pack });
      messages += part.messages;
      progress({ stage: 'restoring', messages });
    }
  }
  await profile.call('restored', { label });
  const rooms = checked.rooms.filter(({ room }) => room.between === undefined).length;
  return { rooms, messages };
}
