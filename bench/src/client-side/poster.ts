import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Posted } from './posting-process.ts';

const SCRIPT = fileURLToPath(new URL('posting-process.ts', import.meta.url));

/** Somebody with a room, in a process of their own, who posts messages when they are asked to. */
export class Poster {
  /** An invite to the room. */
  readonly link: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, link: string) {
    this.#child = child;
    this.link = link;
  }

  /** @param dir of the profile. @param server its address. @param count how many messages will be posted */
  static async start(dir: string, server: string, count: number): Promise<Poster> {
    const child = fork(SCRIPT, [dir, server, String(count)], { execArgv: ['--import', 'tsx'] });
    const said = await next(child);
    if (!('link' in said)) throw new Error('the poster made no room');
    return new Poster(child, said.link);
  }

  /** Posts all messages. Resolves when they are in the log, and the process has ended. */
  async posts(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.send({});
    await next(this.#child);
    await ended;
  }

  stop(): void {
    this.#child.kill();
  }
}

async function next(child: ChildProcess): Promise<Posted> {
  const [said] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
  if (typeof said !== 'object' || said === null) throw new Error('the poster ended without a word');
  return said as Posted;
}
