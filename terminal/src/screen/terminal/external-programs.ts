import { spawn } from 'node:child_process';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { homeDir } from '@gochat/client/profile-dir';
import { decodeText } from '@gochat/view/decode';
import { readAtMost } from '../../bounded-file.ts';

type Env = Readonly<Record<string, string | undefined>>;

const FILE_BYTES = 60_000;

/** Reads a text file. @returns undefined when it is no file, can't be read, has more than 60,000 bytes, or is no text */
export async function readTextFile(
  path: string,
): Promise<{ readonly name: string; readonly text: string } | undefined> {
  const file = resolve(path.replace(/^~(?=\/|$)/, homeDir(process.env)));
  try {
    // Opening a pipe would wait for a writer.
    if (!(await stat(file)).isFile()) return undefined;
    const text = decodeText(await readAtMost(file, FILE_BYTES));
    return text === undefined ? undefined : { name: basename(file), text };
  } catch {
    return undefined;
  }
}

/** Opens an address with the desktop's program. @returns false without a desktop */
export function openExternally(href: string, env: Env): boolean {
  if (!/^(?:https?:\/\/|mailto:)/.test(href)) return false;
  const mac = process.platform === 'darwin';
  if (!mac && (env.DISPLAY ?? env.WAYLAND_DISPLAY) === undefined) return false;
  const child = spawn(mac ? 'open' : 'xdg-open', [href], { stdio: 'ignore', detached: true });
  child.once('error', () => undefined);
  child.unref();
  return true;
}

/** Opens a text in the editor that `VISUAL` or `EDITOR` names. @returns the edited text; undefined when the editor failed */
export async function editExternally(text: string, env: Env): Promise<string | undefined> {
  const command = env.VISUAL || env.EDITOR || 'vi';
  // In memory if possible: an unsent message should not be on the disk.
  const memory = env.XDG_RUNTIME_DIR ?? '';
  const folder = await mkdtemp(join(isAbsolute(memory) ? memory : tmpdir(), 'gochat-'));
  const file = join(folder, 'message.md');
  try {
    const made = await open(file, 'wx', 0o600);
    await made.close();
    await writeFile(file, text);
    const code = await new Promise<number | null>((done) => {
      const child = spawn('/bin/sh', ['-c', `${command} "$1"`, 'gochat', file], { stdio: 'inherit' });
      child.once('error', () => done(null)).once('close', done);
    });
    return code === 0 ? (await readFile(file, 'utf8')).replace(/\n$/, '') : undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
