import { expect, test } from 'vitest';
import { createRoom, landedFirst } from '../src/create.ts';
import { ROOM_KIND } from '../src/genesis.ts';
import { reopen } from '../src/handshake.ts';
import { membersOf } from '../src/room.ts';
import { Log } from './log.ts';
import { Person, seededEnv, won } from './world.ts';

/** Ana's self room, with its own invite. */
async function selfRoom() {
  const env = seededEnv(23);
  const log = new Log();
  const ana = new Person('ana', env);
  const { room, frame } = await createRoom(ana.who, { room: 'self', own: 'ana' }, env, ROOM_KIND.self);
  ana.room = landedFirst(room, won(log.swap(frame)));
  await ana.commits(log, (now) => reopen(now, env));
  const { own } = ana.room;
  if (own === undefined) throw new Error('the own invite is unknown');
  return { env, log, ana, own };
}

test('a device of the founder comes into a self room by the own invite', async () => {
  const { env, log, ana, own } = await selfRoom();
  const phone = new Person('ana', env, { ...ana.who, device: new Person('ana', env).who.device });
  await phone.joins(log, ana.linkFor(own));
  await ana.reads(log);
  expect(membersOf(ana.room).map((m) => m.own)).toEqual([true, true]);
});

test('nobody else comes into a self room: not by an invite that a device of the founder has made', async () => {
  const { env, log, ana } = await selfRoom();
  const link = await ana.invites(log);
  const mal = new Person('mal', env);
  await mal.joins(log, link);
  await ana.reads(log);
  expect(membersOf(ana.room).map((m) => m.name)).toEqual(['ana']);
});
