import { join } from 'node:path';
import { GoChat } from '@gochat/client/internal/api/sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { links, untilStage } from '../src/people/linking.ts';
import { Mortal } from '../src/people/mortal.ts';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { WAIT_MS } from '../src/waits.ts';

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;
let laptop: Someone;
let phone: Someone;
const opened: Someone[] = [];

async function open(name: string): Promise<Someone> {
  const someone = await Someone.open(name, join(home.path, name));
  opened.push(someone);
  return someone;
}

beforeEach(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'server'));
  laptop = await open('ana');
  phone = await open('phone');
  await laptop.hosts(server.url);
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await server.stop();
  await home.remove();
});

const offers = (someone = laptop) => someone.profile.call('linkOffer', { waitMs: WAIT_MS });
const accepts = (link: string, someone = phone) =>
  someone.profile.call('linkAccept', { link, label: 'Pocket phone', waitMs: WAIT_MS });
const confirms = (digits: string) => laptop.profile.call('linkConfirm', { digits, waitMs: WAIT_MS });
const identityOf = async (someone: Someone) => (await someone.profile.call('whoami', {})).identity;

/** Waits until the other device has learned that the linking has ended. */
async function fails(someone: Someone, reason: string): Promise<void> {
  const { stage, ...rest } = await untilStage(someone.profile, 'failed');
  expect({ stage, ...rest }).toMatchObject({ stage: 'failed', problem: { data: { reason } } });
}

test('a device is linked by the digits that it shows, however they are typed', async () => {
  const { link } = await offers();
  const { digits } = await accepts(link);
  expect(digits).toMatch(/^\d{6}$/);
  await untilStage(laptop.profile, 'opened');
  await confirms(` ${digits.slice(0, 3)} – ${digits.slice(3)}`);
  expect(await untilStage(laptop.profile, 'sent')).toEqual({ stage: 'sent', label: 'Pocket phone' });
  await untilStage(phone.profile, 'joined');
  expect(await identityOf(phone)).toBe(await identityOf(laptop));
  expect((await phone.profile.call('whoami', {})).name).toBe('ana');
});

test('other digits are refused, and end the link at the third time', async () => {
  const { link } = await offers();
  const { digits } = await accepts(link);
  await untilStage(laptop.profile, 'opened');
  const before = await identityOf(phone);
  const other = digits === '123456' ? '123457' : '123456';
  for (const left of [2, 1, 0]) {
    // What isn't six digits doesn't count.
    await expect(confirms('12345')).rejects.toMatchObject({
      data: { reason: 'link-digits', left: left + 1 },
    });
    await expect(confirms(other)).rejects.toMatchObject({ data: { reason: 'link-digits', left } });
  }
  await expect(confirms(digits)).rejects.toMatchObject({ data: { reason: 'link-nobody' } });
  await fails(laptop, 'link-digits');
  await fails(phone, 'link-cancelled');
  expect(await identityOf(phone)).toBe(before);
  // The profile is still empty, and the next link works.
  await links(laptop.profile, phone.profile);
});

test('whoever comes second has no digits', async () => {
  const thief = await open('thief');
  const { link } = await offers();
  await accepts(link, thief);
  await expect(accepts(link)).rejects.toMatchObject({ data: { reason: 'link-used' } });
  await fails(phone, 'link-used');
  // The thief has digits, which nobody types.
  await untilStage(laptop.profile, 'opened');
  await laptop.profile.call('linkCancel', {});
  await fails(thief, 'link-cancelled');
  await links(laptop.profile, phone.profile);
});

test('both sides can end it before anything is given', async () => {
  const first = await offers();
  await accepts(first.link);
  await untilStage(laptop.profile, 'opened');
  await phone.profile.call('linkCancel', {});
  await fails(laptop, 'link-cancelled');
  expect(await phone.profile.call('linking', {})).toEqual({ stage: 'none' });

  const second = await offers();
  await accepts(second.link);
  await laptop.profile.call('linkCancel', {});
  expect(await laptop.profile.call('linking', {})).toEqual({ stage: 'none' });
  await fails(phone, 'link-cancelled');

  const third = await offers();
  await laptop.profile.call('linkCancel', {});
  await expect(accepts(third.link)).rejects.toMatchObject({ data: { reason: 'link-used' } });
});

test('a new offer ends the one before', async () => {
  const first = await offers();
  await accepts(first.link);
  const second = await offers();
  await fails(phone, 'link-cancelled');
  await expect(accepts(first.link)).rejects.toMatchObject({ data: { reason: 'link-used' } });
  const { digits } = await accepts(second.link);
  await untilStage(laptop.profile, 'opened');
  await confirms(digits);
  await untilStage(phone.profile, 'joined');
});

