import type { TextItem } from '@gochat/client/history';
import { PICTURE_TYPES } from '@gochat/client/picture-types';
import type { FileKind } from '../timeline/row.ts';

/** A file as its message describes it. */
export type FileContent = NonNullable<TextItem['files']>[number];

const PICTURES: ReadonlySet<string> = new Set(PICTURE_TYPES);

/** What is done with a file, by the type that its sender gives, until its bytes are here. */
export function kindOf({ type, ms, wave }: Pick<FileContent, 'type' | 'ms' | 'wave'>): FileKind {
  if (PICTURES.has(type)) return 'picture';
  if (type.startsWith('audio/')) return ms !== undefined && wave !== undefined ? 'voice' : 'audio';
  return type.startsWith('video/') ? 'video' : 'other';
}
