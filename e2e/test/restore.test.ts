import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileId, RoomId } from '@gochat/protocol/fields';
import { FolderFiles } from '@gochat/server/internal/files/folder';
import { openLmdb } from '@gochat/server/internal/log/lmdb/open';
import { expect, onTestFinished, test } from 'vitest';
import { Line } from '../src/people/line.ts';
import { Someone, temporary } from '../src/people/people.ts';
import { RawMember, text } from '../src/people/raw-member.ts';
import { ChildServer } from '../src/servers/child-server.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';
import type { Ended } from '../src/terminal/gochat-process.ts';
import { WAIT_MS } from '../src/waits.ts';

interface Place {
  readonly path: string;
  /** @param args of a verb; those without dashes are files or folders in this place */
  gochat(verb: string, ...args: string[]): Promise<Ended>;
  /** @param postsAtOnce of one connection, where that is more than as shipped */
  serves(folder: string, port?: number, postsAtOnce?: number): Promise<ChildServer>;
}

async function place(): Promise<Place> {
  const home = await temporary();
  onTestFinished(() => home.remove());
  return {
    path: home.path,
    gochat: (verb, ...args) =>
      runGochat([verb, ...args.map((arg) => (arg.startsWith('--') ? arg : join(home.path, arg)))], {
        HOME: home.path,
      }),
    async serves(folder, port = 0, postsAtOnce) {
      const limits = postsAtOnce === undefined ? {} : { postsBurst: postsAtOnce };
      const server = await ChildServer.start(join(home.path, folder), port, [], undefined, limits);
      onTestFinished(() => server.stop());
      return server;
    },
  };
}

async function person(name: string, { path }: Place): Promise<Someone> {
  const someone = await Someone.open(name, join(path, name));
  onTestFinished(() => someone.close());
  return someone;
}

async function restarted(at: Place, server: ChildServer): Promise<void> {
  await server.kill();
  expect(await at.gochat('restore', 'copy', '--data', 'restored')).toMatchObject({ code: 0 });
  await at.serves('restored', server.port);
}

/** The bodies of the room's entries after the first. */
async function stored(folder: string, room: RoomId): Promise<string[]> {
  const { log, close } = await openLmdb({ folder });
  const bodies: string[] = [];
  for (let after = 1; ; ) {
    const { entries } = await log.read(room, after, 1_000);
    const last = entries.at(-1);
    if (last === undefined) break;
    bodies.push(...entries.map(({ body }) => Buffer.from(body).toString('base64url')));
    after = last.pos;
  }
  await close();
  return bodies;
}

test('backups made during writes have all that was acknowledged before them, and the server keeps everything', async () => {
  const at = await place();
  const server = await at.serves('data', 0, 5_000);
  const member = new RawMember(server.port);
  const room = text(16) as RoomId;
  const { line } = await Line.open(server.port);
  line.say(member.create(room));
  await line.next('ack');
  const reader = await Line.open(server.port);
  reader.line.say(member.enter(room, reader.nonce, '0'));
  const writer = await Line.open(server.port);
  writer.line.say(member.enter(room, writer.nonce, '1'));
  await writer.line.next('live');
  const bodies = Array.from({ length: 3_000 }, () => text(300));
  const post = (body: string) => JSON.stringify({ type: 'post', id: text(16), room, base: '1', body });
  let acknowledged = 0;
  const write = async (count: number) => {
    await writer.line.sayAll(bodies.slice(acknowledged, acknowledged + count).map(post));
    acknowledged += count;
  };
  await write(1_000);
  const writing = (async () => {
    while (acknowledged < bodies.length) await write(250);
  })();
  const before: number[] = [];
  for (const copy of ['copy-0', 'copy-1']) {
    before.push(acknowledged);
    const { code, out, err } = await at.gochat('backup', copy, '--data', 'data');
    expect({ code, out, err }).toEqual({ code: 0, out: '', err: `rooms in ${join(at.path, copy)}: 1\n` });
    expect(statSync(join(at.path, copy)).mode & 0o777).toBe(0o600);
  }
  await writing;
  for (const { line: open } of [{ line }, reader, writer]) open.close();
  await server.stop();
  expect(await stored(join(at.path, 'data'), room)).toEqual(bodies);
  for (const [i, least] of before.entries()) {
    expect(await at.gochat('restore', `copy-${i}`, '--data', `restored-${i}`)).toMatchObject({ code: 0 });
    const kept = await stored(join(at.path, `restored-${i}`), room);
    expect(kept.length).toBeGreaterThanOrEqual(least);
    expect(kept).toEqual(bodies.slice(0, kept.length));
  }
});

