import type { FileId, RoomId } from '@gochat/protocol/fields';
import type { FileName } from './file-store.ts';

/** The name of the description among the chunks of a file. */
export const DESCRIPTION = 'about';

/**
 * Ids are spelled in hexadecimal: some file systems take names for equal that differ only by case, and whoever creates a room chooses
 * its id.
 */
function hexOf(id: RoomId | FileId): string {
  return Buffer.from(id, 'base64url').toString('hex');
}

/** @returns undefined when the text is not an id in hexadecimal */
export function idOf<Id extends RoomId | FileId>(hex: string): Id | undefined {
  return /^[0-9a-f]{32}$/.test(hex) ? (Buffer.from(hex, 'hex').toString('base64url') as Id) : undefined;
}

/** The names of the folders around a room's files. Two levels, so that no folder holds all rooms. */
export function roomPath(room: RoomId): readonly [string, string] {
  const hex = hexOf(room);
  return [hex.slice(0, 2), hex];
}

export function filePath({ room, id }: FileName): readonly [string, string, string] {
  return [...roomPath(room), hexOf(id)];
}

/** @returns the number of the chunk with this name; undefined when it is not one */
export function chunkOf(name: string): number | undefined {
  return /^(0|[1-9]\d{0,9})$/.test(name) ? Number(name) : undefined;
}
