import { expect } from 'vitest';
import { membersOf, roomCode, stateOf } from '../src/room.ts';
import { encodeRoomState } from '../src/room-state.ts';
import { Log, type Shown } from './log.ts';
import { Person, seededEnv } from './world.ts';

const built = new Map<string, ReturnType<typeof build>>();

async function build(names: readonly string[]) {
  const env = seededEnv(1000 + built.size);
  const log = new Log();
  const people = names.map((name) => new Person(name, env));
  const [founder, ...others] = people as [Person, ...Person[]];
  await founder.creates(log);
  const link = await founder.invites(log);
  for (const person of others) await person.joins(log, link);
  await allRead(log, people);
  return { log, link, people };
}

/**
 * A new room with these people: the first is the founder, the others joined by one link, and all have read the whole log.
 * Each combination is built once and then copied.
 */
export async function roomOfPeople(...names: readonly [string, ...string[]]) {
  const key = names.join();
  const model = built.get(key) ?? build(names);
  built.set(key, model);
  const { log, link, people: models } = await model;
  const copied = await copies(log, models, built.size);
  return { ...copied, link, founder: copied.people[0] as Person };
}

/** Copies of people and of their log, which share no memory with them. */
export async function copies(log: Log, models: readonly Person[], seed: number) {
  const env = seededEnv(seed);
  const people = await Promise.all(
    models.map(async (one) => {
      const person = new Person(one.name, env, one.who);
      person.room = await one.copy();
      return person;
    }),
  );
  return { env, log: log.copy(), people };
}

/** {@link roomOfPeople} with ana, ben and mal; mal is the attacker. */
export async function anaBenMal() {
  const world = await roomOfPeople('ana', 'ben', 'mal');
  const [ana, ben, mal] = world.people as [Person, Person, Person];
  return { ...world, ana, ben, mal };
}

export async function allRead(log: Shown, people: readonly Person[]): Promise<void> {
  for (const person of people) await person.reads(log);
}

/** Expects all to be in the same epoch, with the same members and the same room state. */
export function agree(...people: readonly Person[]): void {
  expect(people.map((p) => p.room.status)).toEqual(people.map(() => 'active'));
  expect(new Set(people.map((p) => roomCode(p.room))).size).toBe(1);
  expect(
    new Set(people.map((p) => JSON.stringify(membersOf(p.room).map((m) => [m.leaf, m.device])))).size,
  ).toBe(1);
  expect(new Set(people.map((p) => encodeRoomState(stateOf(p.room)).join())).size).toBe(1);
  expect(new Set(people.map((p) => p.room.joinsClosed)).size).toBe(1);
}

let said = 0;

/** Each person sends a message; expects all others to read exactly that message, without a warning. */
export async function allTalk(log: Log, ...people: readonly Person[]): Promise<void> {
  await allRead(log, people);
  agree(...people);
  const before = people.map((p) => ({ heard: p.heard.length, warnings: p.warnings.length }));
  const lines: string[] = [];
  for (const person of people) {
    said += 1;
    await person.says(log, `line ${said}`);
    lines.push(`${person.name}: line ${said}`);
  }
  await allRead(log, people);
  for (const [i, person] of people.entries()) {
    expect(person.heard.slice(before[i]?.heard)).toEqual(lines.filter((_, at) => at !== i));
    expect(person.warnings.slice(before[i]?.warnings)).toEqual([]);
  }
}

/** Expects that the reader can't decrypt messages that the speaker sends from now on. */
export async function readsNothingAfter(log: Log, reader: Person, speaker: Person): Promise<void> {
  const before = reader.heard.length;
  for (const text of ['a secret', 'another']) await speaker.says(log, text);
  await reader.reads(log);
  expect(reader.heard.length).toBe(before);
}
