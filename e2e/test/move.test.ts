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
    const data = more.includes('--data') ? [] : ['--data', 'rooms'];
    running = new GochatProcess(['serve', '--port', String(at), ...data, ...more], { cwd: home.path });
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

  test('the number of log streams changes by way of a folder; who was away reads on, without a warning', async () => {
    if (running !== undefined) await running.stop('SIGTERM');
    const other = await NatsCluster.start({
      binary: binary ?? '',
      folder: join(home.path, 'other'),
      size: 1,
    });
    const nodes = (streams: number) => [
      ...['--data', 'node', '--log', other.url, '--log-replicas', '1'],
      ...['--log-streams', String(streams)],
    ];
    const moves = async (...args: string[]) => expect(await move(...args)).toMatchObject({ code: 0 });
    /** Whatever the number of streams is: it is found in the cluster. */
    const out = (folder: string) => moves('--from', other.url, '--to', join(home.path, folder));
    const back = (folder: string, streams: number) => [
      ...['--from', join(home.path, folder), '--to', other.url],
      ...['--log-replicas', '1', '--log-streams', String(streams)],
    ];
    try {
      await serve(0, ...nodes(1));
      const open = (name: string) => Someone.open(name, join(home.path, `streams-${name}`));
      const [ana, ben, cleo] = [await open('ana'), await open('ben'), await open('cleo')];
      const { room, link } = await ana.hosts(`tcp://127.0.0.1:${port}`);
      await ben.joins(link);
      await cleo.joins(link);
      const talk = async (text: string) => {
        await ben.delivered(room, [await ben.says(room, `${text}?`)]);
        await ana.hears(room, `${text}?`);
        await ana.delivered(room, [await ana.says(room, `${text}!`)]);
        await ben.hears(room, `${text}!`);
      };
      await talk('one stream');
      await cleo.hears(room, 'one stream!');
      await cleo.close();
      await talk('cleo is away');
      const early = await move('--from', other.url, '--to', join(home.path, 'early'));
      expect(early).toMatchObject({ code: 2, err: expect.stringContaining('stop all of them first') });

      await running.stop('SIGTERM');
      await out('first');
      await serve(port, '--data', 'first');
      await talk('a folder');
      await running.stop('SIGTERM');
      const kept = await move(...back('first', 4));
      expect(kept).toMatchObject({ code: 2, err: expect.stringContaining('add --replace') });
      await moves(...back('first', 4), '--replace');
      await serve(port, ...nodes(4));
      await talk('four streams');
      // Her invite changes the room's keys.
      const dee = await open('dee');
      await dee.joins(await ana.invites(room));
      await dee.delivered(room, [await dee.says(room, 'new here')]);

      await running.stop('SIGTERM');
      await out('second');
      await moves(...back('second', 1), '--replace');
      await serve(port, ...nodes(1));
      await talk('one stream again');
      const late = await open('cleo');
      await late.syncs(room);
      await late.hears(room, 'one stream again!');
      await late.delivered(room, [await late.says(room, 'back')]);
      const topics = ['one stream', 'cleo is away', 'a folder', 'four streams', '', 'one stream again'];
      const said = topics.flatMap((topic) =>
        topic === '' ? ['dee: new here'] : [`ben: ${topic}?`, `ana: ${topic}!`],
      );
      for (const one of [ana, ben, late, dee]) {
        await one.hears(room, 'back');
        const all = [...said, 'cleo: back'];
        expect(await one.read(room)).toEqual(one === dee ? all.slice(all.indexOf('dee: new here')) : all);
        expect(await one.warnings(room)).toEqual([]);
      }
      for (const one of [ana, ben, late, dee]) await one.close();
    } finally {
      await running.stop('SIGKILL');
      await other.stop();
    }
  });

  test.each([
    [['--to', 'nats://127.0.0.1:1'], /--from/, 2],
    [['--from', 'rooms'], /--to/, 2],
    // Not the usage is wrong: no hint about it follows.
    [['--from', 'nowhere', '--to', 'nats://127.0.0.1:1'], /holds no rooms/, 1],
    [['--from', 'rooms', '--to', 'nats://a:sec%zzret@127.0.0.1:1'], /percent-encode special characters/, 2],
    [['--from', 'rooms', '--to', 'http://127.0.0.1:1'], /one or more NATS addresses/, 2],
    [['--from', 'nats://127.0.0.1:1', '--to', 'nats://127.0.0.1:1'], /move by way of one/, 2],
    [['--from', 'nats://127.0.0.1:1', '--to', 'rooms', '--files', 'files'], /files stay where they are/, 2],
    [['--from', 'nats://127.0.0.1:1', '--to', 'rooms', '--replace'], /moved into a cluster/, 2],
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
