import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OpenedFiles } from '@gochat/terminal/internal/screen/terminal/opened-files';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { temporary } from '../src/people/people.ts';

/** Writes its arguments down, a line each, and then plays until it is stopped. */
const PLAYS =
  '#!/bin/sh\nprintf "%s\\n" "$$" "$@" >"$NOTES.part"\nmv "$NOTES.part" "$NOTES"\nexec tail -f /dev/null\n';
const FAILS = '#!/bin/sh\nexit 2\n';
const SOUND = Buffer.from(`OggS\0${'\0'.repeat(23)}OpusHead`, 'latin1');
const LIST = Buffer.from('#EXTM3U\nhttp://127.0.0.1:9/\n');

let home: Awaited<ReturnType<typeof temporary>>;
let tests = 0;
let memory: string;
let env: Record<string, string>;
let failed: string[];

beforeAll(async () => {
  home = await temporary();
});
afterAll(() => home.remove());

beforeEach(async () => {
  tests += 1;
  const folder = join(home.path, String(tests));
  memory = join(folder, 'memory');
  await mkdir(memory, { recursive: true });
  await mkdir(join(folder, 'bin'));
  env = {
    PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
    XDG_RUNTIME_DIR: memory,
    NOTES: join(folder, 'notes'),
    DISPLAY: ':9',
  };
  failed = [];
});

async function program(name: string, script: string): Promise<void> {
  const path = join(home.path, String(tests), 'bin', name);
  await writeFile(path, script);
  await chmod(path, 0o755);
}

function files(): OpenedFiles {
  const opened = new OpenedFiles(env, (name) => failed.push(name));
  onTestFinished(() => opened.close());
  return opened;
}

async function* bytes(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

/** The process that was started, and its arguments, once it has written them down. */
async function started(): Promise<{ pid: number; args: string[] }> {
  await expect.poll(() => existsSync(env.NOTES ?? '')).toBe(true);
  const [pid, ...args] = (await readFile(env.NOTES ?? '', 'utf8')).trimEnd().split('\n');
  return { pid: Number(pid), args };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('a voice message', () => {
  test.each(['mpv', 'ffplay'])(
    'is played by %s, without a window or the network, until it is stopped',
    async (name) => {
      await program(name, PLAYS);
      // Another one that may be installed here is not looked at.
      env.PATH = `${join(home.path, String(tests), 'bin')}`;
      await program('mv', '#!/bin/sh\nexec /bin/mv "$@"\n');
      await program('tail', '#!/bin/sh\nexec /usr/bin/tail "$@"\n');
      const opened = files();
      expect(
        await opened.play('-voice $(x).ogg', false, bytes(SOUND.subarray(0, 7), SOUND.subarray(7))),
      ).toBe(true);
      const { pid, args } = await started();
      expect(args.join(' ')).toMatch(/protocol_whitelist[= ]file/);
      expect(args.join(' ')).toMatch(/--video=no|-nodisp/);
      const path = args.at(-1) ?? '';
      expect(dirname(dirname(path))).toBe(memory);
      expect(await readFile(path)).toEqual(SOUND);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
      expect(opened.stop()).toBe(true);
      expect(opened.stop()).toBe(false);
      await expect.poll(() => isRunning(pid)).toBe(false);
      await expect.poll(() => readdir(memory)).toEqual([]);
      expect(failed).toEqual([]);
    },
  );

  test('takes the place of the one that is played', async () => {
    await program('mpv', PLAYS);
    const opened = files();
    await opened.play('one.ogg', false, bytes(SOUND));
    const { pid } = await started();
    await opened.play('two.ogg', false, bytes(SOUND));
    await expect.poll(() => isRunning(pid)).toBe(false);
    await expect.poll(async () => (await started()).args.at(-1)).toMatch(/two\.ogg$/);
  });

  test('that the player can’t play is reported', async () => {
    await program('mpv', FAILS);
    expect(await files().play('one.ogg', false, bytes(SOUND))).toBe(true);
    await expect.poll(() => failed).toEqual(['one.ogg']);
    await expect.poll(() => readdir(memory)).toEqual([]);
  });

  test.each([
    ['a list of addresses', LIST],
    ['a page', Buffer.from('<!doctype html><script>')],
    ['nothing', Buffer.alloc(0)],
  ])('that is %s is played by nothing', async (_what, content) => {
    await program('mpv', PLAYS);
    expect(await files().play('voice.ogg', false, bytes(content))).toBe(false);
    expect(await readdir(memory)).toEqual([]);
    expect(existsSync(env.NOTES ?? '')).toBe(false);
  });

  test('that can’t be fetched leaves nothing', async () => {
    await program('mpv', PLAYS);
    async function* cut(): AsyncGenerator<Uint8Array> {
      yield SOUND;
      throw new Error('gone');
    }
    await expect(files().play('one.ogg', false, cut())).rejects.toThrow('gone');
    expect(await readdir(memory)).toEqual([]);
  });
});

test('without a player nothing is fetched', async () => {
  env.PATH = join(home.path, String(tests), 'bin');
  let fetched = false;
  async function* watched(): AsyncGenerator<Uint8Array> {
    fetched = true;
    yield SOUND;
  }
  expect(await files().play('one.ogg', false, watched())).toBe(false);
  expect(await files().open('one.pdf', watched())).toBe(false);
  expect(fetched).toBe(false);
});

test('a video needs a desktop', async () => {
  await program('mpv', PLAYS);
  delete env.DISPLAY;
  expect(await files().play('one.webm', true, bytes(SOUND))).toBe(false);
});

test('another file is opened by the desktop, without a shell, and deleted at the end', async () => {
  await program(process.platform === 'darwin' ? 'open' : 'xdg-open', PLAYS);
  const opened = files();
  expect(await opened.open('a;touch b.pdf', bytes(Buffer.from('%PDF-1.7')))).toBe(true);
  const { pid, args } = await started();
  onTestFinished(() => void process.kill(pid));
  expect(args).toHaveLength(1);
  const [path = ''] = args;
  expect(await readFile(path, 'utf8')).toBe('%PDF-1.7');
  await opened.close();
  expect(existsSync(dirname(path))).toBe(false);
});
