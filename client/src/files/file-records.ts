import type { FileContent } from '@gochat/crypto/content';
import type { FileId, RoomId } from '@gochat/protocol/fields';
import { fromJson, type RecordChange, type Records, toJson } from '../store/records.ts';
import { idsOf, sealedOf } from './file-ids.ts';

/** What is to be done about a file of a room. */
export interface FileJob {
  readonly id: FileId;
  /**
   * `sealing`: its chunks are being put into the cache. `sealed`: all are there, and stay until the file's message is in the log.
   * `drop`: the cache, and the server if this device may, have to forget it.
   */
  readonly state: 'sealing' | 'sealed' | 'drop';
  /** Since when, by this device's clock. */
  readonly at: number;
  /** The secret that deletes it on the server. */
  readonly discard?: string;
  /** Of all chunks, as the deleted message names it: what the cache has fetched is kept by it. */
  readonly hash?: string;
  /** The server deletes it by the room's admin key. */
  readonly asAdmin?: true;
}

/** A file that this profile has sealed: kept as long as it may have to be deleted on the server. */
interface OwnFile {
  readonly discard: string;
}

/** @returns what is to be done about files of a room */
export async function jobsOf(records: Records, room: RoomId): Promise<readonly FileJob[]> {
  return (await records.list('file-job', room)).map((row) => fromJson<FileJob>(row));
}

export async function jobOf(records: Records, room: RoomId, id: FileId): Promise<FileJob | undefined> {
  const row = await records.get({ of: 'file-job', room, id });
  return row && fromJson<FileJob>(row);
}

export function jobChange(room: RoomId, id: FileId, job: FileJob | undefined): RecordChange {
  return { place: { of: 'file-job', room, id }, value: job && toJson(job) };
}

/** The file is being sealed. */
export function spoolChanges(room: RoomId, id: FileId, discard: string, at: number): RecordChange[] {
  const own: OwnFile = { discard };
  return [
    { place: { of: 'file', room, id }, value: toJson(own) },
    jobChange(room, id, { id, state: 'sealing', at }),
  ];
}

/** @returns the secret that deletes a file of this profile on the server */
export async function secretOf(records: Records, room: RoomId, id: FileId): Promise<string | undefined> {
  const row = await records.get({ of: 'file', room, id });
  return row && fromJson<OwnFile>(row).discard;
}

/** The message with these files is in the log: what the profile has of them is cache. */
export function postedChanges(room: RoomId, files: readonly FileContent[] | undefined): RecordChange[] {
  return idsOf(files).map((id) => jobChange(room, id, undefined));
}

/** The file is forgotten. */
export function forgetChanges(room: RoomId, id: FileId): RecordChange[] {
  return [{ place: { of: 'file', room, id }, value: undefined }, jobChange(room, id, undefined)];
}

/**
 * The message with these files is deleted, or will not be sent.
 * @param isOwn whether this profile's person is its author: anyone can name the files of others in a message
 * @param asAdmin whether this device has deleted the message of another member
 * @param isNamed whether another message of the room names a file: it stays for that one
 */
export async function dropChanges(
  records: Records,
  room: RoomId,
  files: readonly FileContent[] | undefined,
  {
    isOwn,
    asAdmin = false,
    isNamed,
    at,
  }: {
    readonly isOwn: boolean;
    readonly asAdmin?: boolean;
    readonly isNamed: (id: FileId) => boolean;
    readonly at: number;
  },
): Promise<RecordChange[]> {
  const changes = sealedOf(files).map(async ({ id, hash }): Promise<RecordChange[]> => {
    const discard = await secretOf(records, room, id);
    // What this profile has sealed is not dropped because others name it.
    if (discard === undefined ? isNamed(id) : !isOwn) return [];
    const by = discard === undefined ? asAdmin && { asAdmin } : { discard };
    return [jobChange(room, id, { id, hash, state: 'drop', at, ...by })];
  });
  return (await Promise.all(changes)).flat();
}
