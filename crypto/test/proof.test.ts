import type { RoomId } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import type { RoomEvent } from '../src/event.ts';
import {
  decodeEpoch,
  decodeProof,
  type EpochRecord,
  encodeEpoch,
  encodeProof,
  groupContextOf,
  ownProof,
  type Proof,
  speakerAt,
  verifyProof,
} from '../src/proof.ts';
import { membersOf, type Room } from '../src/room.ts';
import { allRead, roomOfPeople } from './assert.ts';
import type { Person } from './world.ts';

/** What a device keeps for the proofs of the room's epoch. */
function epochOf(room: Room): EpochRecord {
  const speakers = membersOf(room).flatMap(({ leaf }) => speakerAt(room, leaf) ?? []);
  return { groupContext: groupContextOf(room), speakers };
}

function lastOf<K extends RoomEvent['kind']>(person: Person, kind: K): Extract<RoomEvent, { kind: K }> {
  const event = person.events.findLast((one) => one.kind === kind);
  if (event === undefined) throw new Error(`${person.name} has seen no ${kind}`);
  return event as Extract<RoomEvent, { kind: K }>;
}

/** Ben says hello. Both proofs are of this message: one as ana reads it, and his own. */
async function hello() {
  const world = await roomOfPeople('ana', 'ben');
  const [ana, ben] = world.people as [Person, Person];
  await ben.says(world.log, 'hello');
  await ana.reads(world.log);
  const { proof } = lastOf(ana, 'message');
  const { sent } = lastOf(ben, 'sent');
  const own = ownProof(ben.room, sent, { kind: 'text', text: 'hello' });
  if (proof === undefined || own === undefined) throw new Error('a message has a proof');
  return { ...world, ana, ben, proof, own, epoch: epochOf(ana.room) };
}

test('a proof verifies, and says who has written what', async () => {
  const { ana, ben, proof, epoch } = await hello();
  const { identity } = membersOf(ana.room)[1] ?? {};
  expect(await verifyProof(ana.room.id, proof, epoch)).toMatchObject({
    identity,
    device: ben.device,
    payload: { n: 1, content: { kind: 'text', text: 'hello' } },
  });
});

test('the proof of an own message is the same bytes as at every reader', async () => {
  const { proof, own } = await hello();
  expect(encodeProof(own)).toEqual(encodeProof(proof));
});

test('the proof of a message that was sealed again is that of the sealing in the log, also after a restart', async () => {
  const { log, people } = await roomOfPeople('ana', 'ben');
  const [ana, ben] = people as [Person, Person];
  ben.restarts = true;
  const first = await ben.seals('late');
  const [draft] = ben.drafts;
  await ben.seals('late', draft);
  log.post(first);
  await allRead(log, [ana, ben]);
  const own = ownProof(ben.room, lastOf(ben, 'sent').sent, { kind: 'text', text: 'late' });
  expect(own).toEqual(lastOf(ana, 'message').proof);
});

test('own and other messages still verify after later epochs have replaced all keys', async () => {
  const { log, people } = await roomOfPeople('ana', 'ben', 'cai');
  const [ana, ben, cai] = people as [Person, Person, Person];
  const kept: { readonly proof: Proof; readonly epoch: EpochRecord; readonly text: string }[] = [];
  for (const person of [ben, ana, cai, ben]) {
    const text = `line ${kept.length}`;
    await person.says(log, text);
    await allRead(log, people);
    const proof =
      person === ana
        ? ownProof(ana.room, lastOf(ana, 'sent').sent, { kind: 'text', text })
        : lastOf(ana, 'message').proof;
    if (proof === undefined) throw new Error('a message has a proof');
    const epoch = decodeEpoch(encodeEpoch(epochOf(ana.room)));
    kept.push({ proof: decodeProof(encodeProof(proof)), epoch, text });
    await person.heals(log);
    await allRead(log, people);
  }
  await ana.removes(log, ben);
  const texts = await Promise.all(
    kept.map(async ({ proof, epoch }) => (await verifyProof(ana.room.id, proof, epoch))?.payload.content),
  );
  expect(texts).toEqual(kept.map(({ text }) => ({ kind: 'text', text })));
  for (const [i, { proof }] of kept.entries())
    for (const [j, { epoch }] of kept.entries())
      if (i !== j) expect(await verifyProof(ana.room.id, proof, epoch)).toBeUndefined();
});

