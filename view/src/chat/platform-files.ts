import type { AttachedFile } from './actions.ts';

/** What a screen's platform does with files. */
export interface PlatformFiles {
  /** Lets the user pick files. @param camera takes a picture instead, where the device can. @returns none when none was picked, or where files are named by their paths */
  pick(camera?: boolean): Promise<readonly AttachedFile[]>;
  /** Whether files are named by their paths: then {@link pick} picks none. */
  readonly needsPaths?: true;
  /** The files at paths that the user has named; none on a screen that has no paths. */
  at(paths: readonly string[]): Promise<readonly NamedFile[]>;
  /** The paths that begin with a text, for completion; folders end with a slash. None on a screen that has no paths. */
  paths(start: string): Promise<readonly string[]>;
  /**
   * Saves a file under a name that nothing has yet, and that nobody else can read or run.
   * @returns where it is, for the user; undefined when the user has cancelled it. @throws whatever the bytes fail with
   */
  save(name: string, type: string, bytes: AsyncIterable<Uint8Array>): Promise<string | undefined>;
  /** Opens a file in the program that the system has for it. @returns whether there is one. @throws as `save` */
  open(name: string, type: string, bytes: AsyncIterable<Uint8Array>): Promise<boolean>;
  /** Plays sound or a video. @returns whether this screen can. @throws as `save` */
  play(name: string, type: string, bytes: AsyncIterable<Uint8Array>): Promise<boolean>;
  /** Makes a smaller picture of one: JPEG or PNG, 640 pixels and 128 KiB at most. @returns undefined when it can't be decoded */
  makePreview(bytes: Uint8Array, type: string): Promise<SmallPicture | undefined>;
}

/** A file at a path, or why there is none that can be sent. `special`: a device, a pipe or a socket. */
export type NamedFile =
  | { readonly path: string; readonly file: AttachedFile }
  | { readonly path: string; readonly failure: 'missing' | 'folder' | 'special' | 'unreadable' };

export interface SmallPicture {
  readonly bytes: Uint8Array;
  /** The size of the whole picture, as it is shown, in pixels. */
  readonly w: number;
  readonly h: number;
  /** Its ThumbHash, as base64url. */
  readonly thumb?: string;
}

/** A platform that can do nothing with files. */
export const NO_FILES: PlatformFiles = {
  pick: async () => [],
  at: async (paths) => paths.map((path) => ({ path, failure: 'missing' })),
  paths: async () => [],
  save: async () => undefined,
  open: async () => false,
  play: async () => false,
  makePreview: async () => undefined,
};
