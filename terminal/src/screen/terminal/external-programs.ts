import { spawn } from 'node:child_process';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

const FILE_BYTES = 60_000;

/** A text file of the user's. @returns nothing when it can't be read, is too long, or is no UTF-8 */
export async function readTextFile(
  path: string,
): Promise<{ readonly name: string; readonly text: string } | undefined> {
  const file = resolve(path.replace(/^~(?=\/|$)/, homedir()));
  try {
    const { size } = await stat(file);
    if (size > FILE_BYTES) return undefined;
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
    return { name: basename(file), text };
  } catch {
    return undefined;
  }
}

/** Opens an address with the desktop's own program. @returns whether there is a desktop */
export function openExternally(href: string, env: Env): boolean {
  if (!/^(?:https?:\/\/|mailto:)/.test(href)) return false;
  const mac = process.platform === 'darwin';
  if (!mac && (env.DISPLAY ?? env.WAYLAND_DISPLAY) === undefined) return false;
  const child = spawn(mac ? 'open' : 'xdg-open', [href], { stdio: 'ignore', detached: true });
  child.once('error', () => undefined);
  child.unref();
  return true;
}

/** Lets the user change a text in the editor of `VISUAL` or `EDITOR`. @returns nothing when the editor failed */
export async function editExternally(text: string, env: Env): Promise<string | undefined> {
  const command = env.VISUAL || env.EDITOR || 'vi';
  // In memory where there is such a place: what is written here isn't sent, but it isn't for the disk either.
  const folder = await mkdtemp(join(env.XDG_RUNTIME_DIR || tmpdir(), 'gochat-'));
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
