import { expect, test } from 'vitest';
import { heal, invite, remove, reopen, revoke, type Started } from '../src/handshake.ts';
import type { InviteLink } from '../src/link.ts';
import { invitesOf, memberAt, membersOf, ownLeaf, type Room, roomCode, stateOf } from '../src/room.ts';
import { encodeRoomState } from '../src/room-state.ts';
import { babbles, commits, litters } from './hostile.ts';
import { Log } from './log.ts';
import { heardIn, Person, seededEnv } from './world.ts';

/** GOCHAT_SEED replaces these seeds with one; GOCHAT_FUZZ_STEPS sets the number of steps. */
const { GOCHAT_SEED, GOCHAT_FUZZ_STEPS } = process.env;
const seeds = GOCHAT_SEED === undefined ? [1, 2] : [Number(GOCHAT_SEED)];
const steps = Number(GOCHAT_FUZZ_STEPS ?? 40);
const CROWD = 5;
const expected = ['skipped-handshake', 'undecryptable', 'rolled-back'];

/** A room in which random steps happen, and what each person is expected to have read. */
class Fuzz {
  readonly log = new Log();
  readonly env;
  readonly inside: Person[] = [];
  readonly outside: Person[] = [];
  /** The messages that were appended while a person was a member, in order. */
  readonly due = new Map<Person, string[]>();
  readonly founder: Person;
  links: InviteLink[] = [];
  #names = 0;
  #texts = 0;

  constructor(seed: number) {
    this.env = seededEnv(seed);
    this.founder = this.#newcomer();
  }

  async begins(): Promise<void> {
    await this.founder.creates(this.log);
    this.#enters(this.founder);
  }

