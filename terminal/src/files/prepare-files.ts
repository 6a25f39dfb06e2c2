import type { Readable } from 'node:stream';
import { ChatError } from '@gochat/client/chat-error';
import { FILES_PER_MESSAGE } from '@gochat/client/message-size';
import type { Params } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/open';
import { UsageError } from '@gochat/server/usage-error';
import type { AttachedFile } from '@gochat/view/actions';
import { sanitizeLine } from '@gochat/view/sanitize';
import type { TerminalText } from '@gochat/view/terminal-words';
import { filesAt } from './at-paths.ts';
import { typeByName } from './type-by-name.ts';

export type FileContents = NonNullable<Extract<Params<'queue'>['content'], { kind: 'text' }>['files']>;

/** The files at paths. @throws UsageError for the first one that can't be sent */
export async function filesNamed(
  paths: readonly string[],
  { files: text }: TerminalText,
): Promise<readonly AttachedFile[]> {
  if (paths.length > FILES_PER_MESSAGE) throw new UsageError(text.tray.most(FILES_PER_MESSAGE));
  return (await filesAt(paths)).map((found) => {
    if ('file' in found) return found.file;
    // It is about a file, not about how the command is used.
    throw new UsageError(text.at[found.failure](sanitizeLine(found.path)), { cause: found.failure });
  });
}

/**
 * Standard input as a file. It is read into memory: a profile stores only what is sealed.
 * @param mostFor how many bytes a file may have, asked with those that have come
 * @throws ChatError `file-too-large`
 */
export async function fileOfInput(
  stdin: Readable,
  name: string,
  mostFor: (bytes: number) => Promise<number>,
): Promise<AttachedFile> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  let most = await mostFor(0);
  for await (const part of stdin as AsyncIterable<Uint8Array>) {
    parts.push(part);
    bytes += part.length;
    if (bytes > most) most = await mostFor(bytes);
    if (bytes > most) throw new ChatError({ reason: 'file-too-large', bytes, most });
  }
  return {
    name,
    type: typeByName(name),
    bytes,
    stream: async function* () {
      yield* parts;
    },
    text: async () => undefined,
  };
}

export interface PrepareParts {
  readonly profile: Profile;
  readonly room: string;
  readonly files: readonly AttachedFile[];
  /** Descriptions, in the order of the files. */
  readonly alt?: readonly string[];
  readonly keepMetadata?: boolean;
  readonly text: TerminalText;
  readonly signal?: AbortSignal;
  /** What to know about a file before it is sent. */
  readonly note: (line: string) => void;
  readonly progress?: (name: string, done: number, of: number) => void;
}

/** Seals files into the profile, to be sent with a message: all of them, or none. @throws ChatError, the reason of the signal */
export async function prepareFiles(parts: PrepareParts): Promise<FileContents> {
  const { profile, room, files, alt = [], keepMetadata = false, text, signal, note, progress } = parts;
  const contents: FileContents = [];
  try {
    for (const [i, file] of files.entries()) {
      const name = sanitizeLine(file.name);
      const { content, kept } = await profile.files.prepare(room, file, {
        keepMetadata,
        isSending: true,
        makePreview: async (bytes) => (await import('../pictures/pictures.ts')).makePreview(bytes),
        ...(alt[i] !== undefined && { alt: alt[i] }),
        ...(signal && { signal }),
        ...(progress && { progress: (done, of) => progress(name, done, of) }),
      });
      contents.push(content);
      if (kept.includes('metadata')) note(`${name}: ${text.files.tray.metadata}`);
    }
    return contents;
  } catch (error) {
    await profile.files.discard(room, contents).catch(() => undefined);
    throw error;
  }
}
