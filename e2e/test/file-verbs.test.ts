import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { FolderFiles } from '@gochat/server/internal/files/folder';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';
import { buildGochat, GochatProcess } from '../src/terminal/gochat-process.ts';

const MOST_BYTES = 3_000_000;
/** What clears a line of a terminal, before it is drawn again and at the end. */
const CLEARED = '\r\u001b[2K';

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;

beforeAll(async () => {
  buildGochat();
  home = await temporary();
  server = await startServer(join(home.path, 'rooms'), 0, { fileBytes: MOST_BYTES });
  const made = await run('ana', ['new', 'kitchen', '--as', 'ana']);
  await run('ben', ['join', made.out.trim(), '--as', 'ben', '--no-chat']);
});

afterAll(async () => {
  await server.stop();
  await home.remove();
});

function run(who: string, args: readonly string[], input: string | Buffer = '') {
  const env = { HOME: home.path, GOCHAT_SERVER: server.url };
  return runGochat([...args, '--profile', join(home.path, who)], env, input);
}

/** A file in the home folder. @returns its path */
async function fileNamed(name: string, bytes: string | Buffer = 'hello'): Promise<string> {
  const path = join(home.path, name);
  await writeFile(path, bytes);
  return path;
}

/** The last message as ben has it, with what it is named by. */
async function last(): Promise<{ id: string; seq: string; text: string; files?: { name: string }[] }> {
  return JSON.parse((await run('ben', ['tail', 'kitchen', '-n', '1', '--json'])).out);
}

