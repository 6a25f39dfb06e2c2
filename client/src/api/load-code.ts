import { ChatError } from './chat-error.ts';

/** Imports a part of the program that is loaded apart, and says so when that fails. @throws ChatError `internal` */
export async function loadCode<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new ChatError({ reason: 'code-not-loaded' }, { cause });
  }
}
