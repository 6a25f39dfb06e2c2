import { sealBox } from '@gochat/crypto/box';
import { createRoom, landedFirst } from '@gochat/crypto/create';
import type { RoomEvent } from '@gochat/crypto/event';
import { createIdentity } from '@gochat/crypto/identity';
import { type Member, membersOf } from '@gochat/crypto/room';
import { encodeBytes } from '@gochat/protocol/encoding';
import type { Position, RoomId } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import { platform } from '../src/profile/platform.ts';
import { BoxOpener } from '../src/room/box-opener.ts';

const MINUTE_MS = 60_000;

/** A room with one member, and boxes for it that seem to come from another person. */
async function boxes() {
  const who = createIdentity(platform);
  const { room: made } = await createRoom(who, { room: 'kitchen', own: 'ben' }, platform);
  const room = landedFirst(made, '1' as Position);
  const [self] = membersOf(room);
  if (self === undefined) throw new Error('nobody is in the room');
  const sender = (name: string): Member => ({
    ...self,
    own: false,
    self: false,
    name,
    identity: encodeBytes(createIdentity(platform).identity.publicKey),
  });
  let seq = 1;
  const box = async (from: Member, at: number, to = self.identity) => {
    seq += 1;
    const words = {
      room: encodeBytes(platform.random(16)) as RoomId,
      secret: platform.random(16),
      text: 'hi',
    };
    const content = await sealBox(room, { to, from: from.identity }, words, platform);
    const event: Extract<RoomEvent, { kind: 'message' }> = {
      kind: 'message',
      seq: String(seq) as Position,
      at,
      from,
      id: 'm',
      sealedAt: at,
      content,
    };
    return { event, content };
  };
  return { room, sender, box };
}

test('of a person, five boxes in a minute are tried, whoever they are for', async () => {
  const { room, sender, box } = await boxes();
  const [ana, mal] = [sender('ana'), sender('mal')];
  const opener = new BoxOpener();
  const opens = async (from: Member, at: number, to?: string) => {
    const { event, content } = await box(from, at, to);
    return (await opener.open(room, event, content)).length;
  };
  for (let i = 0; i < 4; i++) expect(await opens(mal, 1000 + i, ana.identity)).toBe(0);
  expect(await opens(mal, 1010)).toBe(1);
  expect(await opens(mal, 1020)).toBe(0);
  expect(await opens(ana, 1020)).toBe(1);
  expect(await opens(mal, 1010 + MINUTE_MS)).toBe(1);
});

test('the box of a limited device, and an own one, is not opened', async () => {
  const { room, sender, box } = await boxes();
  const ana = sender('ana');
  for (const from of [
    { ...ana, limited: true },
    { ...ana, own: true },
  ]) {
    const { event, content } = await box(from, 1000);
    expect(await new BoxOpener().open(room, event, content)).toEqual([]);
  }
});