test('without a room there is nothing to link to, and with one a profile is no new device', async () => {
  await expect(offers(phone)).rejects.toMatchObject({ data: { reason: 'link-no-room' } });
  const { link } = await offers();
  const ben = await open('ben');
  const { link: own } = await ben.hosts(server.url, 'den');
  await expect(accepts(link, ben)).rejects.toMatchObject({ data: { reason: 'link-profile-used' } });
  await expect(accepts(own)).rejects.toMatchObject({ data: { reason: 'link-invalid', why: 'for-joining' } });
  await expect(phone.joins(link)).rejects.toMatchObject({
    data: { reason: 'link-invalid', why: 'for-device' },
  });
});

test('a link ends after ten minutes, whether it was opened or not', async () => {
  let ahead = 0;
  const clock = () => Date.now() + ahead;
  const [old, fresh] = [new Mortal([], clock), new Mortal([], clock)];
  await old.does((chat) =>
    chat.call('create', { name: 'den', as: 'ben', server: server.url, waitMs: WAIT_MS }),
  );
  const { link } = await old.does((chat) => chat.call('linkOffer', { waitMs: WAIT_MS }));
  const { digits } = await fresh.does((chat) =>
    chat.call('linkAccept', { link, label: 'tab', waitMs: WAIT_MS }),
  );
  ahead = 11 * 60_000 + 1;
  await expect(
    old.does((chat) => chat.call('linkConfirm', { digits, waitMs: WAIT_MS })),
  ).rejects.toMatchObject({ data: { reason: 'link-expired' } });
  expect(await fresh.does((chat) => untilStage(chat, 'failed'))).toMatchObject({ stage: 'failed' });
  await Promise.all([old.close(), fresh.close()]);
});

test('a limited device has rooms, and not the identity key', async () => {
  await links(laptop.profile, phone.profile, { limited: true });
  expect(await identityOf(phone)).toBe(await identityOf(laptop));
  await expect(offers(phone)).rejects.toMatchObject({ data: { reason: 'device-limited' } });
});

test('a device gets twenty rooms on two servers', async () => {
  const other = await startServer(join(home.path, 'other'));
  try {
    for (let i = 1; i < 20; i++) await laptop.hosts(i < 10 ? server.url : other.url, `room ${i}`);
    const { link } = await offers();
    const seen = new Set<string>();
    phone.profile.on((event) => {
      if (event.kind === 'linking') seen.add(event.linking.stage);
    });
    const { digits } = await accepts(link);
    await untilStage(laptop.profile, 'opened');
    await confirms(digits);
    expect(await untilStage(phone.profile, 'joined')).toEqual({ stage: 'joined', joined: 20, missing: [] });
    const [here, there] = await Promise.all([laptop, phone].map((one) => one.profile.call('rooms', {})));
    const names = (rooms: typeof here) => rooms?.map(({ id, name }) => `${id} ${name}`).sort();
    expect(names(there)).toEqual(names(here));
    expect([...seen]).toEqual(['digits', 'joining', 'joined']);
  } finally {
    await other.stop();
  }
});

test('a server that is away is named, and its room comes later', async () => {
  const folder = join(home.path, 'other');
  const other = await startServer(folder);
  const { room } = await laptop.hosts(other.url, 'den');
  await laptop.profile.call('linkOffer', { waitMs: WAIT_MS });
  await laptop.profile.call('linkCancel', {});
  await other.stop();
  const { link } = await offers();
  const { digits } = await accepts(link);
  await untilStage(laptop.profile, 'opened');
  await confirms(digits);
  const joined = await untilStage(phone.profile, 'joined');
  expect(joined).toMatchObject({ stage: 'joined', joined: 1, missing: [{ room: 'den' }] });
  const again = await startServer(folder, other.port);
  try {
    await phone.until(
      async () => (await phone.profile.call('rooms', {})).some(({ id }) => id === room),
      'the room whose server was away',
    );
  } finally {
    await again.stop();
  }
});

test('bots link by the same steps', async () => {
  const [from, to] = [await GoChat.open(join(home.path, 'from')), await GoChat.open(join(home.path, 'to'))];
  try {
    await from.create('kitchen', 'bot', server.url);
    const offer = await from.linkDevice({ limited: true });
    const { digits, joined } = await to.becomeDevice(offer.link, 'second');
    await offer.opened();
    await expect(offer.confirm('12345')).rejects.toMatchObject({ code: 'refused' });
    expect(await offer.confirm(digits)).toBe('second');
    expect(await joined()).toEqual({ joined: 1, missing: [] });
    // The new device says its label a second after it has come.
    await expect
      .poll(() => from.devices(), { timeout: WAIT_MS })
      .toMatchObject([{ self: true }, { label: 'second', limited: true }]);
    const [, second] = await from.devices();
    expect((await from.removeDevice(second?.key ?? '')).left).toEqual([]);
  } finally {
    await Promise.all([from.close(), to.close()]);
  }
});
