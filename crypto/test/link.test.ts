import { inspect } from 'node:util';
import { encodeBytes } from '@gochat/protocol/encoding';
import type { RoomId } from '@gochat/protocol/fields';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createIdentity, fingerprintOf } from '../src/identity.ts';
import { formatLink, LinkError, parseLink } from '../src/link.ts';
import { roomOfPeople } from './assert.ts';
import { Person, seededEnv } from './world.ts';

const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });

test('a link parses to what was formatted', () => {
  const address = fc.constantFrom(
    'http://127.0.0.1:4040',
    'https://chat.example',
    'http://[::1]:4040',
    'https://a.b:8443',
  );
  fc.assert(
    fc.property(address, bytes16, bytes16, bytes16, (where, room, secret, founder) => {
      const link = { address: where, room: encodeBytes(room) as RoomId, secret, founder };
      expect(parseLink(formatLink(link))).toEqual(link);
      expect(parseLink(`  ${formatLink(link)}\n`)).toEqual(link);
    }),
  );
});

const secret = seededEnv(3).random(16);
const whole = formatLink({
  address: 'http://127.0.0.1:4040',
  room: encodeBytes(seededEnv(4).random(16)) as RoomId,
  secret,
  founder: seededEnv(5).random(16),
});
const hidden = encodeBytes(secret);

const damaged: Record<string, string> = {
  'cut off in the fingerprint': whole.slice(0, -3),
  'cut off before the fingerprint': whole.slice(0, -23),
  'without its address': whole.slice('http://'.length),
  'without a scheme that is ours': whole.replace('http:', 'ftp:'),
  'with a user in its address': whole.replace('http://', 'http://me:you@'),
  'with a character that is none': whole.replace(hidden, `${hidden.slice(0, 11)}*${hidden.slice(12)}`),
  'with a secret that is too long': whole.replace(hidden, `${hidden}AAAA`),
  'with a secret whose bits are left over': whole.replace(hidden, `${hidden.slice(0, -1)}B`),
  'with a damaged room': whole.replace('/join/', '/join/x'),
  'with a port that is none': whole.replace('4040', '99999'),
  'with a space in its address': whole.replace('127', '1 7'),
  'in the path': whole.replace('/#/', '/'),
  'as bare words': `join me with ${hidden}`,
};

test.each(Object.entries(damaged))(
  'a link %s is refused with an error that does not contain the secret',
  (_, text) => {
    let thrown: unknown;
    try {
      parseLink(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(LinkError);
    const told = inspect(thrown, { depth: 9, showHidden: true });
    for (let at = 0; at + 8 <= hidden.length; at += 1) expect(told).not.toContain(hidden.slice(at, at + 8));
  },
);

test("a link with another founder can't join", async () => {
  const { log, link, env } = await roomOfPeople('ana', 'ben');
  const eve = new Person('eve', env);
  const founder = fingerprintOf(createIdentity(env).identity.publicKey);
  await expect(eve.joins(log, { ...link, founder })).rejects.toMatchObject({
    name: 'RoomError',
    code: 'other-room',
  });
});

test("a link with another room can't join", async () => {
  const { log, link, env } = await roomOfPeople('ana', 'ben');
  const eve = new Person('eve', env);
  const room = encodeBytes(env.random(16)) as RoomId;
  await expect(eve.joins(log, { ...link, room })).rejects.toMatchObject({
    name: 'RoomError',
    code: 'bad-invite',
  });
});

test('the GroupInfo of another room is refused', async () => {
  const here = await roomOfPeople('ana', 'ben');
  const there = await roomOfPeople('eve', 'mal');
  const dan = new Person('dan', here.env);
  const info = here.log.info(here.link);
  there.log.info = () => info;
  await expect(dan.asksToJoin(there.log, there.link)).rejects.toMatchObject({ code: 'bad-invite' });
  here.log.groupInfo = there.log.groupInfo;
  await expect(dan.asksToJoin(here.log, here.link)).rejects.toMatchObject({ code: 'bad-invite' });
});