describe('gochat send --file', () => {
  test('files and a text are one message, whose bytes others get as they were', async () => {
    const big = randomBytes(2_500_000);
    const paths = [await fileNamed('big.bin', big), await fileNamed('nothing', '')];
    const sent = await run('ana', ['send', 'kitchen', 'look', '--file', ...paths, '--alt', 'noise']);
    expect(sent).toEqual({ code: 0, out: '', err: '' });
    expect((await run('ben', ['tail', 'kitchen', '-n', '1'])).out).toBe(
      '<ana> look\n<ana>(file 1) big.bin, 2.5 MB: noise\n<ana>(file 2) nothing, 0 bytes\n',
    );
    const to = join(home.path, 'got');
    const saved = await run('ben', ['save', 'kitchen', (await last()).id, '--to', to]);
    expect(saved).toEqual({ code: 0, out: `${join(to, 'big.bin')}\n${join(to, 'nothing')}\n`, err: '' });
    expect((await readFile(join(to, 'big.bin'))).equals(big)).toBe(true);
    expect(await readFile(join(to, 'nothing'), 'utf8')).toBe('');
  });

  test('standard input is a file with a name', async () => {
    const sent = await run('ana', ['send', 'kitchen', '--file', '-', '--name', 'log.txt'], 'one\ntwo\n');
    expect(sent.code).toBe(0);
    expect(await last()).toMatchObject({
      text: '',
      files: [{ name: 'log.txt', bytes: 8, type: 'text/plain' }],
    });
  });

  test.each([
    ['TEXT', ['-']],
    ['-m', ['-m', '-']],
  ])('standard input is the text of files, with - as %s', async (_what, text) => {
    const sent = await run(
      'ana',
      ['send', 'kitchen', ...text, '--file', await fileNamed('x.txt')],
      'REPORT\n',
    );
    expect(sent).toEqual({ code: 0, out: '', err: '' });
    expect(await last()).toMatchObject({ text: 'REPORT', files: [{ name: 'x.txt' }] });
  });

  test('standard input is not the text and a file', async () => {
    const args = ['send', 'kitchen', '-', '--file', '-', '--name', 'x.txt'];
    expect(await run('ana', args, 'REPORT')).toMatchObject({
      code: 2,
      err: expect.stringContaining('give - once'),
    });
  });

  test.each(['none', 'few'])(
    'a server that took no such file and was changed since is asked again: %s',
    async (before) => {
      const path = await fileNamed('4kB', Buffer.alloc(4000));
      await server.stop();
      // The profile notes what the server says whenever it reaches it.
      const limits = before === 'none' ? { files: false } : { fileBytes: 1000 };
      server = await startServer(join(home.path, 'rooms'), server.port, limits);
      await run('ana', ['tail', 'kitchen', '-n', '1']);
      expect((await run('ana', ['send', 'kitchen', '--file', path])).code).toBe(before === 'none' ? 5 : 2);
      await server.stop();
      expect((await run('ana', ['send', 'kitchen', '--file', path])).code).toBe(3);
      server = await startServer(join(home.path, 'rooms'), server.port, { fileBytes: MOST_BYTES });
      expect(await run('ana', ['send', 'kitchen', '--file', path])).toEqual({ code: 0, out: '', err: '' });
      const input = ['send', 'kitchen', '--file', '-', '--name', 'dump'];
      expect(await run('ana', input, Buffer.alloc(4000))).toEqual({ code: 0, out: '', err: '' });
    },
  );

  test('a name keeps nothing that leads elsewhere', async () => {
    const path = await fileNamed('-rf \u202egnp.exe');
    expect((await run('ana', ['send', 'kitchen', '--file', path])).code).toBe(0);
    expect((await last()).files?.[0]?.name).toMatch(/^[^-.][^\u202e]*$/);
  });

  test.each([
    ['a file that is not there', 'gone.txt', /There is no file .*gone\.txt/],
    ['a folder', 'folder', /folder is a folder/],
    ['a socket', 'socket', /socket is a device or a pipe/],
    ['a link to a device', 'zero', /zero is a device or a pipe/],
    ['a dead link', 'dead', /There is no file .*dead/],
    ['a path through a file', 'plain/more', /There is no file .*more/],
    ['what is too large', 'large', /This file is too large/],
  ])('%s is refused, and nothing is sent of the others', async (_what, name, says) => {
    await mkdir(join(home.path, 'folder'), { recursive: true });
    const links = { zero: '/dev/zero', dead: join(home.path, 'nowhere') };
    const socket = createServer();
    if (name === 'socket') await new Promise<void>((done) => socket.listen(join(home.path, name), done));
    if (name === 'zero' || name === 'dead') await symlink(links[name], join(home.path, name));
    await fileNamed('large', Buffer.alloc(MOST_BYTES + 1));
    await fileNamed('plain');
    const before = await last();
    const args = ['send', 'kitchen', '--file', await fileNamed('good'), join(home.path, name)];
    expect(await run('ana', args)).toMatchObject({ code: 2, out: '', err: expect.stringMatching(says) });
    expect(await last()).toEqual(before);
    socket.close();
  });

  test('a file that can not be read is refused', async () => {
    const secret = await fileNamed('secret');
    await chmod(secret, 0o000);
    // Root may read everything. Nothing is mapped at the beginning of a process's memory.
    const path = process.getuid?.() === 0 ? '/proc/self/mem' : secret;
    expect(await run('ana', ['send', 'kitchen', '--file', path])).toMatchObject({
      code: 2,
      err: expect.stringContaining('can’t be read'),
    });
  });

  test.each([
    ['--alt', ['--alt', 'x'], /need --file/],
    ['--lines with a text', ['text', '--lines'], /leave out the text/],
    ['-m twice', ['-m', 'one', '-m', 'two'], /give -m once/],
    ['a text twice', ['text', '-m', 'text', '--file', 'x'], /give the text once/],
    ['lines', ['--lines', '--file', 'x'], /leave out --file/],
    ['input without a name', ['--file', '-'], /needs --name/],
    ['input twice', ['--file', '-', '-', '--name', 'x'], /once/],
    ['a name without input', ['--file', 'x', '--name', 'y'], /--file -/],
    ['too many descriptions', ['--file', 'x', '--alt', 'a', 'b'], /more --alt than files/],
    ['an empty path', ['--file', ''], /must not be empty/],
    ['nine files', ['--file', ...'abcdefghi'], /at most 8 files/],
  ])('%s is wrong usage', async (_what, args, says) => {
    expect(await run('ana', ['send', 'kitchen', ...args])).toMatchObject({
      code: 2,
      err: expect.stringMatching(says),
    });
  });

  test('on a terminal a line shows how far it is, at most ten times a second, and is gone at the end', async () => {
    const path = await fileNamed('slow.bin', randomBytes(2_500_000));
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    onTestFinished(() => void vi.useRealTimers());
    const env = { HOME: home.path, GOCHAT_SERVER: server.url };
    const args = ['send', 'kitchen', '--file', path, '--profile', join(home.path, 'ana')];
    const frozen = await runGochat(args, env, '', () => undefined);
    expect(frozen).toEqual({
      code: 0,
      out: '',
      err: `${CLEARED}slow.bin: prepared 1 of 2.5 MB${CLEARED}`,
    });
    const later = () => vi.setSystemTime(Date.now() + 100);
    const prepared = [1, 2, 2.5].map((done) => `slow.bin: prepared ${done} of 2.5 MB`);
    expect(await runGochat(args, env, '', later)).toMatchObject({
      code: 0,
      err: expect.stringContaining(`${CLEARED}${prepared.join(CLEARED)}${CLEARED}`),
    });
    expect(await runGochat(args, env)).toEqual({ code: 0, out: '', err: '' });
  });

  test('on a terminal the line goes on while the server gets what has waited for it', async () => {
    const path = await fileNamed('slow.bin', randomBytes(2_500_000));
    const { port } = server;
    await server.stop();
    let drawnAt = 0;
    const env = { HOME: home.path, GOCHAT_SERVER: server.url };
    const args = ['send', 'kitchen', '--file', path, '--wait', '1m', '--profile', join(home.path, 'ana')];
    const sending = runGochat(args, env, '', () => {
      drawnAt = Date.now();
    });
    await expect.poll(async () => (await run('ana', ['rooms', '--json'])).out).toContain('"queued":1');
    // Then what comes next is drawn.
    await expect.poll(() => drawnAt > 0 && Date.now() - drawnAt > 100).toBe(true);
    server = await startServer(join(home.path, 'rooms'), port, { fileBytes: MOST_BYTES });
    const { code, out, err } = await sending;
    expect([code, out]).toEqual([0, '']);
    const [before, first, ...rest] = err.split(CLEARED);
    // Connecting is shown after it when it takes long.
    expect([before, rest.at(-1)]).toEqual(['', '']);
    expect(first).toMatch(/^slow\.bin: prepared 1 of 2\.5 MB/);
    expect(rest).toContainEqual(expect.stringMatching(/^sending (1|2|2\.5) of 2\.5 MB$/));
  });

  test('without the server it is queued, and the next command sends it although the source is gone', async () => {
    const path = await fileNamed('later.txt', 'later');
    const { port } = server;
    await server.stop();
    const queued = await run('ana', ['send', 'kitchen', '--file', path, '--wait', '100ms']);
    expect(queued).toMatchObject({ code: 3, err: expect.stringContaining('1 message is queued') });
    await writeFile(path, 'something else');
    server = await startServer(join(home.path, 'rooms'), port, { fileBytes: MOST_BYTES });
    expect((await run('ana', ['tail', 'kitchen', '-n', '1'])).out).toBe('<ana>(file) later.txt, 5 bytes\n');
    await run('ben', ['tail', 'kitchen', '-n', '0']);
    const { out } = await run('ben', ['search', 'kitchen', 'later.txt', '--json']);
    const { id } = JSON.parse(out) as { id: string };
    const to = join(home.path, 'late');
    await run('ben', ['save', 'kitchen', id, '--to', to]);
    expect(await readFile(join(to, 'later.txt'), 'utf8')).toBe('later');
  });
});

