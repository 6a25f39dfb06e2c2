import { expect } from 'vitest';
import { test } from '../src/people/device-test.ts';
import { followsAll, isIn, keyOf, keysIn, links, renewsOwnInvite } from '../src/people/devices.ts';
import { WAIT_MS } from '../src/waits.ts';

test(
  'a limited device that leaves a room is removed from it alone: its person stays',
  async ({ world }) => {
    const { url } = await world.server();
    const [ana, ben, page] = [
      await world.someone('ana'),
      await world.someone('ben'),
      await world.someone('page'),
    ];
    const { room, link } = await ben.hosts(url, 'kitchen');
    await ana.joins(link);
    await followsAll(ben);
    await followsAll(ana);
    await renewsOwnInvite(ben, ana, room);
    await links(ana, page, 'Page', true);
    await isIn(page, ['kitchen']);
    const [person, limited] = [await keyOf(ana), await keyOf(page)];
    await ben.until(async () => (await keysIn(ben, room)).length === 3, 'three devices are in the room');
    await page.profile.call('leave', { room, waitMs: WAIT_MS });
    await ben.until(async () => !(await keysIn(ben, room)).includes(limited), 'the page is out');
    expect(await keysIn(ben, room)).toContain(person);
    await ben.delivered(room, [await ben.says(room, 'still here?')]);
    await ana.hears(room, 'still here?');
    expect(await isInNow(ana)).toBe(true);

    async function isInNow(one: typeof ana): Promise<boolean> {
      return (await one.profile.call('rooms', {})).some(
        ({ id, status }) => id === room && status === 'active',
      );
    }
  },
  3 * WAIT_MS,
);
