import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { sniff } from '@gochat/client/sniff';
import { saveFile } from '../../files/save-file.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** How many of the first bytes say what a file is. */
const HEAD_BYTES = 4096;

interface Player {
  readonly name: string;
  readonly showsVideo: boolean;
  readonly args: (file: string, isVideo: boolean) => readonly string[];
}

/** Programs that play a file, the best first. They get no input, no network, and remember nothing of the file. */
const PLAYERS: readonly Player[] = [
  {
    name: 'mpv',
    showsVideo: true,
    args: (file, isVideo) => [
      '--really-quiet',
      '--no-terminal',
      '--ytdl=no',
      '--load-scripts=no',
      '--save-position-on-quit=no',
      '--demuxer-lavf-o=protocol_whitelist=file',
      ...(isVideo ? [] : ['--video=no']),
      '--',
      file,
    ],
  },
  {
    name: 'ffplay',
    showsVideo: true,
    args: (file, isVideo) => [
      '-loglevel',
      'quiet',
      '-autoexit',
      '-protocol_whitelist',
      'file',
      ...(isVideo ? [] : ['-nodisp']),
      '-i',
      file,
    ],
  },
  { name: 'afplay', showsVideo: false, args: (file) => [file] },
];

/**
 * Files that other programs show: each is written into a folder of its own, which only the user can read, and deleted when it was played
 * or at the end. Programs are started without a shell.
 */
export class OpenedFiles {
  readonly #env: Env;
  readonly #failed: (name: string) => void;
  readonly #folders = new Set<string>();
  #playing: ChildProcess | undefined;

  /** @param failed is called when a player has begun and couldn't play the file. */
  constructor(env: Env, failed: (name: string) => void) {
    this.#env = env;
    this.#failed = failed;
  }

  /** Opens a file in the desktop's program for it. @param name a cleaned one @returns false without a desktop @throws what the bytes fail with */
  async open(name: string, bytes: AsyncIterable<Uint8Array>): Promise<boolean> {
    const program = process.platform === 'darwin' ? 'open' : 'xdg-open';
    if (!hasDesktop(this.#env) || (await programPath(program, this.#env)) === undefined) return false;
    const { path } = await this.#written(tmpdir(), name, bytes);
    const child = spawn(program, [path], { stdio: 'ignore', detached: true, env: { ...this.#env } });
    child.once('error', () => undefined);
    child.unref();
    return true;
  }

  /**
   * Plays a sound or a video, instead of what is played.
   * @returns false when no program here can, and for what is neither by its first bytes, such as a list of addresses @throws as {@link open}
   */
  async play(name: string, isVideo: boolean, bytes: AsyncIterable<Uint8Array>): Promise<boolean> {
    const player = await this.#player(isVideo);
    if (player === undefined) return false;
    this.stop();
    const memory = this.#env.XDG_RUNTIME_DIR ?? '';
    const { folder, path } = await this.#written(isAbsolute(memory) ? memory : tmpdir(), name, bytes);
    if (!/^(?:audio|video)\//.test((await typeOf(path)) ?? '')) {
      await this.#delete(folder);
      return false;
    }
    this.stop();
    const child = spawn(player.name, player.args(path, isVideo), { stdio: 'ignore', env: { ...this.#env } });
    this.#playing = child;
    const ended = (code: number | null) => {
      if (this.#playing === child) {
        this.#playing = undefined;
        if (code !== 0) this.#failed(name);
      }
      void this.#delete(folder);
    };
    child.once('error', () => ended(null)).once('close', ended);
    return true;
  }

  /** Stops what is played. @returns whether something was */
  stop(): boolean {
    const child = this.#playing;
    this.#playing = undefined;
    child?.kill();
    return child !== undefined;
  }

  /** Stops what is played, and deletes all files. */
  async close(): Promise<void> {
    this.stop();
    await Promise.all([...this.#folders].map((folder) => this.#delete(folder)));
  }

  async #player(isVideo: boolean): Promise<Player | undefined> {
    if (isVideo && !hasDesktop(this.#env)) return undefined;
    for (const player of PLAYERS) {
      const isFit = !isVideo || player.showsVideo;
      if (isFit && (await programPath(player.name, this.#env)) !== undefined) return player;
    }
    return undefined;
  }

  async #written(
    parent: string,
    name: string,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<{ folder: string; path: string }> {
    const folder = await mkdtemp(join(parent, 'gochat-'));
    this.#folders.add(folder);
    try {
      return { folder, path: await saveFile(folder, name, bytes) };
    } catch (error) {
      await this.#delete(folder);
      throw error;
    }
  }

  async #delete(folder: string): Promise<void> {
    this.#folders.delete(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

function hasDesktop({ DISPLAY, WAYLAND_DISPLAY }: Env): boolean {
  return process.platform === 'darwin' || (DISPLAY ?? WAYLAND_DISPLAY) !== undefined;
}

/** Where a program is; undefined when it isn't installed. */
async function programPath(name: string, { PATH = '' }: Env): Promise<string | undefined> {
  for (const folder of PATH.split(delimiter).filter(isAbsolute)) {
    const path = join(folder, name);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

async function typeOf(path: string): Promise<string | undefined> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return sniff(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
