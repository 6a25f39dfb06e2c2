import type { TextItem } from '@gochat/client/history';
import type { FileKind } from '../timeline/row.ts';

/** A file as its message describes it. */
export type FileContent = NonNullable<TextItem['files']>[number];

/** The only types that are ever shown as pictures. */
export const PICTURE_TYPES: ReadonlySet<string> = new Set([
  'image/jpeg',
  'image/png',
  'image/gif',
  'image/webp',
  'image/avif',
]);

/** What is done with a file, by the type that its sender gives, until its bytes are here. */
export function kindOf({ type, ms, wave }: Pick<FileContent, 'type' | 'ms' | 'wave'>): FileKind {
  if (PICTURE_TYPES.has(type)) return 'picture';
  if (type.startsWith('audio/')) return ms !== undefined && wave !== undefined ? 'voice' : 'audio';
  return type.startsWith('video/') ? 'video' : 'other';
}
