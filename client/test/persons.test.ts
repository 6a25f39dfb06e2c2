import { invite, remove } from '@gochat/crypto/handshake';
import { createIdentity, withNewDevice } from '@gochat/crypto/identity';
import { expect, test } from 'vitest';
import { shownMembers } from '../src/account/room-info.ts';
import { platform } from '../src/profile/platform.ts';
import { Device, TestLog } from './device.ts';

/** Ana with one device, and ben with a laptop and a phone. All have read the log. */
async function anaAndBen() {
  const ana = await Device.founds(new TestLog(), createIdentity(platform), 'ana');
  await ana.reopens();
  const secret = platform.random(16);
  await ana.commits((room) => invite(room, secret, {}, platform));
  const who = createIdentity(platform);
  const laptop = await Device.joins(ana, who, 'ben', secret);
  await ana.heals();
  await laptop.reads();
  const own = laptop.room.own;
  if (own === undefined) throw new Error('ben knows no own invite');
  const phone = await Device.joins(laptop, withNewDevice(who, platform), 'ben', own);
  for (const device of [ana, laptop]) await device.reads();
  return { ana, laptop, phone };
}

test('a person with two devices is one member, with the rights and the label of one', async () => {
  const { ana, laptop, phone } = await anaAndBen();
  const shown = shownMembers(ana.room).map(({ info }) => [info.name, info.self, info.devices.length]);
  expect(shown).toEqual([
    ['ana', true, 1],
    ['ben', false, 2],
  ]);
  for (const [device, at] of [
    [laptop, 0],
    [phone, 1],
  ] as const) {
    const ben = shownMembers(device.room).find(({ info }) => info.self);
    expect(ben?.info.devices.map(({ self }) => self)).toEqual([at === 0, at === 1]);
  }
});

test('a person edits and deletes with one device what it wrote on the other, and nobody warns', async () => {
  const { ana, laptop, phone } = await anaAndBen();
  const first = await laptop.says({ kind: 'text', text: 'helo' });
  const second = await laptop.says({ kind: 'text', text: 'oops' });
  await phone.says({ kind: 'edit', of: first, text: 'hello' });
  await phone.says({ kind: 'delete', of: second });
  for (const device of [ana, laptop]) await device.reads();
  for (const device of [ana, laptop, phone]) {
    expect(await device.message(first.id)).toMatchObject({ text: 'hello', own: device !== ana });
    expect(await device.message(second.id)).toMatchObject({ text: '', deleted: { by: 'ben' } });
    expect((await device.history.recent()).filter(({ kind }) => kind === 'warning')).toEqual([]);
  }
});

test('nobody else edits a message: not even an admin', async () => {
  const { ana, phone } = await anaAndBen();
  const message = await phone.says({ kind: 'text', text: 'mine' });
  await ana.says({ kind: 'edit', of: message, text: 'hers' });
  await phone.reads();
  expect(await phone.message(message.id)).toMatchObject({ text: 'mine' });
  expect((await phone.history.recent())[0]).toMatchObject({ warning: 'refused-change', by: 'ana' });
});

test('a person reacts once with an emoji, and removes it on the other device', async () => {
  const { ana, laptop, phone } = await anaAndBen();
  const to = await ana.says({ kind: 'text', text: 'soup?' });
  for (const device of [laptop, phone]) await device.says({ kind: 'react', to, emoji: '👍', on: true });
  await ana.reads();
  const [ben] = shownMembers(ana.room).filter(({ info }) => !info.self);
  expect((await ana.message(to.id)).reactions).toEqual([
    { emoji: '👍', by: [{ identity: ben?.info.identity, name: 'ben' }] },
  ]);
  await laptop.says({ kind: 'react', to, emoji: '👍', on: false });
  await ana.reads();
  expect((await ana.message(to.id)).reactions).toBeUndefined();
});

test('whoever asks on one device to leave is noted once, as a person, and no longer after the removal', async () => {
  const { ana, laptop, phone } = await anaAndBen();
  const [ben] = shownMembers(ana.room).filter(({ info }) => !info.self);
  for (const device of [laptop, phone]) await device.says({ kind: 'leave' });
  await ana.reads();
  expect(ana.store.meta.leaving).toEqual([ben?.info.identity]);
  expect(laptop.store.meta.leaving).toEqual([]);
  const [leaf = ''] = ben?.info.devices.map(({ key }) => key) ?? [];
  await ana.commits((room) => remove(room, leaf, platform, { keep: true }));
  expect(ana.store.meta.leaving).toEqual([]);
  expect(shownMembers(ana.room)).toHaveLength(1);
});
