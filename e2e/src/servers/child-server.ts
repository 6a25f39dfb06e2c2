import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ServerLimits } from '@gochat/server/internal/operate/limits';
import { freePort } from './ports.ts';

const SCRIPT = fileURLToPath(new URL('server-process.ts', import.meta.url));

/** A server in a process of its own, which can be killed. */
export class ChildServer {
  readonly port: number;
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #log: string[];

  private constructor(child: ChildProcess, port: number, log: string[]) {
    this.#child = child;
    this.port = port;
    this.url = `tcp://127.0.0.1:${port}`;
    this.#log = log;
  }

  /**
   * @param port 0 takes one that is free, and stays so while the server is down
   * @param log collects what the process logs
   * @param web the folder of the chat's page, if it is served
   * @param limits other than those it is shipped with
   * @param cluster the NATS servers that keep its rooms, as `--log` names them; none: its folder does
   */
  static async start(
    data: string,
    port = 0,
    log: string[] = [],
    web = '',
    limits: Partial<ServerLimits> = {},
    cluster = '',
  ): Promise<ChildServer> {
    const at = port === 0 ? await freePort() : port;
    const child = fork(SCRIPT, [data, String(at), web, JSON.stringify(limits), cluster], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => log.push(chunk.toString()));
    const told = await Promise.race([once(child, 'message'), once(child, 'exit')]);
    const [message] = told as [unknown];
    if (typeof message !== 'object' || message === null || !('port' in message)) {
      throw new Error(`the server did not start: ${log.join('').slice(-2000)}`);
    }
    return new ChildServer(child, Number(message.port), log);
  }

  get log(): string {
    return this.#log.join('');
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the server has no process');
    return this.#child.pid;
  }

  /** As a crash or a power button would; resolves once it is gone. @returns whether it died of it */
  async kill(): Promise<boolean> {
    const gone = once(this.#child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    this.#child.kill('SIGKILL');
    const [, signal] = await gone;
    return signal === 'SIGKILL';
  }

  /** Lets its clock jump to so much ahead of the machine's, or behind it. @returns what its clock shows then */
  async shiftClock(shiftMs: number): Promise<number> {
    const told = once(this.#child, 'message') as Promise<[{ readonly now: number }]>;
    this.#child.send({ shiftMs });
    const [{ now }] = await told;
    return now;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await gone;
  }
}
