import { encodeBytes } from '@gochat/protocol/encoding';
import type { RoomId } from '@gochat/protocol/fields';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRoom, landedFirst } from '../src/create.ts';
import { ROOM_KIND } from '../src/genesis.ts';
import { keepSafe } from '../src/handshake.ts';
import { createIdentity, fingerprintOf, type Identity } from '../src/identity.ts';
import { inviteKeys } from '../src/invite.ts';
import { join } from '../src/join.ts';
import { formatLink, type InviteLink, parseLink } from '../src/link.ts';
import type { Room } from '../src/room.ts';
import {
  decodeSafe,
  encodeSafe,
  openRecovery,
  type Safe,
  type SafeTicket,
  safeInvite,
  sealSafe,
} from '../src/safe.ts';
import { Log } from './log.ts';
import { Person, seededEnv, type TestEnv, won } from './world.ts';

const SERVER = 'https://chat.example.com:4040';

function ticket(env: TestEnv, server = SERVER, self = false): SafeTicket {
  return {
    server,
    self,
    room: encodeBytes(env.random(16)) as RoomId,
    founder: env.random(16),
    own: env.random(16),
    name: 'kitchen',
  };
}

/** A self room whose safe is opened by the link. */
async function withSafe(tickets: (env: TestEnv, room: Room) => readonly SafeTicket[]) {
  const env = seededEnv(17);
  const log = new Log();
  const ana = new Person('ana', env);
  const { room, frame } = await createRoom(ana.who, { room: 'devices', own: 'ana' }, env, ROOM_KIND.self);
  ana.room = room;
  ana.room = landedFirst(room, won(log.swap(frame)));
  const secret = env.random(16);
  const safe = { seed: ana.who.identity.seed, name: 'ana', tickets: tickets(env, room) };
  await keeps(ana, log, secret, safe);
  const link = linkOf(ana, secret);
  return { env, log, ana, secret, safe, link };
}

async function keeps(ana: Person, log: Log, secret: Uint8Array, safe: Safe): Promise<number> {
  const invite = await safeInvite(secret);
  const { more, kept } = await sealSafe(invite, ana.room.id, safe, ana.env);
  const started = await keepSafe(ana.room, invite, more, ana.env);
  ana.room = started.room;
  won(log.swap(started.frame));
  await ana.reads(log);
  return kept;
}

function infoFor(log: Log, link: InviteLink) {
  const info = log.info(link);
  if (info === undefined) throw new Error('the server has no such invite');
  return info;
}

function linkOf({ who, room }: Person, secret: Uint8Array) {
  const founder = fingerprintOf(who.identity.publicKey);
  const text = formatLink({ address: SERVER, room: room.id, secret, founder }, 'recover');
  return parseLink(text, 'recover');
}

test('a recovery link alone opens the safe, and with it a new device comes in', async () => {
  const { env, log, ana, safe, link } = await withSafe((e) => [ticket(e, SERVER, true), ticket(e)]);
  const opened = await openRecovery(link, infoFor(log, link));
  expect(opened).toEqual(safe);
  // The secret of the self room's own invite is what would be in the first ticket.
  const { own } = ana.room;
  if (own === undefined) throw new Error('the own invite is unknown');
  const identity: Identity = { identity: ana.who.identity, device: createIdentity(env).device };
  const ownLink = { ...link, secret: own };
  const joined = await join(identity, 'ana', ownLink, infoFor(log, { ...link, secret: own }), env);
  expect(joined.frame.invite).toBe(inviteKeys(own).id);
});

test('nobody joins a self room by a recovery link', async () => {
  const { env, log, ana, link } = await withSafe((e) => [ticket(e)]);
  const thief = createIdentity(env);
  const info = infoFor(log, link);
  const { frame } = await join(thief, 'mal', link, info, env);
  log.swap(frame);
  await ana.reads(log);
  expect(ana.members).toEqual(['ana']);
});

test('another secret, room or founder opens nothing', async () => {
  const { env, log, ana, link } = await withSafe((e) => [ticket(e)]);
  const info = infoFor(log, link);
  await expect(openRecovery({ ...link, secret: env.random(16) }, info)).rejects.toMatchObject({
    code: 'bad-invite',
  });
  await expect(openRecovery({ ...link, founder: env.random(16) }, info)).rejects.toMatchObject({
    code: 'other-room',
  });
  const { own } = ana.room;
  if (own === undefined) throw new Error('the own invite is unknown');
  // A limited device knows the own invite, and so reads the room state.
  const ofOwn = infoFor(log, { ...link, secret: own });
  await expect(openRecovery({ ...link, secret: own }, ofOwn)).rejects.toMatchObject({ code: 'bad-invite' });
});

test('a new safe ends the link of the one before', async () => {
  const { env, log, ana, link, safe } = await withSafe((e) => [ticket(e)]);
  const secret = env.random(16);
  await keeps(ana, log, secret, safe);
  expect(ana.room.context.state).toMatchObject({
    invites: [{ own: true }, { safe: true, id: inviteKeys(secret).id }],
  });
  expect(log.info(link)).toBeUndefined();
  await expect(openRecovery(linkOf(ana, secret), infoFor(log, { ...link, secret }))).resolves.toEqual(safe);
});

test('the same link opens a safe that was replaced', async () => {
  const { env, log, ana, link, secret, safe } = await withSafe((e) => [ticket(e)]);
  const next = { ...safe, tickets: [...safe.tickets, ticket(env)] };
  await keeps(ana, log, secret, next);
  await expect(openRecovery(link, infoFor(log, { ...link, secret }))).resolves.toEqual(next);
});

test('a safe has as many tickets as there is place for, the first ones', async () => {
  const many = (env: TestEnv) => Array.from({ length: 400 }, () => ticket(env));
  const { env, log, ana, link, safe, secret } = await withSafe(many);
  const opened = await openRecovery(link, infoFor(log, { ...link, secret }));
  const { tickets } = opened;
  expect(tickets.length).toBeGreaterThan(150);
  expect(tickets).toEqual(safe.tickets.slice(0, tickets.length));
  expect(await keeps(ana, log, env.random(16), safe)).toBe(tickets.length);
});

test('any tickets that fit are read as they were written', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const servers = [
    'http://127.0.0.1:1',
    SERVER,
    'https://xn--bcher-kva.example',
    `https://${'a'.repeat(200)}.example`,
  ];
  const tickets = fc.array(
    fc.record({
      server: fc.constantFrom(...servers),
      self: fc.boolean(),
      room: bytes(16).map((id) => encodeBytes(id) as RoomId),
      founder: bytes(16),
      own: bytes(16),
      name: fc.constantFrom('', 'kitchen', '字'.repeat(42)),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(tickets, bytes(32), (list, seed) => {
      const { bytes: plain, kept } = encodeSafe({ seed, name: 'Zoë', tickets: list });
      expect(kept).toBe(list.length);
      expect(plain.length % 1536).toBe(0);
      expect(decodeSafe(plain)).toEqual({ seed, name: 'Zoë', tickets: list });
    }),
  );
});
