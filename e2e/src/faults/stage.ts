import { join } from 'node:path';
import { ChildServer } from '../child-server.ts';
import type { Account } from './checker.ts';
import { Member } from './member.ts';
import { FaultyProxy } from './proxy.ts';
import { Racers } from './racers.ts';
import { SmallDisk } from './small-disk.ts';

const PER_SECOND = 15;
const FOUNDER = 'ana';
const GUESTS = ['ben', 'cai'] as const;
const RECOVER_MS = 90_000;
const POLL_MS = 20;

/** What faults are done to: a server, a proxy before it, members who talk through it, racers who race. */
export class Stage {
  readonly acknowledged = new Set<string>();
  readonly members: Member[] = [];
  readonly data: string;
  readonly disk: SmallDisk | undefined;
  readonly proxy: FaultyProxy;
  readonly racers: Racers;
  /** From 0 to 1. */
  readonly random: () => number;
  server: ChildServer;
  readonly #home: string;
  readonly #acknowledgedOf = new Map<string, number>();
  #room = '';
  #link = '';

  private constructor(
    home: string,
    disk: SmallDisk | undefined,
    server: ChildServer,
    proxy: FaultyProxy,
    racers: Racers,
    random: () => number,
  ) {
    this.#home = home;
    this.disk = disk;
    this.data = dataOf(home);
    this.server = server;
    this.proxy = proxy;
    this.racers = racers;
    this.random = random;
  }

  /**
   * @param home an empty folder.
   * @param random from 0 to 1: what the proxy does follows from it.
   */
  static async open(home: string, random: () => number): Promise<Stage> {
    const disk = await SmallDisk.mount(dataOf(home));
    const server = await ChildServer.start(dataOf(home));
    const proxy = new FaultyProxy(server.port, random);
    const port = await proxy.listen();
    const stage = new Stage(home, disk, server, proxy, new Racers(port), random);
    const founder = await stage.#bring(FOUNDER);
    const { room, link } = await founder.ask('host', { server: `tcp://127.0.0.1:${port}` });
    stage.#room = room;
    stage.#link = link;
    await founder.ask('talk', { room, perSecond: PER_SECOND });
    for (const name of GUESTS) await stage.comes(name);
    await stage.racers.start();
    return stage;
  }

  /** Somebody joins by the link, and talks. */
  async comes(name: string): Promise<void> {
    const member = await this.#bring(name);
    await member.ask('join', { link: this.#link });
    this.members.push(member);
    await this.#talks(member);
  }

  /** A member that was killed is started again, and talks on. */
  async comesBack(member: Member): Promise<void> {
    await member.start();
    await this.#talks(member);
  }

  async restartServer(): Promise<void> {
    this.server = await ChildServer.start(this.data, this.server.port);
  }

  /** Waits until everybody has been told again that something of theirs is kept. @throws Error when somebody never is */
  async recovers(): Promise<void> {
    const before = new Map(this.#acknowledgedOf);
    const end = Date.now() + RECOVER_MS;
    const isBack = ({ name }: Member) => (this.#acknowledgedOf.get(name) ?? 0) > (before.get(name) ?? 0);
    while (!this.members.every(isBack)) {
      if (Date.now() > end) {
        const stuck = this.members.filter((member) => !isBack(member)).map(({ name }) => name);
        throw new Error(`nothing of ${stuck.join(', ')} was acknowledged any more`);
      }
      await pause(POLL_MS);
    }
  }

  /** All fall silent, catch up, and say what they show. */
  async accounts(): Promise<{ readonly accounts: Account[]; readonly troubles: string[] }> {
    await this.racers.stop();
    const room = this.#room;
    for (const member of this.members) await member.ask('talk', { room, perSecond: 0 });
    // Twice: what one sends in the first round, the others fetch in the second.
    for (let round = 0; round < 2; round++)
      await Promise.all(this.members.map((member) => member.ask('settle', { room, waitMs: RECOVER_MS })));
    const told = await Promise.all(
      this.members.map(async (member) => ({ who: member.name, ...(await member.ask('tell', { room })) })),
    );
    const arrivals = new Map(told.flatMap((one) => one.arrivals));
    return {
      accounts: told.map((one) => ({ ...one, since: arrivals.get(one.device) ?? 0 })),
      troubles: told.flatMap(({ who, troubles }) => troubles.map((text) => `${who}: ${text}`)),
    };
  }

  async close(): Promise<void> {
    for (const member of this.members) await member.stop();
    await this.server.stop();
    await this.proxy.close();
    this.disk?.unmount();
  }

  async #bring(name: string): Promise<Member> {
    const member = new Member(name, join(this.#home, name), (id) => {
      this.acknowledged.add(id);
      this.#acknowledgedOf.set(name, (this.#acknowledgedOf.get(name) ?? 0) + 1);
    });
    await member.start();
    if (name === FOUNDER) this.members.push(member);
    return member;
  }

  async #talks(member: Member): Promise<void> {
    await member.ask('talk', { room: this.#room, perSecond: PER_SECOND });
  }
}

function dataOf(home: string): string {
  return join(home, 'server');
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