test('a proof fails with any flipped bit of any of its bytes', async () => {
  const { ana, proof, epoch } = await hello();
  const bytes = encodeProof(proof);
  for (let at = 0; at < bytes.length; at++) {
    const other = bytes.with(at, (bytes[at] ?? 0) ^ (1 << (at % 8)));
    expect(await verifyProof(ana.room.id, decodeProof(other), epoch), `byte ${at}`).toBeUndefined();
  }
});

test('a proof fails with any flipped bit of the group context, and of the key and credential of its speaker', async () => {
  const { ana, proof, epoch } = await hello();
  const { id } = ana.room;
  const speaker = epoch.speakers[proof.leaf];
  if (speaker === undefined) throw new Error('ben is a speaker');
  const flipped = (bytes: Uint8Array, at: number) => bytes.with(at, (bytes[at] ?? 0) ^ (1 << (at % 8)));
  for (let at = 0; at < epoch.groupContext.length; at++) {
    const other = { ...epoch, groupContext: flipped(epoch.groupContext, at) };
    expect(await verifyProof(id, proof, other), `context ${at}`).toBeUndefined();
  }
  for (let at = 0; at < speaker.key.length; at++) {
    const other = { ...epoch, speakers: [{ ...speaker, key: flipped(speaker.key, at) }] };
    expect(await verifyProof(id, proof, other), `key ${at}`).toBeUndefined();
  }
  // The device doesn't sign the name, which is at the end.
  const signed = speaker.credential.length - 'ben'.length;
  for (let at = 0; at < signed; at++) {
    const other = { ...epoch, speakers: [{ ...speaker, credential: flipped(speaker.credential, at) }] };
    expect(await verifyProof(id, proof, other), `credential ${at}`).toBeUndefined();
  }
});

test('a proof fails for another leaf, another room, and without its speaker', async () => {
  const { ana, proof, epoch } = await hello();
  const { id } = ana.room;
  const [first, second] = epoch.speakers;
  if (first === undefined || second === undefined) throw new Error('two speakers');
  expect(await verifyProof(id, { ...proof, leaf: 0 }, epoch)).toBeUndefined();
  const swapped = [
    { ...first, leaf: 1 },
    { ...second, leaf: 0 },
  ];
  expect(await verifyProof(id, proof, { ...epoch, speakers: swapped })).toBeUndefined();
  expect(await verifyProof(id, { ...proof, leaf: 0 }, { ...epoch, speakers: swapped })).toBeUndefined();
  expect(await verifyProof(id, proof, { ...epoch, speakers: [first] })).toBeUndefined();
  expect(await verifyProof('B'.repeat(22) as RoomId, proof, epoch)).toBeUndefined();
});

test('what is kept for proofs contains no secret of the epoch', async () => {
  const { ana, ben, proof, epoch } = await hello();
  const kept = [encodeProof(proof), encodeEpoch(epoch)].map((bytes) => Buffer.from(bytes));
  const secrets = [ana, ben].flatMap(({ room, who }) => [
    room.mls.signaturePrivateKey,
    who.identity.seed,
    who.device.seed,
    room.accessKey.seed,
    room.own ?? room.keys.own,
    room.chain.value,
    ...Object.values(room.keys).flatMap((key: unknown) => (key instanceof Uint8Array ? [key] : [])),
    ...Object.values(room.mls.keySchedule),
  ]);
  for (const bytes of kept) for (const secret of secrets) expect(bytes.includes(secret)).toBe(false);
});