  #newcomer(): Person {
    this.#names += 1;
    return new Person(`p${this.#names}`, this.env);
  }

  #enters(person: Person): void {
    this.inside.push(person);
    this.due.set(person, []);
    person.events.length = 0;
    person.drafts = [];
  }

  #leaves(person: Person): void {
    this.inside.splice(this.inside.indexOf(person), 1);
    this.outside.push(person);
  }

  pick<T>(list: readonly T[]): T {
    const one = list[Math.floor(this.env.chance() * list.length)];
    if (one === undefined) throw new Error('nothing to pick from');
    return one;
  }

  lands(by: Person, text: string): void {
    for (const person of this.inside) if (person !== by) this.due.get(person)?.push(`${by.name}: ${text}`);
  }

  async talks(): Promise<void> {
    const person = this.pick(this.inside);
    await person.reads(this.log);
    for (let n = 1 + Math.floor(this.env.chance() * 3); n > 0; n -= 1) await this.#posts(person);
  }

  async #posts(person: Person): Promise<void> {
    this.#texts += 1;
    const text = `t${this.#texts}`;
    if (this.log.post(await person.seals(text)) !== 'stale') this.lands(person, text);
  }

  /** A handshake or garbage is appended after several people have sealed messages; they encrypt the messages again. */
  async isOvertaken(): Promise<void> {
    const speakers = this.inside.filter(() => this.env.chance() < 0.4);
    const posts: Parameters<Log['post']>[0][] = [];
    for (const person of speakers) {
      for (let n = 1 + Math.floor(this.env.chance() * 3); n > 0; n -= 1) {
        this.#texts += 1;
        posts.push(await person.seals(`t${this.#texts}`));
      }
    }
    if (this.env.chance() < 0.4) await this.restarts();
    await (this.env.chance() < 0.7 ? this.heals() : this.litters());
    for (const frame of posts)
      expect(['stale', this.log.entries.at(-1)?.seq]).toContain(this.log.post(frame));
    for (const person of speakers) await this.catchesUp(person);
  }

  /** A correctly signed commit that is invalid for all members, then garbage: one member heals, another one's message is read, and no member is broken. */
  async isPutInDoubt(): Promise<void> {
    if (this.inside.length < 3) return;
    const hostile = this.pick(this.inside);
    const [one, other] = this.inside.filter((p) => p !== hostile) as [Person, Person, ...Person[]];
    await this.catchesUp(hostile);
    await commits(this.log, hostile, { tag: (tag) => tag.with(0, (tag[0] ?? 0) ^ 1) });
    babbles(this.log, hostile);
    await this.commits(one, (room) => heal(room, this.env));
    await this.catchesUp(other);
    await this.#posts(other);
  }

  /** A profile is restored from an older copy of itself. */
  async rollsBack(): Promise<void> {
    const person = this.pick(this.inside);
    await this.catchesUp(person);
    const old = await person.copy();
    const said = 1 + Math.floor(this.env.chance() * 3);
    for (let n = said; n > 0; n -= 1) {
      await this.#posts(person);
      // The copy reads its own messages that it doesn't know.
      this.due.get(person)?.push(`${person.name}: t${this.#texts}`);
    }
    person.room = old;
    await person.reads(this.log);
    expect(person.room.status).toBe('rolled-back');
    person.drafts = [];
    await person.heals(this.log);
  }

  /** Reads all new entries and encrypts stale messages again. */
  async catchesUp(person: Person): Promise<void> {
    await person.reads(this.log);
    const lost = person.drafts;
    await person.saysAgain(this.log);
    for (const draft of lost) this.lands(person, draft.text);
  }

  async commits(person: Person, make: (room: Room) => Promise<Started>): Promise<void> {
    await this.catchesUp(person);
    await person.commits(this.log, make);
  }

  heals(): Promise<void> {
    const person = this.pick(this.inside);
    return this.commits(person, (room) => heal(room, this.env));
  }

  async invites(): Promise<void> {
    const person = this.pick(this.inside);
    await this.catchesUp(person);
    if (stateOf(person.room).invites.length > 12) return;
    const secret = this.env.random(16);
    await this.commits(person, (room) => invite(room, secret, {}, this.env));
    if (this.env.chance() < 0.8) this.links = [...this.links.slice(-3), person.linkFor(secret)];
  }

  async revokes(): Promise<void> {
    await this.catchesUp(this.founder);
    const live = invitesOf(this.founder.room);
    if (live.length > 0)
      await this.commits(this.founder, (room) => revoke(room, [this.pick(live).id], this.env));
  }

  async joins(): Promise<void> {
    if (this.inside.length >= CROWD) return this.removes();
    const link = this.links.findLast((one) => this.log.info(one) !== undefined);
    if (link === undefined) return this.invites();
    const again = this.env.chance() < 0.2 ? this.pick(this.inside) : undefined;
    if (again !== undefined && again !== this.founder) return this.joinsAgain(again, link);
    const back = this.env.chance() < 0.4 && this.outside.length > 0 ? this.pick(this.outside) : undefined;
    if (back !== undefined) this.outside.splice(this.outside.indexOf(back), 1);
    const person = back ?? this.#newcomer();
    await this.#repaired();
    await person.joins(this.log, link);
    this.#enters(person);
  }

  /** A garbage GroupInfo keeps joiners out until a member replaces it. */
  async #repaired(): Promise<void> {
    await this.catchesUp(this.founder);
    if (!(await this.founder.sees(this.log))) await this.founder.refreshes(this.log);
  }

  async joinsAgain(person: Person, link: InviteLink): Promise<void> {
    await this.#repaired();
    await this.catchesUp(person);
    this.checksHeard(person);
    await person.joins(this.log, link);
    this.due.set(person, []);
    person.events.length = 0;
  }

  async removes(): Promise<void> {
    const others = this.inside.filter((p) => p !== this.founder);
    if (others.length === 0) return;
    const gone = this.pick(others);
    await this.commits(this.founder, (room) => remove(room, gone.device, this.env));
    this.#leaves(gone);
    await gone.reads(this.log);
    this.checksHeard(gone);
    expect(gone.room.status).toBe('removed');
    if (this.env.chance() < 0.5) return;
    await this.commits(this.pick(this.inside), (room) => reopen(room, this.env));
  }

  /** Several people make handshakes from the same state, and one wins. */
  async races(): Promise<void> {
    for (const person of this.inside) await this.catchesUp(person);
    const racers = this.inside.filter(() => this.env.chance() < 0.5);
    const frames: { person: Person; frame: Started['frame'] }[] = [];
    for (const person of racers) {
      const frame = await person.starts((room) =>
        this.env.chance() < 0.5 ? heal(room, this.env) : invite(room, this.env.random(16), {}, this.env),
      );
      frames.push({ person, frame });
    }
    while (frames.length > 0) {
      const { frame } = this.pick(frames);
      frames.splice(
        frames.findIndex((f) => f.frame === frame),
        1,
      );
      this.log.swap(frame);
    }
    if (racers.length > 0 && this.env.chance() < 0.5) await this.restarts();
  }

  async litters(): Promise<void> {
    await litters(this.log, this.pick(this.inside));
    babbles(this.log, this.founder);
  }

  async restarts(): Promise<void> {
    for (const person of this.inside) if (this.env.chance() < 0.5) person.room = await person.copy();
  }

  checksHeard(person: Person): void {
    expect(heardIn(person.events)).toEqual(this.due.get(person));
  }

  /** Expects all members to agree, and to have read the expected messages once and in order. */
  async checks(step: number): Promise<void> {
    for (const person of this.inside) await person.reads(this.log);
    const [first] = this.inside as [Person, ...Person[]];
    expect(first.members).toEqual(this.inside.map((p) => p.name).sort());
    for (const person of this.inside) {
      expect(person.room.status).toBe('active');
      expect(person.room.wantsHeal).toBeUndefined();
      expect(person.room.mls.groupContext.epoch).toBe(first.room.mls.groupContext.epoch);
      expect(roomCode(person.room)).toBe(roomCode(first.room));
      expect(membersOf(person.room).map((m) => m.device)).toEqual(membersOf(first.room).map((m) => m.device));
      expect(memberAt(person.room, ownLeaf(person.room))?.name).toBe(person.name);
      expect(encodeRoomState(stateOf(person.room))).toEqual(encodeRoomState(stateOf(first.room)));
      expect(person.room.joinsClosed).toBe(first.room.joinsClosed);
      if (step % 25 === 0) expect(person.enters(this.log)).toBe(true);
      expect(person.warnings.filter((kind) => !expected.includes(kind))).toEqual([]);
      this.checksHeard(person);
    }
    this.log.frames.length = 0;
  }
}

