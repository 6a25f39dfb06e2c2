import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Someone, startServer, temporary } from '../src/people/people.ts';

/** `newcomers` join a new room at the same instant; then all members say something and read all messages. */
async function party(server: { url: string }, home: string, round: string, newcomers: number): Promise<void> {
  const ana = await Someone.open('ana', join(home, `${round}-ana`));
  const { room, link } = await ana.hosts(server.url);
  const others = await Promise.all(
    Array.from({ length: newcomers }, (_, i) =>
      Someone.open(`guest ${i + 1}`, join(home, `${round}-${i + 1}`)),
    ),
  );
  await Promise.all(others.map((who) => who.joins(link)));
  const all = [ana, ...others];
  await Promise.all(all.map(async (who) => who.delivered(room, [await who.says(room, `${who.name} is in`)])));
  const wanted = all.map((who) => `${who.name}: ${who.name} is in`).sort();
  const logs: string[][] = [];
  for (const who of all) {
    // All were in before the first message, so each reads every message.
    await who.until(
      async () => (await who.read(room)).length === wanted.length,
      `${who.name} reads all of round ${round}`,
    );
    const read = await who.read(room);
    expect([...read].sort()).toEqual(wanted);
    logs.push(read);
    expect(await who.warnings(room)).toEqual([]);
    expect(await who.profile.call('members', { room })).toHaveLength(newcomers + 1);
    const [info] = await who.profile.call('rooms', {});
    expect(info?.status).toBe('active');
  }
  for (const log of logs) expect(log).toEqual(logs[0]);
  const codes = await Promise.all(
    all.map(async (who) => (await who.profile.call('safety', { room, member: undefined })).code),
  );
  expect(new Set(codes).size).toBe(1);
  await Promise.all(all.map((who) => who.close()));
}

/** Rounds that run at the same time, each in its own room: clients wait most of the time. */
const AT_ONCE = 5;

/** Of two newcomers. Those of eight cost ten times as much. */
const ROUNDS = Number(process.env.GOCHAT_JOIN_ROUNDS ?? 6);

test.each([
  { newcomers: 2, rounds: ROUNDS },
  { newcomers: 8, rounds: Math.ceil(ROUNDS / 10) },
])('$newcomers people join at the same instant, $rounds times', async ({ newcomers, rounds }) => {
  const home = await temporary();
  const server = await startServer(join(home.path, 'server'));
  let begun = 0;
  const plays = async () => {
    while (begun < rounds) {
      begun += 1;
      await party(server, home.path, `${newcomers}.${begun}`, newcomers);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, plays));
  expect(begun).toBe(rounds);
  await server.stop();
  await home.remove();
});

test('people who join faster than a room allows wait, and all get in', async () => {
  const home = await temporary();
  // Two of the six may join at once, and then one in half a second.
  const limits = { handshakesBurst: 2, handshakesPerSecond: 2 };
  const server = await startServer(join(home.path, 'server'), 0, limits);
  await party(server, home.path, 'crowd', 6);
  await server.stop();
  await home.remove();
});