test('a backup takes the files along, and a restore says how many there are', async () => {
  const at = await place();
  const server = await at.serves('data');
  const store = await FolderFiles.open({ folder: join(at.path, 'data/files') });
  const file = { room: text(16) as RoomId, id: text(16) as FileId };
  const description = { bytes: 16_384, began: Date.now(), until: Date.now() + 3600_000 };
  await store.begin(file, description);
  const [part] = [Buffer.from('sealed')];
  const parts = async function* () {
    yield part;
  };
  await store.put(file, 0, async () => ({ bytes: part.length, parts: parts() }));
  const backup = await at.gochat('backup', 'copy', '--data', 'data');
  expect(backup.err).toBe(
    `rooms in ${join(at.path, 'copy')}: 0\nfiles in ${join(at.path, 'copy.files')}: 1\n`,
  );
  await server.stop();
  const restore = await at.gochat('restore', 'copy', '--data', 'restored');
  expect(restore.err).toContain(`files in ${join(at.path, 'restored/files')}: 1\n`);
  const restored = await FolderFiles.open({ folder: join(at.path, 'restored/files') });
  expect(await restored.have(file)).toEqual({ description, chunks: [0] });
  rmSync(join(at.path, 'copy.files'), { recursive: true });
  const without = await at.gochat('restore', 'copy', '--data', 'other');
  expect(without.err).toContain(`no files: there is no ${join(at.path, 'copy.files')}`);
});