const operations: readonly (readonly [number, (fuzz: Fuzz) => Promise<void>])[] = [
  [18, (f) => f.talks()],
  [3, (f) => f.isOvertaken()],
  [0.7, (f) => f.isPutInDoubt()],
  [0.7, (f) => f.rollsBack()],
  [2, (f) => f.heals()],
  [3, (f) => f.joins()],
  [1, (f) => f.removes()],
  [1, (f) => f.invites()],
  [0.5, (f) => f.revokes()],
  [1, (f) => f.races()],
  [1, (f) => f.litters()],
  [1, (f) => f.restarts()],
];

function next(fuzz: Fuzz): (fuzz: Fuzz) => Promise<void> {
  let at = fuzz.env.chance() * operations.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, operation] of operations) {
    at -= weight;
    if (at < 0) return operation;
  }
  return (f) => f.talks();
}

test.each(seeds)(
  `seed %i: ${steps} random steps leave all members agreed and all messages read once`,
  async (seed) => {
    const fuzz = new Fuzz(seed);
    await fuzz.begins();
    for (let step = 1; step <= steps; step += 1) {
      const operation = next(fuzz);
      try {
        await operation(fuzz);
        await fuzz.checks(step);
      } catch (error) {
        throw new Error(`seed ${seed}, step ${step}: ${operation}`, { cause: error });
      }
    }
  },
  3_600_000,
);
