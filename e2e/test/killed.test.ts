import { join } from 'node:path';
import { platform } from '@gochat/client/internal/profile/platform';
import { expect, test } from 'vitest';
import { Someone, temporary } from '../src/people/people.ts';
import { ChildServer } from '../src/servers/child-server.ts';
import { WAIT_MS } from '../src/waits.ts';

const KILLS = Number(process.env.GOCHAT_KILLS ?? 5);
const PER_ROUND = 12;
/** All clocks advance by this much between two kills: otherwise clients wait longer each time for a server that ends within seconds. */
const BETWEEN_MS = 60_000;

test(`the server is killed ${KILLS} times under load: nothing acknowledged is lost or duplicated`, async () => {
  const home = await temporary();
  const data = join(home.path, 'server');
  let server = await ChildServer.start(data);
  let shiftMs = 0;
  const env = { ...platform, now: () => platform.now() + shiftMs };
  const [ana, ben, cai] = await Promise.all(
    ['ana', 'ben', 'cai'].map((name) => Someone.open(name, join(home.path, name), { env })),
  );
  if (ana === undefined || ben === undefined || cai === undefined) throw new Error('three people');
  const people = [ana, ben, cai];
  const { room, link } = await ana.hosts(server.url);
  await ben.joins(link);
  await cai.joins(link);
  const acknowledged: string[] = [];
  const said: string[] = [];
  const ids = new Map<Someone, string[]>(people.map((who) => [who, []]));
  for (let round = 0; round < KILLS; round++) {
    const before = acknowledged.length;
    const talking = people.map(async (who) => {
      for (let i = 0; i < PER_ROUND; i++) {
        const text = `${who.name} ${round}.${i}`;
        const id = await who.says(room, text);
        said.push(`${who.name}: ${text}`);
        ids.get(who)?.push(id);
        // Known to have been acknowledged, if so, before the server dies.
        void who.delivered(room, [id], WAIT_MS).then(
          () => acknowledged.push(`${who.name}: ${text}`),
          () => undefined,
        );
      }
    });
    // In the middle of it: once a part is acknowledged and the rest is on its way.
    await ana.until(
      async () => acknowledged.length >= before + 1 + (round % 9),
      `something is acknowledged in round ${round}`,
    );
    shiftMs += BETWEEN_MS;
    await server.kill();
    await Promise.all(talking);
    server = await ChildServer.start(data, server.port);
  }
  for (const who of people) await who.delivered(room, ids.get(who) ?? [], WAIT_MS);
  const logs = await Promise.all(
    people.map(async (who) => {
      await who.until(async () => (await who.read(room)).length >= said.length, `${who.name} has read all`);
      return who.read(room);
    }),
  );
  const [log] = logs;
  expect(said).toHaveLength(KILLS * PER_ROUND * 3);
  expect([...(log ?? [])].sort()).toEqual([...said].sort());
  expect(logs[1]).toEqual(log);
  expect(logs[2]).toEqual(log);
  expect(acknowledged.filter((line) => !log?.includes(line))).toEqual([]);
  for (const who of people) expect(await who.warnings(room)).toEqual([]);
  await Promise.all(people.map((who) => who.close()));
  await server.stop();
  await home.remove();
});