describe('gochat save', () => {
  test('never replaces a file, keeps others out, and gives no right to run it', async () => {
    const to = join(home.path, 'here');
    await run('ana', ['send', 'kitchen', '--file', await fileNamed('run.tar.gz', 'new')]);
    await mkdir(to);
    await writeFile(join(to, 'run.tar.gz'), 'old');
    await symlink(join(home.path, 'elsewhere'), join(to, 'run.tar (2).gz'));
    const { seq } = await last();
    const path = join(to, 'run.tar (3).gz');
    expect(await run('ben', ['save', 'kitchen', seq, '--to', to])).toEqual({
      code: 0,
      out: `${path}\n`,
      err: '',
    });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(join(to, 'run.tar.gz'), 'utf8')).toBe('old');
    expect((await readdir(to)).sort()).toEqual(['run.tar (2).gz', 'run.tar (3).gz', 'run.tar.gz']);
    await expect(stat(join(home.path, 'elsewhere'))).rejects.toThrow('ENOENT');
  });

  test('a folder is named, not a file', async () => {
    await run('ana', ['send', 'kitchen', '--file', await fileNamed('d.txt')]);
    const to = await fileNamed('plain');
    expect(await run('ben', ['save', 'kitchen', (await last()).id, '--to', to])).toMatchObject({
      code: 2,
      err: expect.stringContaining('plain is none'),
    });
  });

  test('one of several files by its number', async () => {
    const to = join(home.path, 'one');
    const paths = [await fileNamed('a.txt', 'a'), await fileNamed('b.txt', 'b')];
    await run('ana', ['send', 'kitchen', '--file', ...paths]);
    const { id } = await last();
    const { out } = await run('ben', ['save', 'kitchen', id, '--file', '2', '--to', to]);
    expect(out).toBe(`${join(to, 'b.txt')}\n`);
    for (const [number, says] of [
      ['3', 'no such file'],
      ['0', 'from 1'],
      ['x', 'from 1'],
    ])
      expect(await run('ben', ['save', 'kitchen', id, '--file', number ?? '', '--to', to])).toMatchObject({
        code: 2,
        err: expect.stringContaining(says ?? ''),
      });
  });

  test('a message that is not there, or has no files, is wrong usage', async () => {
    await run('ana', ['send', 'kitchen', 'plain']);
    const { id } = await last();
    expect(await run('ben', ['save', 'kitchen', id])).toMatchObject({ code: 2 });
    expect(await run('ben', ['save', 'kitchen', 'A'.repeat(22), '--wait', '1s'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no message AAAA'),
    });
  });

  test('a deleted message has no files any more, on any device', async () => {
    await run('ana', ['send', 'kitchen', 'secret', '--file', await fileNamed('secret.txt', 'secret')]);
    const { id } = await last();
    expect(await run('ana', ['delete', 'kitchen', id])).toMatchObject({ code: 0 });
    const deleted = await last();
    expect(deleted).toMatchObject({ text: '', deleted: { by: 'ana' } });
    expect(deleted).not.toHaveProperty('files');
    expect(await run('ben', ['save', 'kitchen', id])).toMatchObject({ code: 2 });
  });

  test('an empty text is refused before it removes that of files', async () => {
    await run('ana', ['send', 'kitchen', 'caption', '--file', await fileNamed('kept.txt')]);
    const before = await last();
    const blank = { code: 2, out: '', err: expect.stringContaining('The message is empty') };
    expect(await run('ana', ['edit', 'kitchen', before.id, ''])).toMatchObject(blank);
    expect(await run('ana', ['edit', 'kitchen', before.id], '')).toMatchObject(blank);
    expect(await run('ana', ['send', 'kitchen', '', '--file', await fileNamed('x.txt')])).toMatchObject(
      blank,
    );
    expect(
      await run('ana', ['send', 'kitchen', '-', '--file', await fileNamed('x.txt')], '\n'),
    ).toMatchObject(blank);
    expect(await last()).toEqual(before);
  });

  test('an edit changes the text, and the files stay', async () => {
    await run('ana', ['send', 'kitchen', 'frist', '--file', await fileNamed('c.txt', 'c')]);
    const { id } = await last();
    expect(await run('ana', ['edit', 'kitchen', id, 'first'])).toMatchObject({ code: 0 });
    expect(await last()).toMatchObject({ text: 'first', files: [{ name: 'c.txt' }] });
  });
});

