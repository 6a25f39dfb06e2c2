import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Someone, startServer, temporary } from '../src/people/people.ts';

/** More than a page of the history. */
const MESSAGES = Number(process.env.GOCHAT_MESSAGES ?? 600);
const THIRD = Math.floor(MESSAGES / 3);
const SIXTH = Math.floor(MESSAGES / 6);

test(`three people read the same ${MESSAGES} messages in the same order, through a restart and an absence`, async () => {
  const home = await temporary();
  const data = join(home.path, 'server');
  let server = await startServer(data);
  const names = ['ana', 'ben', 'cai'] as const;
  const open = (name: string) => Someone.open(name, join(home.path, name));
  const [ana, ben, first] = await Promise.all(names.map(open));
  if (ana === undefined || ben === undefined || first === undefined) throw new Error('three people');
  let cai = first;
  const { room, link } = await ana.hosts(server.url);
  await ben.joins(link);
  await cai.joins(link);

  const sent: { who: Someone; ids: string[] }[] = [];
  let count = 0;
  const talk = async (people: readonly Someone[], messages: number) => {
    for (let i = 0; i < messages; i++) {
      const who = people[i % people.length];
      if (who === undefined) throw new Error('somebody talks');
      count += 1;
      sent.push({ who, ids: [await who.says(room, `${who.name} says ${count}`)] });
    }
  };

  await talk([ana, ben, cai], THIRD);
  await cai.delivered(
    room,
    sent.filter((s) => s.who === cai).flatMap((s) => s.ids),
  );
  await cai.close();
  await talk([ana, ben], SIXTH);
  // Posts are on their way when the server goes, and more are queued while it is away.
  await server.stop();
  await talk([ana, ben], SIXTH);
  server = await startServer(data, server.port);
  for (const who of [ana, ben])
    await who.delivered(
      room,
      sent.filter((s) => s.who === who).flatMap((s) => s.ids),
    );
  cai = await open('cai');
  await talk([ana, ben, cai], MESSAGES - THIRD - 2 * SIXTH);
  for (const who of [ana, ben, cai])
    await who.delivered(
      room,
      sent.filter((s) => s.who === who).flatMap((s) => s.ids),
    );

  const logs = await Promise.all(
    [ana, ben, cai].map(async (who) => {
      // The whole history is read after each event of the wait.
      await who.syncs(room);
      await who.until(async () => (await who.read(room)).length >= MESSAGES, `${who.name} has read all`);
      return who.read(room);
    }),
  );
  const [theirs] = logs;
  expect(count).toBe(MESSAGES);
  expect(new Set(theirs).size).toBe(MESSAGES);
  expect(theirs).toHaveLength(MESSAGES);
  expect(logs[1]).toEqual(theirs);
  expect(logs[2]).toEqual(theirs);
  for (const name of names) {
    const own = (theirs ?? [])
      .filter((line) => line.startsWith(`${name}: `))
      .map((line) => Number(line.split(' ').at(-1)));
    expect(own).toEqual([...own].sort((a, b) => a - b));
  }
  for (const who of [ana, ben, cai]) expect(await who.warnings(room)).toEqual([]);
  await Promise.all([ana, ben, cai].map((who) => who.close()));
  await server.stop();
  await home.remove();
});
