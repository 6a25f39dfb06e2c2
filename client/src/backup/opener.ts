import { type AgeOpeners, recoveryKeys } from '@gochat/crypto/age';
import { parseLink, resemblesLink } from '@gochat/crypto/link';
import { toChatError } from '../api/to-chat-error.ts';

export type { AgeOpeners };

/**
 * What opens a backup, from a text of the person: a recovery link, or keys on lines of their own, with `#` before comments.
 * @throws ChatError `link-invalid` for a link that is damaged or for something else
 */
export async function openersIn(text: string): Promise<AgeOpeners> {
  if (resemblesLink(text)) {
    try {
      const { identity } = await recoveryKeys(parseLink(text, 'recover').secret);
      return { identities: [identity] };
    } catch (error) {
      throw toChatError(error);
    }
  }
  const lines = text.split('\n').map((line) => line.trim());
  return { identities: lines.filter((line) => line !== '' && !line.startsWith('#')) };
}
