import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { platform } from '@gochat/client/internal/profile/platform';
import { expect, onTestFinished, test } from 'vitest';
import { followsAll, links, roomsOf } from '../src/people/devices.ts';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { Viewer } from '../src/people/viewer.ts';
import { WAIT_MS } from '../src/waits.ts';

const DAY_MS = 24 * 3600 * 1000;

async function place(): Promise<{ server: TestServer; folder: (name: string) => string }> {
  const home = await temporary();
  onTestFinished(() => home.remove());
  const server = await startServer(join(home.path, 'server'));
  onTestFinished(() => server.stop());
  return { server, folder: (name) => join(home.path, name) };
}

async function opened(...given: Parameters<typeof Someone.open>): Promise<Someone> {
  const one = await Someone.open(...given);
  onTestFinished(() => one.close());
  return one;
}

test(
  'no device that is linked is taken for a stranger on its way in',
  async () => {
    const { server, folder } = await place();
    const [ana, phone, tablet] = [
      await opened('ana', folder('ana')),
      await opened('phone', folder('phone')),
      await opened('tablet', folder('tablet')),
    ];
    const strange: unknown[] = [];
    for (const { name, profile } of [ana, phone, tablet])
      profile.on((event) => {
        if (event.kind === 'devices' && event.devices.some(({ unknown }) => unknown))
          strange.push([name, event.devices]);
      });
    for (const name of ['diary', 'notes', 'kitchen']) await ana.hosts(server.url, name);
    await followsAll(ana);
    await links(ana, phone, 'Phone');
    await links(phone, tablet, 'Tablet');
    for (const one of [phone, tablet]) {
      await one.until(async () => (await roomsOf(one)).length === 3, `${one.name} is in three rooms`);
      await followsAll(one);
    }
    await phone.hosts(server.url, 'pantry');
    await followsAll(phone);
    for (const one of [ana, tablet])
      await one.until(async () => (await roomsOf(one)).length === 4, `${one.name} is in the pantry`);
    expect(strange).toEqual([]);
  },
  3 * WAIT_MS,
);

test(
  'a copy of a device that comes in by the keys it has is warned of, and removed',
  async () => {
    const { server, folder } = await place();
    let shiftMs = 0;
    const env = { ...platform, now: () => platform.now() + shiftMs };
    const early = await Someone.open('ana', folder('ana'), { env });
    const { room } = await early.hosts(server.url);
    await early.close();
    await cp(folder('ana'), folder('copy'), { recursive: true });
    shiftMs = 3 * DAY_MS;
    const ana = await opened('ana', folder('ana'), { env });
    const epoch = async () => Number((await ana.profile.call('rooms', {}))[0]?.epoch);
    const first = await epoch();
    await ana.syncs(room);
    await ana.until(async () => (await epoch()) > first, 'ana renews her keys');

    const phone = await Viewer.open('phone', server.url);
    onTestFinished(() => phone.leaveForGood());
    const { link } = await ana.profile.call('linkOffer', { waitMs: WAIT_MS });
    phone.view.actions.openLink(link);
    await phone.dialog('form');
    phone.view.actions.submit({ label: 'Phone' });
    const digits = await phone.sees(
      'the digits',
      ({ dialog }) => dialog?.kind === 'device' && dialog.digits.length > 0 && dialog.digits.join(''),
    );
    await ana.profile.call('linkConfirm', { digits, waitMs: WAIT_MS });
    await phone.sees('the room', (screen) => screen.room?.lock?.state === 'sealed');

    const thief = await opened('thief', folder('copy'), { env });
    await thief.profile.call('sync', { room, waitMs: WAIT_MS });
    expect(await thief.profile.call('return', { room, waitMs: WAIT_MS })).toEqual({ returned: true });
    const { text } = await phone.sees('the warning', ({ room: open }) => {
      return open?.lock?.state === 'stranger' && open.lock;
    });
    expect(text).toContain('A device that you have not linked is in this room as you');

    phone.view.actions.run('devices');
    const strange = await phone.sees(
      'the stranger',
      ({ dialog }) => dialog?.kind === 'devices' && dialog.items.find(({ alarming }) => alarming),
    );
    expect(strange.detail).toContain('not linked by you');
    phone.view.actions.pick(strange.name);
    const { items } = await phone.dialog('device');
    expect(items.map(({ name }) => name)).toEqual(['remove']);
    phone.view.actions.pick('remove');
    await phone.dialog('form');
    phone.view.actions.submit({});
    await phone.sees('that it is gone', (screen) => screen.room?.lock?.state === 'sealed');
    await thief.until(
      async () => (await thief.profile.call('rooms', {}))[0]?.status === 'removed',
      'the copy is out',
    );
  },
  3 * WAIT_MS,
);
