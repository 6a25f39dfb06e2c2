import { join } from 'node:path';
import { expect, test } from 'vitest';
import { brisk } from '../src/people/brisk.ts';
import { devicesOf, followsAll, notesOf } from '../src/people/devices.ts';
import { untilStage } from '../src/people/linking.ts';
import { fileOf, Someone, temporary } from '../src/people/people.ts';
import { ChildServer } from '../src/servers/child-server.ts';
import { findWords, folderBytes, Wiretap } from '../src/servers/wiretap.ts';
import { WAIT_MS } from '../src/waits.ts';

const NAMES = ['Anastasia-of-Kyiv', 'Benedikt-Brückner'];
const LABELS = ['Telefon der Anastasia', 'Umbrella-holder'];
const DRAFT = 'never sent to anybody';
const ROOM = 'conspiracy of the kitchen';
const TEXTS = ['the eagle lands at dawn', 'bring the Müller papers, all of them', 'x'.repeat(300)];

test('the search finds a planted word in every encoding', () => {
  const word = 'the eagle lands';
  const noise = Buffer.from('0123456789abcdef'.repeat(20));
  const plain = Buffer.from(word);
  for (let shift = 0; shift < 7; shift++) {
    const around = Buffer.concat([noise.subarray(0, 20 + shift), plain, noise.subarray(0, 30)]);
    expect(findWords(around, [word])).toEqual([word]);
    expect(findWords(Buffer.from(around.toString('base64')), [word])).toEqual([word]);
    expect(findWords(Buffer.from(around.toString('base64url')), [word])).toEqual([word]);
    expect(findWords(Buffer.from(around.toString('hex')), [word])).toEqual([word]);
  }
  expect(findWords(noise, [word])).toEqual([]);
});

/** The first bytes of a JPEG, and what could be read in it. */
const PICTURE = Buffer.concat([
  Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'),
  Buffer.from('the pixels of the picture '.repeat(4000)),
]);

test('neither the wire, the server’s disk nor its logs contain names or messages', async () => {
  const home = await temporary();
  const data = join(home.path, 'server');
  const log: string[] = [];
  const server = await ChildServer.start(data, 0, log);
  const tap = new Wiretap(server.port);
  const url = `tcp://127.0.0.1:${await tap.listen()}`;
  const [ana, ben] = await Promise.all(
    NAMES.map((name, i) => Someone.open(name, join(home.path, `profile-${i}`))),
  );
  if (ana === undefined || ben === undefined) throw new Error('two people');
  const { room, link } = await ana.hosts(url, ROOM);
  await ben.joins(link);
  for (const text of TEXTS) {
    await ana.delivered(room, [await ana.says(room, text)]);
    await ben.delivered(room, [await ben.says(room, `${text}, I said`)]);
  }
  await ana.hears(room, `${TEXTS.at(-1)}, I said`);
  const photo = fileOf('Kyiv-Hauptbahnhof.jpg', PICTURE, 'image/jpeg');
  const alt = 'Olga under the station clock';
  const sent = await ana.queuesFiles(room, [photo], 'nobody knows of this picture', { alt });
  await ana.delivered(room, [sent]);
  await ben.hears(room, 'nobody knows of this picture');
  expect((await ben.opens(room, sent)).equals(PICTURE)).toBe(true);
  await ana.profile.call('remove', { room, member: NAMES[1] ?? '', waitMs: WAIT_MS });
  await Promise.all([ana.close(), ben.close()]);
  await server.stop();
  await tap.close();

  const words = [
    ...NAMES,
    ROOM,
    ...TEXTS,
    link.split('/#/')[1] ?? '',
    ...(link.split('.').slice(-2, -1) ?? []),
    'Kyiv-Hauptbahnhof',
    'image/jpeg',
    alt,
    'nobody knows of this picture',
    'the pixels of the picture',
  ];
  const isPicture = (bytes: Buffer) => bytes.includes(PICTURE.subarray(0, 6));
  const captured = Buffer.concat(tap.bytes);
  const stored = await folderBytes(data);
  // What is searched is the real thing: the room's id is in all three.
  for (const bytes of [captured, Buffer.from(log.join(''))]) expect(bytes.includes(room)).toBe(true);
  expect(stored.includes(Buffer.from(room, 'base64url'))).toBe(true);
  expect(captured.length).toBeGreaterThan(10_000);
  expect(findWords(captured, words)).toEqual([]);
  // Sealed, it passed here and is stored: two bytes alone are in any 100 kB.
  expect(captured.length).toBeGreaterThan(2 * PICTURE.length);
  expect(stored.length).toBeGreaterThan(PICTURE.length);
  expect([captured, stored].map(isPicture)).toEqual([false, false]);
  expect(findWords(stored, words)).toEqual([]);
  expect(findWords(Buffer.from(log.join('')), words)).toEqual([]);
  expect(log.join('')).toContain('broadcast to 2 connections');
  for (const i of [0, 1]) {
    const profile = await folderBytes(join(home.path, `profile-${i}`));
    expect(findWords(profile, words)).toEqual([]);
    expect(isPicture(profile)).toBe(false);
  }
  await home.remove();
});

