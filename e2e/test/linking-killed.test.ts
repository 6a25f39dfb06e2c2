import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { untilStage } from '../src/people/linking.ts';
import { type Death, Mortal } from '../src/people/mortal.ts';
import { startServer, type TestServer, temporary } from '../src/people/people.ts';
import { WAIT_MS } from '../src/waits.ts';

/** Both before and after each write; otherwise by turns at each fifth write. */
const ALL = process.env.GOCHAT_CRASH_POINTS === 'all';
const whensOf = (at: number): ('before' | 'after')[] => {
  if (ALL) return ['before', 'after'];
  if (at % 5 !== 1) return [];
  return [at % 10 === 1 ? 'before' : 'after'];
};
const SHARDS = 3;

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

const whoami = async (device: Mortal) => (await device.does((chat) => chat.call('whoami', {}))).identity;

/** A value that one device shows and the other one needs. */
class Shown {
  #value: string | undefined;
  #waiting: ((value: string) => void)[] = [];

  show(value: string): void {
    this.#value = value;
    for (const resolve of this.#waiting.splice(0)) resolve(value);
  }

  read(): Promise<string> {
    const value = this.#value;
    return value === undefined
      ? new Promise((resolve) => this.#waiting.push(resolve))
      : Promise.resolve(value);
  }
}

/** The person does on each device what it asks for, and goes on where the next process is. */
async function links(from: Mortal, to: Mortal): Promise<void> {
  const [link, digits] = [new Shown(), new Shown()];
  let isConfirmed = false;
  const gives = from.lives(async (chat) => {
    const now = await chat.call('linking', {});
    if (now.stage === 'none' && !isConfirmed)
      link.show((await chat.call('linkOffer', { waitMs: WAIT_MS })).link);
    if (now.stage === 'offered' || now.stage === 'opened') link.show(now.link);
    if (now.stage === 'none' && isConfirmed) return;
    const next = await untilStage(chat, 'opened', 'sending', 'sent', 'none');
    if (next.stage === 'opened') {
      const typed = await digits.read();
      isConfirmed = true;
      await chat.call('linkConfirm', { digits: typed, waitMs: WAIT_MS });
    }
    await untilStage(chat, 'sent', 'none');
  });
  const person = await whoami(from);
  const takes = to.lives(async (chat) => {
    if ((await chat.call('whoami', {})).identity !== person) {
      const shown = await chat.call('linkAccept', {
        link: await link.read(),
        label: 'phone',
        waitMs: WAIT_MS,
      });
      digits.show(shown.digits);
    }
    await untilStage(chat, 'joined', 'none');
  });
  await Promise.all([gives, takes]);
}

/** @returns how many writes each device makes meanwhile, and what had died */
async function linksWith(death: { readonly from?: Death; readonly to?: Death }) {
  const alive: Death = [0, 'before'];
  const from = new Mortal([alive, death.from ?? alive]);
  const to = new Mortal([death.to ?? alive]);
  await from.does((chat) =>
    chat.call('create', { name: 'kitchen', as: 'ana', server: server.url, waitMs: WAIT_MS }),
  );
  await from.dies();
  await links(from, to);
  expect(await whoami(to)).toBe(await whoami(from));
  const rooms = await to.does((chat) => chat.call('rooms', {}));
  expect(rooms.map(({ name }) => name)).toEqual(['kitchen']);
  const writes = { from: from.writes, to: to.writes };
  await Promise.all([from.close(), to.close()]);
  return writes;
}

test.concurrent.each(Array.from({ length: SHARDS }, (_, shard) => shard))(
  'a device is linked although either one is killed at any step (%i)',
  async (shard) => {
    const writes = await linksWith({});
    expect(writes.from).toBeGreaterThan(5);
    expect(writes.to).toBeGreaterThan(5);
    for (const side of ['from', 'to'] as const)
      for (let at = 1 + shard; at <= writes[side]; at += SHARDS) {
        for (const when of whensOf(at))
          await linksWith({ [side]: [at, when] }).catch((cause: unknown) => {
            throw new Error(`killed: ${side} ${when} its write ${at}`, { cause });
          });
      }
  },
);
