import { encodeBytes } from '@gochat/protocol/encoding';
import type { RequestId } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import { encodeRoom } from '../src/encode-room.ts';
import type { Step } from '../src/event.ts';
import type { LogEntry } from '../src/log-entry.ts';
import { protect } from '../src/mls/messages.ts';
import { encodePayload } from '../src/payload.ts';
import { receive, receiveAll } from '../src/receive.ts';
import type { Room } from '../src/room.ts';
import { sealBody } from '../src/seal.ts';
import { babbles } from './hostile.ts';
import { Log } from './log.ts';
import { Person, seededEnv } from './world.ts';

const env = seededEnv(7);

async function threePeople() {
  const log = new Log();
  const [ana, ben, mal] = ['ana', 'ben', 'mal'].map((name) => new Person(name, env)) as [
    Person,
    Person,
    Person,
  ];
  await ana.creates(log);
  const link = await ana.invites(log);
  await ben.joins(log, link);
  await mal.joins(log, link);
  for (const one of [ana, ben, mal]) await one.reads(log);
  return { log, ana, ben, mal };
}

function posts(log: Log, { room }: Person, body: string): void {
  const id = encodeBytes(env.random(16)) as RequestId;
  if (log.post({ type: 'post', id, room: room.id, base: room.base, body }) === 'stale')
    throw new Error('stale');
}

/** Posts a message of this person that is signed with another key than its leaf's. */
async function signsWrongly(log: Log, person: Person): Promise<void> {
  const { room } = person;
  const payload = encodePayload({
    id: encodeBytes(env.random(16)),
    n: room.next,
    sealedAt: env.now(),
    claim: undefined,
    previous: undefined,
    content: { kind: 'text', text: 'not by me' },
  });
  const { message } = await protect({ ...room.mls, signaturePrivateKey: env.random(32) }, payload);
  posts(log, person, encodeBytes(sealBody(room.keys, 'message', room.id, message, env)));
}

/** What reading one after the other gives, at one time. */
async function oneByOne(room: Room, entries: readonly LogEntry[], now: number) {
  const steps: Step<Room>[] = [];
  let read = room;
  for (const entry of entries) {
    const step = await receive(read, entry, now);
    steps.push(step);
    read = step.room;
  }
  return steps;
}

test('entries that are read together give what they give one by one: garbage, a wrong signature, repeated and own messages, handshakes', async () => {
  const { log, ana, ben, mal } = await threePeople();
  const before = await ben.copy();
  for (let i = 0; i < 40; i += 1) await ana.says(log, `one ${i}`);
  await ben.reads(log);
  await ben.says(log, 'my own');
  await signsWrongly(log, mal);
  await ana.says(log, 'after the wrong one');
  await mal.reads(log);
  await mal.says(log, 'with the generation that the wrong one had');
  babbles(log, mal);
  posts(log, mal, log.entries[20]?.body ?? '');
  await ana.heals(log);
  for (const one of [ben, mal, ana]) await one.says(log, `hello in the new epoch, ${one.name}`);
  const entries = log.entries.filter(({ seq }) => Number(seq) > Number(before.position));
  const now = env.now();
  const separate = await oneByOne(before, entries, now);
  const together = await receiveAll(before, entries, now);
  expect(together.map(({ events }) => events)).toEqual(separate.map(({ events }) => events));
  expect(together.map(({ secretsToWipe }) => secretsToWipe.length)).toEqual(
    separate.map(({ secretsToWipe }) => secretsToWipe.length),
  );
  for (const [i, { room }] of together.entries())
    expect(Buffer.from(encodeRoom(room)).equals(encodeRoom(separate[i]?.room as Room)), `entry ${i}`).toBe(
      true,
    );
  const warnings = separate
    .flatMap(({ events }) => events)
    .flatMap((e) => (e.kind === 'warning' ? [e.warning.kind] : []));
  expect(warnings).toEqual(expect.arrayContaining(['rolled-back', 'undecryptable', 'repeated']));
  expect(
    separate.flatMap(({ events }) => events).filter(({ kind }) => kind === 'message').length,
  ).toBeGreaterThan(43);
});
