import { afterAll, beforeAll, expect, test, vi } from 'vitest';

// A client that cleans no name. It judges the names of others as all clients do.
beforeAll(() => {
  // Files before this one loaded the modules with the real function, and files after it need that one.
  vi.resetModules();
  vi.doMock('../src/names.ts', async (original) => ({
    ...(await original<typeof import('../src/names.ts')>()),
    cleanName: (name: string) => name,
  }));
});
afterAll(() => {
  vi.doUnmock('../src/names.ts');
  vi.resetModules();
});

async function founded(founder: string, roomName: string) {
  const { Log } = await import('./log.ts');
  const { Person, seededEnv } = await import('./world.ts');
  const env = seededEnv(7);
  const log = new Log();
  const mal = new Person(founder, env);
  await mal.creates(log, roomName);
  return { log, link: await mal.invites(log), ben: new Person('ben', env) };
}

test('a room with valid names can be joined', async () => {
  const { log, link, ben } = await founded('mal', 'kitchen');
  await ben.joins(log, link);
  expect(ben.members).toEqual(['ben', 'mal']);
});

test.each([
  ['turns the text around', 'm\u202eal', 'kitchen'],
  ['has a joiner that does nothing', 'm\u200dal', 'kitchen'],
  ['is for a room and has a line separator', 'mal', 'kit\u2028chen'],
  ['is for a room and begins with a space', 'mal', ' kitchen'],
])('nobody joins a room whose founder chose a name that %s', async (_, founder, roomName) => {
  const { log, link, ben } = await founded(founder, roomName);
  await expect(ben.joins(log, link)).rejects.toMatchObject({ name: 'RoomError', code: 'bad-invite' });
});
