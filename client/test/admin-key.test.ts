import { configure, heal } from '@gochat/crypto/handshake';
import { createIdentity } from '@gochat/crypto/identity';
import { expect, test } from 'vitest';
import { platform } from '../src/profile/platform.ts';
import { Device, TestLog } from './device.ts';

const changes = {
  order: (device: Device) => heal(device.room, platform, { retire: true }),
  topic: (device: Device) => configure(device.room, { topic: 'tea' }, platform),
};

test.each([
  ['an order whose key the server refuses', 'order', true, false],
  ['an order that is refused for another reason', 'order', false, true],
  ['a refused change without an order', 'topic', true, true],
] as const)(
  'after %s the admin key is kept only if it may be the present one',
  async (_, what, isUnproved, keeps) => {
    const ana = await Device.founds(new TestLog(), createIdentity(platform), 'ana');
    const started = await changes[what](ana);
    expect(started.frame.order !== undefined).toBe(what === 'order');
    await ana.store.begin(started);
    expect(await ana.store.giveUp(started.frame.id, isUnproved)).toBe(true);
    await ana.restarts();
    expect(ana.room.pending).toBeUndefined();
    expect(ana.room.admin !== undefined).toBe(keeps);
  },
);
