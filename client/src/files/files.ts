import type { FileContent } from '@gochat/crypto/content';

/** A file to send. */
export interface FileSource {
  /** Its name without folders. */
  readonly name: string;
  /** Its media type, if the caller knows one. What the bytes show comes first. */
  readonly type?: string | undefined;
  /** Its size in bytes. A stream of another length is refused. */
  readonly bytes: number;
  /** Its bytes from the beginning, in parts that are valid until the next one is asked for. May be called more than once. */
  stream(): AsyncIterable<Uint8Array>;
}

/** A smaller picture: JPEG or PNG of at most 128 KiB, and the size of the picture as it is shown, in pixels. */
export interface Preview {
  readonly bytes: Uint8Array;
  readonly w: number;
  readonly h: number;
  /** A ThumbHash as base64url. */
  readonly thumb?: string | undefined;
}

export interface PrepareOptions {
  /** What is to be seen or heard, in words. */
  readonly alt?: string | undefined;
  /** Sends the file as it is, with what it says about camera, place and programs. */
  readonly keepMetadata?: boolean | undefined;
  /** The file is a voice message: its length in milliseconds, and its loudness in 64 parts as base64url. */
  readonly voice?: { readonly ms: number; readonly wave: string } | undefined;
  /** Makes the preview of a picture, from its bytes without metadata. Absent: there is none. */
  readonly makePreview?:
    | ((bytes: Uint8Array<ArrayBuffer>, type: string) => Promise<Preview | undefined>)
    | undefined;
  /** The message is queued right after: the server is given the first chunks while the later ones are sealed. */
  readonly isSending?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** @param done bytes that are sealed and stored */
  readonly progress?: ((done: number, of: number) => void) | undefined;
}

/** A file that is sealed and stored in the profile, to be sent with a message. */
export interface Prepared {
  readonly content: FileContent;
  /** What could not be removed from it: `metadata` may tell where and with what it was made. */
  readonly kept: readonly 'metadata'[];
}

/** What a room's server takes. */
export interface FileLimits {
  /** The largest file, in bytes. */
  readonly bytes: number;
  /** How long it keeps files, in milliseconds; absent: for ever. */
  readonly keepMs?: number | undefined;
}

export interface OpenFileOptions {
  /** Opens the preview of a picture instead. */
  readonly preview?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** @param done bytes that are here and checked */
  readonly progress?: ((done: number, of: number) => void) | undefined;
}

/** The files of a profile's messages, in the process that owns the profile and in all others. */
export interface Files {
  /**
   * What the room's server takes; null if it stores no files. Known offline, too, once the server was reached.
   * @param bytes the size of a file: limits of before that refuse it are asked of the server again
   * @throws ChatError `offline`
   */
  limits(room: string, bytes?: number): Promise<FileLimits | null>;
  /**
   * Removes metadata, unless asked not to, and seals the file into the profile. It is on the disk when this resolves, so that the source
   * may be deleted. The content goes into a message by `queue`; what is not queued within a day is dropped.
   * @throws ChatError `file-too-large`, `files-none`, `file-changed`, `file-unreadable`, `file-space`; the reason of the signal
   */
  prepare(room: string, source: FileSource, options?: PrepareOptions): Promise<Prepared>;
  /** Drops what was prepared and is not sent. */
  discard(room: string, contents: readonly FileContent[]): Promise<void>;
  /**
   * The bytes of a file of a message, as they come from the profile's cache or from the server. All bytes are those that the author
   * sealed only when it has ended without an error: until then, don't give them to anyone.
   * @param item a message of the history, or an own one that waits: its `seq` is any then
   * @param index of the file within the message
   * @throws ChatError `file-gone`, `file-damaged`, `entry-unknown`, `offline`; the reason of the signal
   */
  open(
    room: string,
    item: { readonly seq: string; readonly id: string },
    index: number,
    options?: OpenFileOptions,
  ): AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** @param room its whole id. @returns the ids of those of its files and previews that are in the profile as a whole */
  here(
    room: string,
    files: readonly Pick<FileContent, 'id' | 'hash' | 'bytes'>[],
  ): Promise<readonly string[]>;
}