describe('gochat send --file that is interrupted', () => {
  /** A server of its own, which takes large files, and a profile with a room on it. */
  async function pantry(name: string) {
    const [data, dir] = [join(home.path, `rooms-${name}`), join(home.path, name)];
    const own = await startServer(data);
    onTestFinished(() => own.stop());
    const ana = await Someone.open('ana', dir);
    const { room } = await ana.hosts(own.url, 'pantry');
    await ana.syncs(room);
    await ana.close();
    return {
      ...{ own, data, dir, room },
      sending(path: string): GochatProcess {
        const args = ['send', 'pantry', '--file', path, '--wait', '5m', '--profile', dir];
        return new GochatProcess(args, { cwd: home.path });
      },
      /** How many chunks the profile has of what it seals. */
      async sealed(): Promise<number> {
        const folder = join(dir, 'files');
        const files = await readdir(folder).catch(() => []);
        const chunks = await Promise.all(files.map((file) => readdir(join(folder, file)).catch(() => [])));
        return chunks.flat().filter((chunk) => /^\d+$/.test(chunk)).length;
      },
      async stored(): Promise<number> {
        const files = await FolderFiles.open({ folder: join(data, 'files') });
        let count = 0;
        for await (const _ of files.walk()) count += 1;
        return count;
      },
    };
  }

  test('while it is sealed, sends nothing, and leaves nothing of it here or on the server', async () => {
    const { dir, room, sealed, sending, stored } = await pantry('ana-sealing');
    const path = await fileNamed('large.bin', Buffer.alloc(100_000_000, 'x'));
    const command = sending(path);
    await expect.poll(sealed, { interval: 5 }).toBeGreaterThan(0);
    command.child.kill('SIGSTOP');
    // Some of it is still to be sealed when the signal comes.
    expect(await sealed()).toBeLessThan(90);
    const ended = command.stop('SIGINT');
    command.child.kill('SIGCONT');
    expect(await ended).toEqual({ code: 130, out: '', err: '' });
    const ana = await Someone.open('ana', dir);
    await ana.syncs(room);
    expect(await ana.profile.call('waiting', { room })).toEqual([]);
    await ana.until(async () => (await sealed()) === 0, 'the profile has forgotten it');
    await ana.until(async () => (await stored()) === 0, 'the server has forgotten it');
    expect(await ana.messages(room)).toEqual([]);
    await ana.close();
  });

  test('while it waits for the server, says that it is queued, and the next command sends it', async () => {
    const { own, data, dir, sending } = await pantry('ana-waiting');
    await own.stop();
    const command = sending(await fileNamed('note.txt', 'buy salt'));
    const env = { HOME: home.path };
    const profile = ['--profile', dir];
    const rooms = async () => (await runGochat(['rooms', '--json', ...profile], env)).out;
    await expect.poll(rooms).toContain('"queued":1');
    expect(await command.stop('SIGINT')).toEqual({
      code: 3,
      out: '',
      err: expect.stringContaining('1 message is queued'),
    });
    const again = await startServer(data, own.port);
    onTestFinished(() => again.stop());
    expect((await runGochat(['tail', 'pantry', '-n', '1', ...profile], env)).out).toBe(
      '<ana>(file) note.txt, 8 bytes\n',
    );
  });
});

