import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FileId, RoomId } from '@gochat/protocol/fields';
import { FolderFiles } from '@gochat/server/internal/files/folder';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Line } from '../src/people/line.ts';
import { Someone, temporary } from '../src/people/people.ts';
import { RawMember, text } from '../src/people/raw-member.ts';
import { NatsCluster } from '../src/servers/nats-cluster.ts';
import { neededNatsServer } from '../src/servers/nats-server.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';
import { buildGochat, GochatProcess } from '../src/terminal/gochat-process.ts';
import { PseudoTerminal } from '../src/terminal/pseudo-terminal.ts';

const ROOMS = 20;
const POSTS = 200;
const binary = await neededNatsServer('gochat move');

describe.skipIf(binary === undefined)('gochat move', () => {
  let home: Awaited<ReturnType<typeof temporary>>;
  let cluster: NatsCluster;
  let running: GochatProcess;
  let port: number;
  beforeAll(async () => {
    buildGochat();
    home = await temporary();
    cluster = await NatsCluster.start({ binary: binary ?? '', folder: join(home.path, 'nats'), size: 1 });
  });
  afterAll(async () => {
    await running?.stop('SIGKILL');
    await cluster.stop();
    await home.remove();
  });

  async function serve(at: number, ...more: string[]): Promise<void> {
    running = new GochatProcess(['serve', '--port', String(at), '--data', 'rooms', ...more], {
      cwd: home.path,
    });
    await running.shows('To chat');
    port = Number(/:(\d+)\)/.exec(running.all)?.[1]);
  }

  const move = (...args: string[]) => runGochat(['move', ...args], { HOME: home.path });
  const where = () => ['--from', join(home.path, 'rooms'), '--to', cluster.url, '--log-replicas', '1'];

  test('moves rooms into a cluster, with a progress bar; their members continue at the same address', async () => {
    await serve(0);
    const [ana, ben] = await Promise.all(
      ['ana', 'ben'].map((name) => Someone.open(name, join(home.path, name))),
    );
    if (ana === undefined || ben === undefined) throw new Error('two people');
    const { room, link } = await ana.hosts(`tcp://127.0.0.1:${port}`);
    await ben.joins(link);
    await ana.delivered(room, [await ana.says(room, 'before')]);
    await ben.hears(room, 'before');
    const member = new RawMember(port);
    for (let i = 0; i < ROOMS; i++) {
      const { line, nonce } = await Line.open(port);
      const id = text(16) as RoomId;
      const base = await line.sayAll([member.create(id)]);
      line.say(member.enter(id, nonce, base, base));
      await line.next('live');
      const post = () => JSON.stringify({ type: 'post', id: text(16), room: id, base, body: text(300) });
      await line.sayAll(Array.from({ length: POSTS }, post));
      line.close();
    }
    expect(await move(...where())).toMatchObject({ code: 2, err: expect.stringContaining('in use') });
    expect((await running.stop('SIGTERM')).code).toBe(0);

    const terminal = new PseudoTerminal(['move', ...where()], { cwd: home.path });
    await terminal.until(
      (lines) =>
        lines.some((shown) => /^[█░]{30} \d+ % {2}\d+ of \d{4} entries, \d+ of 21 rooms$/.test(shown)),
      'the bar',
    );
    await terminal.shows(`rooms moved: ${ROOMS + 1}; in the cluster now: ${ROOMS + 1}`);
    expect(await terminal.ended).toBe(0);
    expect(terminal.text).toContain('read back from the cluster and compared');
    const again = await move(...where());
    expect(again).toMatchObject({ code: 0, err: expect.stringContaining('rooms moved: 0;') });
    expect(again.err).not.toContain('█');
    const file = { room: text(16) as RoomId, id: text(16) as FileId };
    const description = { bytes: 16_384, began: Date.now(), until: Date.now() + 3600_000 };
    const local = await FolderFiles.open({ folder: join(home.path, 'rooms/files') });
    await local.begin(file, description);
    expect((await move(...where())).err).toContain('are not moved: name');
    const shared = join(home.path, 'shared');
    expect((await move(...where(), '--files', shared)).err).toContain(`files copied to ${shared}: 1\n`);
    expect(await (await FolderFiles.open({ folder: shared })).have(file)).toEqual({
      description,
      chunks: [],
    });

    await serve(port, '--log', cluster.url, '--log-replicas', '1');
    expect(running.all).toContain('The rooms in rooms are not served.');
    expect(existsSync(join(home.path, 'rooms', 'log.mdb'))).toBe(true);
    await ben.delivered(room, [await ben.says(room, 'after')]);
    await ana.hears(room, 'after');
    await ana.delivered(room, [await ana.says(room, 'indeed')]);
    await ben.hears(room, 'indeed');
    for (const one of [ana, ben]) {
      expect(await one.read(room)).toEqual(['ana: before', 'ben: after', 'ana: indeed']);
      expect(await one.warnings(room)).toEqual([]);
    }
    await Promise.all([ana.close(), ben.close()]);
  });

  test.each([
    [['--to', 'nats://127.0.0.1:1'], /--from/, 2],
    [['--from', 'rooms'], /--to/, 2],
    // Not the usage is wrong: no hint about it follows.
    [['--from', 'nowhere', '--to', 'nats://127.0.0.1:1'], /holds no rooms/, 1],
    [['--from', 'rooms', '--to', 'nats://a:sec%zzret@127.0.0.1:1'], /percent-encode special characters/, 2],
    [['--from', 'rooms', '--to', 'http://127.0.0.1:1'], /one or more NATS addresses/, 2],
  ])('with the options %s ends with 2 and says what it takes', async (args, words, lines) => {
    const { code, err } = await move(...args);
    expect([code, err.trim().split('\n').length]).toEqual([2, lines]);
    expect(err).toMatch(words);
    expect(err).not.toContain('ret@');
  });

  test('a server that waits for its cluster reports it, and stops at once when asked to', async () => {
    const waiting = new GochatProcess(['serve', '--port', '0', '--log', 'nats://127.0.0.1:1'], {
      cwd: home.path,
    });
    await waiting.shows("can't be used");
    expect(await waiting.stop('SIGTERM')).toMatchObject({ code: 0 });
  });

  test('a backup of rooms in a cluster is refused with directions', async () => {
    const backup = runGochat(['backup', join(home.path, 'file')], {
      HOME: home.path,
      GOCHAT_LOG: cluster.url,
    });
    expect(await backup).toMatchObject({ code: 2, err: expect.stringContaining('nats stream backup') });
  });
});
