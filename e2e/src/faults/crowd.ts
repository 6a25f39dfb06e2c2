import { join } from 'node:path';
import { WAIT_MS } from '../waits.ts';
import type { Account } from './checker.ts';
import { Member } from './member.ts';
import { Racers } from './racers.ts';

const FOUNDER = 'ana';
const GUESTS = ['ben', 'cai'] as const;
const RECOVER_MS = 2 * WAIT_MS;
const POLL_MS = 20;

/** How much members and racers send. */
export interface Load {
  /** Messages of each member. */
  readonly perSecond: number;
  /** The time between two swaps of each racer, in milliseconds. */
  readonly swapEveryMs: number;
}

/** Members that talk in one room, and racers, all through one port. Records what was acknowledged. */
export class Crowd {
  readonly acknowledged = new Set<string>();
  readonly members: Member[] = [];
  readonly racers: Racers;
  readonly #home: string;
  readonly #perSecond: number;
  readonly #acknowledgedOf = new Map<string, number>();
  #room = '';
  #link = '';

  private constructor(home: string, port: number, { perSecond, swapEveryMs }: Load) {
    this.#home = home;
    this.#perSecond = perSecond;
    this.racers = new Racers(port, swapEveryMs);
  }

  /** The rooms in which they talk and compete. */
  get rooms(): readonly string[] {
    return [this.#room, this.racers.room];
  }

  /** @param home a folder for their profiles. @param port the port of the server, or of a proxy before it */
  static async gather(home: string, port: number, load: Load): Promise<Crowd> {
    const crowd = new Crowd(home, port, load);
    const founder = await crowd.#bring(FOUNDER);
    const { room, link } = await founder.ask('host', { server: `tcp://127.0.0.1:${port}` });
    crowd.#room = room;
    crowd.#link = link;
    crowd.members.push(founder);
    await crowd.#talks(founder);
    for (const name of GUESTS) await crowd.comes(name);
    await crowd.racers.start();
    return crowd;
  }

  /** Another member joins by the link and talks. */
  async comes(name: string): Promise<void> {
    const member = await this.#bring(name);
    await member.ask('join', { link: this.#link });
    this.members.push(member);
    await this.#talks(member);
  }

  /** Restarts a member that was killed; it continues to talk. */
  async comesBack(member: Member): Promise<void> {
    await member.start();
    await this.#talks(member);
  }

  /** Waits until another message of each member is acknowledged. @throws Error when that takes too long */
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

  /** Stops all members, lets them catch up, and asks what they show. */
  async accounts(): Promise<{
    readonly accounts: Account[];
    readonly warnings: string[];
    readonly swapped: string[];
  }> {
    await this.racers.stop();
    const room = this.#room;
    for (const member of this.members) await member.ask('talk', { room, perSecond: 0 });
    // Twice, so that members receive what others send in the first round.
    for (let round = 0; round < 2; round++)
      await Promise.all(this.members.map((member) => member.ask('settle', { room, waitMs: RECOVER_MS })));
    const reports = await Promise.all(
      this.members.map(async (member) => ({ who: member.name, ...(await member.ask('report', { room })) })),
    );
    const arrivals = new Map(reports.flatMap((one) => one.arrivals));
    return {
      accounts: reports.map((one) => ({ ...one, since: arrivals.get(one.identity) ?? 0 })),
      warnings: reports.flatMap(({ who, warnings }) => warnings.map((text) => `${who}: ${text}`)),
      swapped: await this.racers.handshakes(),
    };
  }

  async leave(): Promise<void> {
    for (const member of this.members) await member.stop();
  }

  async #bring(name: string): Promise<Member> {
    const member = new Member(name, join(this.#home, name), (id) => {
      this.acknowledged.add(id);
      this.#acknowledgedOf.set(name, (this.#acknowledgedOf.get(name) ?? 0) + 1);
    });
    await member.start();
    return member;
  }

  async #talks(member: Member): Promise<void> {
    await member.ask('talk', { room: this.#room, perSecond: this.#perSecond });
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
