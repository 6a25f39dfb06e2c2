import { join } from 'node:path';
import { redeem } from '@gochat/client/internal/account/redeem';
import { connect } from '@gochat/client/internal/net/connect';
import type { Connection } from '@gochat/client/internal/net/connection';
import { proveEnter } from '@gochat/crypto/enter';
import { createIdentity } from '@gochat/crypto/identity';
import { parseLink } from '@gochat/crypto/link';
import { receive } from '@gochat/crypto/receive';
import type { Room } from '@gochat/crypto/room';
import { sealMessage } from '@gochat/crypto/send';
import type { Down, Entry } from '@gochat/protocol/down';
import { type Position, type RequestId, START } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import { Someone, startServer, temporary } from '../src/people/people.ts';
import { WAIT_MS } from '../src/waits.ts';

const env = { now: Date.now, random: (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)) };
const noStore = { env, persist: async () => undefined, former: [], end: Date.now() + 60_000 };

/** A member that keeps everything it ever had and obeys nobody. */
class Grudge {
  readonly connection: Connection;
  readonly frames: Down[] = [];
  #watchers: (() => void)[] = [];

  constructor(connection: Connection) {
    this.connection = connection;
    connection.onFrame((frame) => {
      this.frames.push(frame);
      for (const watcher of this.#watchers.splice(0)) watcher();
    });
  }

  async sees(type: Down['type']): Promise<void> {
    while (!this.frames.some((frame) => frame.type === type))
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  get entries(): Entry[] {
    return this.frames.filter((frame) => frame.type === 'entry');
  }

  enters(room: Room, since: Position): Promise<unknown> {
    return this.connection.request(proveEnter(room, since, this.connection.dialled, 'e' as RequestId, env));
  }
}

test('a removed member gets no later entry, neither decrypted nor raw, and can’t enter again', async () => {
  const home = await temporary();
  const server = await startServer(join(home.path, 'server'));
  const ana = await Someone.open('ana', join(home.path, 'ana'));
  const ben = await Someone.open('ben', join(home.path, 'ben'));
  const { room: id, link } = await ana.hosts(server.url);
  const once = await ana.invites(id, 1);
  await ben.joins(link);

  // Mal joins by the one-use invite and follows.
  const mal = new Grudge(await connect(server.url, { withinMs: WAIT_MS }));
  const who = createIdentity(env);
  const room = await redeem(mal.connection, who, 'mal', parseLink(once), noStore);
  await mal.enters(room, room.position);
  await mal.sees('live');
  await ana.delivered(id, [await ana.says(id, 'welcome mal')]);
  await ana.profile.call('remove', { room: id, member: 'mal', waitMs: WAIT_MS });
  await mal.sees('retired');
  for (const text of ['mal is gone', 'the new plan']) await ana.delivered(id, [await ana.says(id, text)]);
  await ben.hears(id, 'the new plan');

  // The last that mal got is the handshake that removed mal.
  const got = mal.entries;
  expect(got.map((e) => e.kind)).toEqual(['message', 'handshake']);
  const last = got.at(-1);
  let state = room;
  for (const entry of got) state = (await receive(state, entry, env.now())).room;
  expect(state.status).toBe('removed');

  // Entering again with the old key, from wherever, shows nothing behind that handshake.
  for (const since of [START, room.position, last?.seq ?? START]) {
    const again = new Grudge(await connect(server.url, { withinMs: WAIT_MS }));
    await again.enters(room, since);
    await again.sees('retired');
    await again.connection.request({ type: 'ping', id: 'barrier' as RequestId });
    expect(again.entries.every((e) => Number(e.seq) <= Number(last?.seq))).toBe(true);
    await expect(
      again.connection.request({
        type: 'read',
        id: 'r' as RequestId,
        room: room.id,
        after: last?.seq ?? START,
        limit: 100,
      }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/retired|not-entered/) });
    await expect(
      again.connection.request({ type: 'fetch', id: 'f' as RequestId, room: room.id }),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/retired|not-entered/),
    });
    // Nor does a post land, whatever it claims to be based on.
    for (const base of [room.base, last?.seq ?? START]) {
      const { frame } = await sealMessage(
        { ...room, base },
        { id: 'A'.repeat(22), n: undefined, content: { kind: 'text', text: 'boo' } },
        env,
      );
      await expect(again.connection.request(frame)).rejects.toMatchObject({
        code: expect.stringMatching(/retired|not-entered/),
      });
    }
    again.connection.close();
  }

  // Neither the invite that others joined by, nor the one that was used up, lets anybody in.
  for (const dead of [link, once]) {
    await expect(
      redeem(mal.connection, createIdentity(env), 'mal again', parseLink(dead), noStore),
    ).rejects.toMatchObject({ code: 'refused' });
  }
  expect(await ben.read(id)).toEqual(['ana: welcome mal', 'ana: mal is gone', 'ana: the new plan']);
  expect((await ana.profile.call('members', { room: id })).map((m) => m.name).sort()).toEqual(['ana', 'ben']);
  // A fresh invite works for whoever is given it.
  const cai = await Someone.open('cai', join(home.path, 'cai'));
  await cai.joins(await ana.invites(id));
  mal.connection.close();
  await Promise.all([ana, ben, cai].map((p) => p.close()));
  await server.stop();
  await home.remove();
});

test('a one-use invite lets one in', async () => {
  const home = await temporary();
  const server = await startServer(join(home.path, 'server'));
  const ana = await Someone.open('ana', join(home.path, 'ana'));
  const { room } = await ana.hosts(server.url);
  const link = await ana.invites(room, 1);
  const racers = await Promise.all(
    Array.from({ length: 6 }, (_, i) => Someone.open(`racer ${i}`, join(home.path, `racer-${i}`))),
  );
  const outcomes = await Promise.allSettled(racers.map((who) => who.joins(link)));
  expect(outcomes.filter((o) => o.status === 'fulfilled')).toHaveLength(1);
  for (const o of outcomes) if (o.status === 'rejected') expect(o.reason).toMatchObject({ code: 'refused' });
  await ana.until(async () => (await ana.profile.call('members', { room })).length === 2, 'one racer is in');
  await Promise.all([ana, ...racers].map((p) => p.close()));
  await server.stop();
  await home.remove();
});