test('a backup or a restore that can’t be done reports why, and changes nothing', async () => {
  const at = await place();
  const server = await at.serves('data');
  expect(await at.gochat('backup', 'copy', '--data', 'data')).toMatchObject({ code: 0 });
  writeFileSync(join(at.path, 'garbage'), 'not a backup');
  rmSync(join(at.path, 'data/control.sock'));
  const refused: [[string, ...string[]], RegExp][] = [
    [['backup', 'copy', '--data', 'data'], /copy exists: choose another file/],
    [
      ['backup', 'other', '--data', 'data'],
      /data is in use by process \d+, and no server answers at .*data\/control\.sock/,
    ],
    [
      ['backup', 'other', '--data', 'nowhere'],
      /nowhere holds no rooms: name the server's data folder with --data/,
    ],
    [['backup', 'other', '--data', 'data', '--files', 'nowhere'], /nowhere is not a folder of files/],
    [['backup', 'no/such/folder/copy', '--data', 'data'], /can't write .*no\/such\/folder\/copy/],
    [['restore', 'missing', '--data', 'new'], /missing does not exist/],
    [['restore', 'data', '--data', 'new'], /data is not a file: name the file that gochat backup wrote/],
    [['restore', 'copy', '--data', 'data'], /in use by process|already holds rooms/],
    [
      ['restore', 'garbage', '--data', 'new'],
      /garbage is damaged or not a backup of a server: nothing was restored/,
    ],
    [['backup'], /missing required argument/],
  ];
  for (const [args, message] of refused) {
    const { code, out, err } = await at.gochat(...args);
    expect({ code, out }, args.join(' ')).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
  }
  await server.stop();
  expect((await at.gochat('restore', 'copy', '--data', 'data')).err).toMatch(
    /data already holds rooms: move them/,
  );
  // After all that, the copy is as it was.
  expect(await at.gochat('restore', 'copy', '--data', 'new')).toMatchObject({ code: 0 });
});

test('a client that had read further than the backup continues; one that had not is shown what is missing', async () => {
  const at = await place();
  const server = await at.serves('data');
  const [ana, ben, cai] = await Promise.all(['ana', 'ben', 'cai'].map((name) => person(name, at)));
  if (ana === undefined || ben === undefined || cai === undefined) throw new Error('three people');
  const { room, link } = await ana.hosts(server.url);
  await ben.joins(link);
  await cai.joins(link);
  await ben.delivered(room, [await ben.says(room, 'kept')]);
  for (const who of [ana, cai]) await who.hears(room, 'kept');
  await cai.close();
  expect(await at.gochat('backup', 'copy', '--data', 'data')).toMatchObject({ code: 0 });
  for (const said of ['lost 1', 'lost 2', 'lost 3']) await ben.delivered(room, [await ben.says(room, said)]);
  await ana.hears(room, 'lost 3');
  await restarted(at, server);

  await ana.delivered(room, [await ana.says(room, 'after')]);
  await ben.hears(room, 'after');
  await ben.delivered(room, [await ben.says(room, 'more')]);
  await ana.hears(room, 'more');
  const later = await person('cai', at);
  await later.syncs(room);
  await later.hears(room, 'more');
  expect(await later.read(room)).toEqual(['ben: kept', 'ana: after', 'ben: more']);
  expect(await later.warnings(room)).toContainEqual({ warning: 'missing', member: 'ben', count: 3 });
  expect(await ana.read(room)).toEqual(await ben.read(room));
});

test('a client with newer keys than the backup is notified, and joins again by an invite of a remaining member', async () => {
  const at = await place();
  const server = await at.serves('data');
  const [ana, ben, cai] = await Promise.all(['ana', 'ben', 'cai'].map((name) => person(name, at)));
  if (ana === undefined || ben === undefined || cai === undefined) throw new Error('three people');
  const { room, link } = await ana.hosts(server.url);
  await ben.joins(link);
  await ben.syncs(room);
  await ben.close();
  expect(await at.gochat('backup', 'copy', '--data', 'data')).toMatchObject({ code: 0 });
  // A handshake that the backup hasn't.
  await cai.joins(link);
  await ana.syncs(room);
  await restarted(at, server);

  await expect(ana.syncs(room)).rejects.toThrow('keys-unknown');
  await expect(ana.says(room, 'anybody there?')).rejects.toMatchObject({
    code: 'not-member',
    data: { reason: 'keys-unknown' },
  });
  const back = await person('ben', at);
  await back.delivered(room, [await back.says(room, 'I am still in')]);
  const fresh = await back.invites(room);
  expect(await ana.joins(fresh)).toBe(room);
  await ana.delivered(room, [await ana.says(room, 'so am I, again')]);
  await back.hears(room, 'so am I, again');
});

test('a client with newer keys than the backup posts nothing when the others have gone on, and what it queued can be sent again', async () => {
  const at = await place();
  const server = await at.serves('data');
  const [ana, ben, cai] = await Promise.all(['ana', 'ben', 'cai'].map((name) => person(name, at)));
  if (ana === undefined || ben === undefined || cai === undefined) throw new Error('three people');
  const { room, link } = await ana.hosts(server.url);
  for (const joiner of [ben, cai]) {
    await joiner.joins(link);
    await joiner.syncs(room);
  }
  await cai.close();
  expect(await at.gochat('backup', 'copy', '--data', 'data')).toMatchObject({ code: 0 });
  // A handshake that the backup hasn't. Ben reads it, too.
  await ana.profile.call('configure', { room, topic: 'what we cook', waitMs: WAIT_MS });
  await ben.syncs(room);
  await server.kill();
  await ben.says(room, 'written meanwhile');
  expect(await at.gochat('restore', 'copy', '--data', 'restored')).toMatchObject({ code: 0 });
  await at.serves('restored', server.port);

  await expect(ben.syncs(room)).rejects.toThrow('keys-unknown');
  await ben.close();
  // The others go on from the backup, further than Ben has read.
  const back = await person('cai', at);
  const fresh = await back.invites(room);
  await ana.joins(fresh);
  await ana.delivered(room, [await ana.says(room, 'here again')]);
  await back.hears(room, 'here again');

  const late = await person('ben', at);
  await expect(late.syncs(room)).rejects.toThrow('keys-unknown');
  await expect(late.says(room, 'anybody there?')).rejects.toMatchObject({ data: { reason: 'keys-unknown' } });
  await late.joins(fresh);
  expect((await late.profile.call('rooms', {}))[0]).toMatchObject({ queued: 0, unsent: 1 });
  await late.profile.call('resend', { room, unsent: true });
  await ana.hears(room, 'written meanwhile');
  expect(await ana.read(room)).not.toContain('anybody there?');
});
