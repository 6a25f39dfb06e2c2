import { join } from 'node:path';
import { test as base, expect } from 'vitest';
import { temporary } from '../people/people.ts';
import { ChildServer } from '../servers/child-server.ts';
import { runGochat } from './gochat-command.ts';
import { buildGochat, type Ended, GochatProcess } from './gochat-process.ts';
import { PseudoTerminal } from './pseudo-terminal.ts';

/** Two devices on which a person uses the terminal. */
class Pair {
  /** The profile of one that is in two rooms, kitchen and den. */
  readonly old: string;
  /** The profile of one that is new: nothing is there yet. */
  readonly fresh: string;
  readonly #home: string;
  readonly #id: string;

  /** @param id different for each pair of a home */
  constructor(home: string, id: string) {
    this.#home = home;
    this.#id = id;
    this.old = this.folder('old');
    this.fresh = this.folder('new');
  }

  /** A folder of this pair's own, which nothing has made yet. */
  readonly folder = (name: string): string => join(this.#home, `${name}-${this.#id}`);

  /** Runs a command in the process of the test. */
  readonly runs = (profile: string, args: readonly string[], input = ''): Promise<Ended> =>
    runGochat([...args, '--profile', profile], { HOME: this.#home }, input);

  /** @returns the lines that a command prints with `--json` */
  readonly jsonOf = async (profile: string, args: readonly string[]): Promise<unknown[]> => {
    const { out } = await this.runs(profile, [...args, '--json']);
    return out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  };

  /** Starts a command in a process of its own, which can be killed. */
  readonly starts = (profile: string, args: readonly string[]): GochatProcess =>
    new GochatProcess([...args, '--profile', profile], { cwd: this.#home });

  /** Starts a command on a terminal. */
  readonly shown = (profile: string, args: readonly string[]): PseudoTerminal =>
    new PseudoTerminal([...args, '--profile', profile], { cwd: this.#home, rows: 40 });

  /** Makes the rooms of the old device. */
  async open(server: string): Promise<void> {
    for (const room of ['kitchen', 'den']) {
      const made = await this.runs(this.old, ['new', room, '--as', 'Quokka', '--server', server]);
      expect(made.code).toBe(0);
    }
  }
}

/** A test with a server, which all of a file share, and whose data is in the folder `server` of `home`, and two devices of its own. */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads from the pattern what a fixture needs
  .extend('home', { scope: 'file' }, async ({}, { onCleanup }) => {
    const { path, remove } = await temporary();
    onCleanup(remove);
    return path;
  })
  .extend('server', { scope: 'file' }, async ({ home }, { onCleanup }) => {
    buildGochat();
    const server = await ChildServer.start(join(home, 'server'), 0, [], '', { createsPerHour: 1000 });
    onCleanup(() => server.stop());
    return server;
  })
  .extend('pair', async ({ home, server, task }) => {
    const pair = new Pair(home, task.id);
    await pair.open(server.url);
    return pair;
  });
