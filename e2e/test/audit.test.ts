import { join } from 'node:path';
import type { Up } from '@gochat/protocol/up';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HostileMember, type Uploaded } from '../src/people/hostile-member.ts';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { text } from '../src/people/raw-member.ts';
import { Meddler } from '../src/servers/meddler.ts';

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;

beforeAll(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'server'));
});

afterAll(async () => {
  await server.stop();
  await home.remove();
});

function opens(name: string, test: string): Promise<Someone> {
  return Someone.open(name, join(home.path, `${test} ${name}`));
}

const garbled = ({ invites }: Uploaded): Partial<Uploaded> => ({
  invites: invites.map((one) => ({ ...one, wrapped: text(80) })),
});
const omitted = (): Partial<Uploaded> => ({ invites: [] });

/** What a hostile member does to keep joiners out. The frames of type `refreshed` that it causes come first. */
const tricks: Record<string, { readonly does: (mal: HostileMember) => Promise<void>; readonly own: number }> =
  {
    'a refresh with garbage for a GroupInfo': {
      does: (mal) => mal.refreshes(() => ({ groupInfo: text(900) })),
      own: 1,
    },
    'a refresh with wrong wrapped keys': { does: (mal) => mal.refreshes(garbled), own: 1 },
    'a refresh without wrapped keys': { does: (mal) => mal.refreshes(omitted), own: 1 },
    'a handshake with wrong wrapped keys': { does: (mal) => mal.heals(garbled), own: 0 },
    'a handshake without wrapped keys': { does: (mal) => mal.heals(omitted), own: 0 },
  };

test.concurrent.each(Object.entries(tricks))(
  "after %s another member's client lets joiners in again",
  async (name, { does, own }) => {
    const ana = await opens('ana', name);
    const { room, link } = await ana.hosts(server.url);
    const mal = await HostileMember.joins(server.url, link);
    await does(mal);
    await mal.sees('refreshed', own + 1);
    const eve = await opens('eve', name);
    await eve.joins(link);
    await eve.delivered(room, [await eve.says(room, 'here')]);
    await ana.hears(room, 'here');
    mal.close();
    await Promise.all([ana.close(), eve.close()]);
  },
);

test.concurrent('two members who check do not replace the GroupInfo in turns', async () => {
  const sent: Record<string, Up['type'][]> = { ana: [], ben: [] };
  const meddlers = await Promise.all(
    Object.values(sent).map(async (types) => {
      const meddler = new Meddler(server.port);
      meddler.meddling = {
        up: (frame) => {
          types.push(frame.type);
          return [frame];
        },
      };
      return { meddler, url: await meddler.listen() };
    }),
  );
  const [hers, his] = meddlers.map(({ url }) => url) as [string, string];
  const [ana, ben] = await Promise.all([opens('ana', 'turns'), opens('ben', 'turns')]);
  const { room, link } = await ana.hosts(hers);
  await ben.joins(link.replace(hers.replace('tcp', 'http'), his.replace('tcp', 'http')));
  const second = await ben.invites(room);
  const mal = await HostileMember.joins(server.url, link);
  const count = (type: Up['type']) =>
    Object.values(sent).map((types) => types.filter((t) => t === type).length);

  await mal.refreshes(omitted);
  await mal.sees('refreshed', 2);
  const before = count('fetch');
  // Both check what was uploaded last, and then find nothing to replace.
  const checked = async () => count('fetch').every((now, i) => now > (before[i] ?? 0));
  await Promise.all([ana, ben].map((who) => who.until(checked, 'both check')));
  for (const who of [ana, ben]) {
    await who.delivered(room, [await who.says(room, `${who.name} is here`)]);
    await who.syncs(room);
  }
  for (const refreshes of count('refresh')) expect(refreshes).toBeLessThanOrEqual(1);
  const eve = await opens('eve', 'turns');
  await eve.joins(second);
  mal.close();
  await Promise.all([ana.close(), ben.close(), eve.close()]);
  for (const { meddler } of meddlers) await meddler.close();
});

test.concurrent('the words of a member who invites nobody leave a room unconfirmed', async () => {
  const ana = await opens('ana', 'confirmed');
  const eve = await opens('eve', 'confirmed');
  const { room, link } = await ana.hosts(server.url);
  const mal = await HostileMember.joins(server.url, link);
  await eve.joins(link);
  const seen = async () => {
    const [info] = await eve.profile.call('rooms', {});
    return { confirmed: info?.confirmed, by: info?.confirmedBy };
  };
  await mal.says('I am ana');
  await mal.heals((honest) => honest);
  await mal.says('trust me');
  await eve.hears(room, 'trust me');
  expect(await seen()).toEqual({ confirmed: false, by: '' });
  await ana.delivered(room, [await ana.says(room, 'welcome')]);
  await eve.hears(room, 'welcome');
  expect(await seen()).toEqual({ confirmed: true, by: 'ana' });
  mal.close();
  await Promise.all([ana.close(), eve.close()]);
});