test('neither the wire, the server’s disk nor its logs contain what the devices of a person share, or are called', async () => {
  const home = await temporary();
  const data = join(home.path, 'server');
  const log: string[] = [];
  const server = await ChildServer.start(data, 0, log);
  const tap = new Wiretap(server.port);
  const url = `tcp://127.0.0.1:${await tap.listen()}`;
  const [laptop, phone] = await Promise.all(
    ['laptop', 'phone'].map((name) => Someone.open(NAMES[0] ?? '', join(home.path, name), { env: brisk })),
  );
  if (laptop === undefined || phone === undefined) throw new Error('two devices');
  const { room } = await laptop.hosts(url, ROOM);
  await laptop.delivered(room, [await laptop.says(room, TEXTS[0] ?? '')]);
  const { link } = await laptop.profile.call('linkOffer', { waitMs: WAIT_MS });
  const { digits } = await phone.profile.call('linkAccept', {
    link,
    label: LABELS[0] ?? '',
    waitMs: WAIT_MS,
  });
  await untilStage(laptop.profile, 'opened');
  await laptop.profile.call('linkConfirm', { digits, waitMs: WAIT_MS });
  await untilStage(phone.profile, 'joined');
  for (const one of [laptop, phone]) await followsAll(one);
  await laptop.profile.call('labelDevice', { label: LABELS[1] ?? '' });
  await laptop.profile.call('note', { room, change: { draft: DRAFT } });
  await phone.until(async () => (await notesOf(phone, room)).draft === DRAFT, 'the phone has the draft');
  await phone.hears(room, TEXTS[0] ?? '');
  const labelsOn = async () => (await devicesOf(phone)).map(({ label }) => label).sort();
  await phone.until(async () => (await labelsOn()).join() === LABELS.toSorted().join(), 'both have labels');
  const recovery = await phone.profile.call('recoveryLink', { waitMs: WAIT_MS });
  await Promise.all([laptop.close(), phone.close()]);
  await server.stop();
  await tap.close();

  const secretOf = (text: string) => text.split('.').slice(-2, -1);
  const words = [NAMES[0] ?? '', ROOM, ...TEXTS.slice(0, 1), ...LABELS, DRAFT];
  words.push(...secretOf(link), ...secretOf(recovery.link));
  const captured = Buffer.concat(tap.bytes);
  for (const bytes of [captured, Buffer.from(log.join(''))]) expect(bytes.includes(room)).toBe(true);
  expect(captured.length).toBeGreaterThan(10_000);
  expect(findWords(captured, words)).toEqual([]);
  expect(findWords(await folderBytes(data), words)).toEqual([]);
  expect(findWords(Buffer.from(log.join('')), words)).toEqual([]);
  await home.remove();
});