describe('in a chat line by line', () => {
  test('/send sends files with a text as one message, and /save and /open give their bytes', async () => {
    const bin = join(home.path, 'programs');
    await mkdir(bin);
    const program = join(bin, process.platform === 'darwin' ? 'open' : 'xdg-open');
    const opened = join(home.path, 'opened');
    await writeFile(program, `#!/bin/sh\ncp "$1" "${opened}.part" && mv "${opened}.part" "${opened}"\n`);
    await chmod(program, 0o755);
    const [one, two] = [await fileNamed('one.txt', 'first'), await fileNamed('two words.bin', 'second')];
    const chat = ['chat', 'kitchen', '--profile'];
    const env = { GOCHAT_SERVER: server.url, DISPLAY: ':9', PATH: `${bin}:${process.env.PATH}` };
    const input = `/send ${one} "${two}" -- the list\n`;
    const sent = await runGochat([...chat, join(home.path, 'ana')], { HOME: home.path, ...env }, input);
    expect(sent.code).toBe(0);
    expect(await last()).toMatchObject({
      text: 'the list',
      files: [
        { name: 'one.txt', bytes: 5 },
        { name: 'two words.bin', bytes: 6 },
      ],
    });
    const cwd = join(home.path, 'desk');
    await mkdir(cwd);
    const ben = new GochatProcess([...chat, join(home.path, 'ben')], {
      cwd,
      env: { HOME: home.path, ...env },
    });
    ben.write('/save\n');
    for (const name of ['one.txt', 'two words.bin']) await ben.shows(`Saved as ${join(cwd, name)}`);
    expect(await readFile(join(cwd, 'one.txt'), 'utf8')).toBe('first');
    expect(await readFile(join(cwd, 'two words.bin'), 'utf8')).toBe('second');
    ben.write('/open 1\n');
    await expect.poll(() => readFile(opened, 'utf8').catch(() => undefined)).toBe('first');
    expect(await ben.end()).toMatchObject({ code: 0 });
  });
});

test('/open of a chat line by line asks first when a file is not what its harmless name says', async () => {
  const bin = join(home.path, 'bin');
  await mkdir(bin);
  const program = join(bin, process.platform === 'darwin' ? 'open' : 'xdg-open');
  await writeFile(program, '#!/bin/sh\n');
  await chmod(program, 0o755);
  const page = 'hello\n<!doctype html><script>alert(1)</script>';
  await run('ana', ['send', 'kitchen', '--file', await fileNamed('page.txt', page)]);
  expect((await last()).files).toMatchObject([{ name: 'page.txt', type: 'text/plain' }]);
  const env = { HOME: home.path, PATH: bin, DISPLAY: ':9' };
  const { out } = await runGochat(['chat', 'kitchen', '--profile', join(home.path, 'ben')], env, '/open\n');
  expect(out).toContain('/open 1 yes opens page.txt with another program');
});
