import { cleanFileName as clean } from '@gochat/crypto/file-name';

/** The name under which a file is shown and saved: safe on every system and every screen, with its extension, never empty. */
export function cleanFileName(name: string): string {
  return clean(name);
}
