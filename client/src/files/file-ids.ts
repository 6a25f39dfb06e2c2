import type { FileContent } from '@gochat/crypto/content';
import type { FileId } from '@gochat/protocol/fields';

/** @returns the files and their previews, each preview first */
export function sealedOf(files: readonly FileContent[] = []): Pick<FileContent, 'id' | 'hash'>[] {
  return files.flatMap((file) => (file.preview === undefined ? [file] : [file.preview, file]));
}

/** @returns the ids of files and of their previews */
export function idsOf(files: readonly FileContent[] = []): FileId[] {
  return sealedOf(files).map(({ id }) => id);
}
