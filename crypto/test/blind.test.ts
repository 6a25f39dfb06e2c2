import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { LIMITS } from '@gochat/protocol/limits';
import { expect, test } from 'vitest';
import { remove, reopen, revoke } from '../src/handshake.ts';
import { inviteKeys } from '../src/invite.ts';
import { utf8 } from '../src/primitives.ts';
import { allRead } from './assert.ts';
import { Log } from './log.ts';
import { Person, seededEnv } from './world.ts';

/** Every encoding of bytes in a text: hex, and base64 or base64url at each of the three alignments. */
function formsOf(bytes: Uint8Array): string[] {
  const forms = [Buffer.from(bytes).toString('hex'), Buffer.from(bytes).toString('hex').toUpperCase()];
  for (const before of [0, 1, 2]) {
    const shifted = Buffer.concat([new Uint8Array(before), bytes]);
    // Characters that share bits with neighbouring bytes are cut off at both ends.
    const from = before === 0 ? 0 : before + 1;
    const to = Math.floor((shifted.length * 4) / 3);
    const base64 = shifted.toString('base64').slice(from, to);
    forms.push(base64, base64.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return forms;
}

/** The bytes of every base64url string anywhere in a frame. */
function bytesIn(frame: string): Uint8Array[] {
  const found: Uint8Array[] = [];
  JSON.parse(frame, (_key, value: unknown) => {
    if (typeof value === 'string') {
      try {
        found.push(decodeBytes(value));
      } catch {
        // The string is not base64url.
      }
    }
    return value;
  });
  return found;
}

/** Whether a secret occurs in the frames that the server received, either in their text or in any bytes that they encode. */
function shows(frames: readonly string[], word: Uint8Array): boolean {
  const raw = Buffer.from(word).toString('latin1');
  const forms = formsOf(word);
  return frames.some((frame) => {
    if (frame.includes(raw) || forms.some((form) => frame.includes(form))) return true;
    return bytesIn(frame).some((bytes) => Buffer.from(bytes).toString('latin1').includes(raw));
  });
}

test('the search finds a planted secret in every encoding', () => {
  const word = utf8('wintermute');
  for (const before of ['', 'x', 'xy']) {
    const planted = Buffer.from(`${before}${'wintermute'}yz`);
    for (const form of [
      planted.toString('hex'),
      planted.toString('base64'),
      planted.toString('base64url'),
      'say wintermute',
    ]) {
      expect(shows([JSON.stringify({ type: 'x', body: form })], word)).toBe(true);
    }
  }
  expect(shows([JSON.stringify({ body: encodeBytes(seededEnv(1).random(500)) })], word)).toBe(false);
});

test('the frames that the server receives contain no plaintext or secret of a room', async () => {
  const env = seededEnv(5);
  const log = new Log();
  const people = ['anastasia', 'benedict', 'calliope', 'demetrius'].map((name) => new Person(name, env));
  const [ana, ben, cai, dem] = people as [Person, Person, Person, Person];
  await ana.creates(log, 'secret garden');
  const link = await ana.invites(log);
  for (const person of [ben, cai, dem]) await person.joins(log, link);
  await allRead(log, people);
  for (const person of people) await person.says(log, `the password is swordfish, says ${person.name}`);
  await ben.heals(log);
  await ana.commits(log, (room) => remove(room, cai.device, env));
  await allRead(log, people);
  await ben.commits(log, (room) => reopen(room, env));
  const other = await dem.invites(log);
  await dem.commits(log, (room) => revoke(room, [inviteKeys(other.secret).id], env));
  await allRead(log, people);
  await ana.refreshes(log);
  for (const person of [ana, ben, dem]) expect(person.enters(log)).toBe(true);

  const secrets: Record<string, Uint8Array> = {
    'room name': utf8('secret garden'),
    text: utf8('swordfish'),
    'group id': ana.room.mls.groupContext.groupId,
    'an invite secret': link.secret,
    'content of an unfinished kind': utf8('"kind"'),
    'what genesis signs': ana.room.context.genesis,
    'a policy': utf8('lastRemoveEpoch'),
  };
  for (const person of people) {
    secrets[`name of ${person.name}`] = utf8(person.name);
    secrets[`identity key of ${person.name}`] = person.who.identity.publicKey;
    secrets[`device key of ${person.name}`] = person.who.device.publicKey;
  }
  for (const person of [ana, ben, dem]) {
    secrets[`admin seed of ${person.name}`] = person.room.admin?.seed ?? person.room.accessKey.seed;
    secrets[`epoch key of ${person.name}`] = person.room.keys.message;
  }
  // MLS's own framing: version 1 before wire format and group id, and the labels of its signatures.
  secrets['MLS framing'] = Uint8Array.of(16, ...ana.room.mls.groupContext.groupId.slice(0, 8));
  secrets['MLS labels'] = utf8('MLS 1.0 ');
  expect(log.frames.length).toBeGreaterThan(15);
  const shown = Object.entries(secrets).filter(([, bytes]) => shows(log.frames, bytes));
  expect(shown.map(([what]) => what)).toEqual([]);
});

test('every frame of a room fits the limits', async () => {
  const env = seededEnv(6);
  const log = new Log();
  const ana = new Person('ana', env);
  await ana.creates(log);
  await ana.invites(log);
  await ana.says(log, 'x'.repeat(60_000));
  for (const frame of log.frames) {
    const { body, groupInfo, member } = JSON.parse(frame) as Record<string, string>;
    expect((body ?? '').length * 0.75).toBeLessThan(LIMITS.messageBytes);
    expect((groupInfo ?? '').length * 0.75).toBeLessThan(LIMITS.groupInfoBytes);
    expect((member ?? '').length * 0.75).toBeLessThanOrEqual(LIMITS.wrappedKeyBytes);
  }
});
