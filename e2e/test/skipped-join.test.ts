import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HostileMember, type Uploaded } from '../src/people/hostile-member.ts';
import { Someone, startServer, temporary } from '../src/people/people.ts';
import { WAIT_MS } from '../src/waits.ts';

test('a joiner that others do not take in learns it, joins again automatically by the same link, and its queued message arrives', async () => {
  const home = await temporary();
  const server = await startServer(join(home.path, 'server'));
  let ana = await Someone.open('ana', join(home.path, 'ana'));
  const { room, link } = await ana.hosts(server.url);
  const mal = await HostileMember.joins(server.url, link);
  await ana.until(
    async () => (await ana.history(room)).some((item) => item.kind === 'joined' && item.from === 'mal'),
    'ana lets mal in',
  );
  let old: Uploaded | undefined;
  await mal.refreshes((honest) => {
    old = honest;
    return {};
  });
  await ana.profile.call('configure', { room, topic: 'another epoch', waitMs: 20_000 });
  // Whoever joins now starts from an epoch that has ended, while no admin is there to replace it.
  await ana.close();
  await mal.refreshes(() => old ?? {});
  const dan = await Someone.open('dan', join(home.path, 'dan'));
  await dan.joins(link);
  ana = await Someone.open('ana', join(home.path, 'ana'));
  await ana.syncs(room);
  await dan.until(
    async () => (await dan.warnings(room)).some(({ warning }) => warning === 'join-skipped'),
    'dan learns that it is not in',
    // A look that came too early is repeated after a minute.
    3 * WAIT_MS,
  );
  expect(await dan.warnings(room)).toContainEqual({ warning: 'join-skipped', member: 'ana' });
  const said = await dan.says(room, 'am I in?');
  await dan.delivered(room, [said]);
  await ana.hears(room, 'am I in?');
  const joined = (await ana.history(room)).filter((item) => item.kind === 'joined' && item.from === 'dan');
  expect(joined).toHaveLength(1);
  await ana.delivered(room, [await ana.says(room, 'yes')]);
  await dan.hears(room, 'yes');
  const [info] = await dan.profile.call('rooms', {});
  expect(info).toMatchObject({ status: 'active', confirmed: true, members: 3 });
  mal.close();
  await ana.close();
  await dan.close();
  await server.stop();
  await home.remove();
});
