import { expect, test } from 'vitest';
import { createRoom, landedFirst } from '../src/create.ts';
import { ROOM_KIND } from '../src/genesis.ts';
import { invite, keepSafe, reopen } from '../src/handshake.ts';
import { epochOf, invitesOf, membersOf } from '../src/room.ts';
import type { MemberInvite } from '../src/room-state.ts';
import { safeInvite } from '../src/safe.ts';
import { commits, joins, stating } from './hostile.ts';
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

/** The public halves of an invite, as the founder's devices list them. */
async function madeBy(
  { room }: Person,
  secret: Uint8Array,
  more: Partial<MemberInvite> = {},
): Promise<MemberInvite> {
  const by = membersOf(room).find(({ self }) => self)?.identity ?? '';
  return { ...(await safeInvite(secret)), epoch: Number(epochOf(room)), by, ...more };
}

test('a self room has no invites but its own and the recovery link: its devices skip any other, so that none can fill it', async () => {
  const { env, log, ana, own } = await selfRoom();
  const phone = new Person('ana', env, { ...ana.who, device: new Person('ana', env).who.device });
  await phone.joins(log, ana.linkFor(own));
  await ana.reads(log);
  await expect(invite(ana.room, env.random(16), {}, env)).rejects.toMatchObject({ code: 'not-admin' });
  const adds = async (more?: Partial<MemberInvite>) => {
    const added = await madeBy(phone, env.random(16), more);
    await commits(
      log,
      phone,
      stating(phone, (state) => ({ ...state, invites: [...state.invites, added] })),
    );
    await ana.reads(log);
    return invitesOf(ana.room).some(({ id }) => id === added.id);
  };
  expect(await adds()).toBe(false);
  expect(await adds({ safe: true })).toBe(true);
});

test('nobody else comes into a self room: not by an invite that a device of the founder has made', async () => {
  const { env, log, ana } = await selfRoom();
  const secret = env.random(16);
  const recovery = await safeInvite(secret);
  await ana.commits(log, (room) => keepSafe(room, recovery, ['sealed'], env));
  const mal = new Person('mal', env);
  await joins(log, mal, ana.linkFor(secret), ana.room.mls, {});
  await ana.reads(log);
  expect(membersOf(ana.room).map((m) => m.name)).toEqual(['ana']);
});
