import { ChatError } from '@gochat/client/chat-error';
import { checkGiven } from '@gochat/client/validate-input';
import type { Chat } from '../chat/chat.ts';
import { FieldError } from './field-error.ts';

/** @throws FieldError for the first field whose name can't be used */
export function checkNames(
  { words }: Pick<Chat, 'words'>,
  values: Readonly<Record<string, string>>,
  fields: readonly string[],
): void {
  const text = words.text.dialogs.nameField;
  for (const field of fields) {
    const name = values[field] ?? '';
    try {
      checkGiven({ names: [name] });
    } catch (error) {
      if (!(error instanceof ChatError) || error.data.reason !== 'name-invalid') throw error;
      const { why, most } = error.data;
      const what = {
        empty: text.empty,
        control: text.control,
        'too-long': text.long(charactersIn(name, most)),
      };
      throw new FieldError(field, what[why]);
    }
  }
}

/** How many characters of a text fit into so many bytes. */
function charactersIn(text: string, bytes: number): number {
  let used = 0;
  let count = 0;
  for (const character of text.trim()) {
    used += new TextEncoder().encode(character).length;
    if (used > bytes) break;
    count++;
  }
  return count;
}
