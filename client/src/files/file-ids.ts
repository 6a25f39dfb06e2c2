import type { FileContent } from '@gochat/crypto/content';
import type { FileId } from '@gochat/protocol/fields';

/** @returns the ids of files and of their previews */
export function idsOf(files: readonly FileContent[] = []): FileId[] {
  return files.flatMap(({ id, preview }) => (preview === undefined ? [id] : [preview.id, id]));
}
