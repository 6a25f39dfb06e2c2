import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ServerLimits } from '@gochat/server/internal/operate/limits';
import { bundledScript } from '../bundled-script.ts';
import { freePort } from './ports.ts';

const SCRIPT = fileURLToPath(new URL('server-process.ts', import.meta.url));

/** A server in a separate process, which can be killed. */
export class ChildServer {
  readonly port: number;
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #operatorPort: number;
  readonly #log: string[];

  private constructor(child: ChildProcess, port: number, operatorPort: number, log: string[]) {
    this.#child = child;
    this.port = port;
    this.#operatorPort = operatorPort;
    this.url = `tcp://127.0.0.1:${port}`;
    this.#log = log;
  }

  /**
   * @param port 0 takes a free port, which stays free while the server is down
   * @param log receives the output of the process
   * @param web the folder of the web client; empty: it isn't served
   * @param limits that differ from the defaults
   * @param cluster what stores its rooms, as `--log` and `--log-streams` take it; absent: its folder stores them
   */
  static async start(
    data: string,
    port = 0,
    log: string[] = [],
    web = '',
    limits: Partial<ServerLimits> = {},
    cluster?: { readonly log: string; readonly logStreams: string },
  ): Promise<ChildServer> {
    const at = port === 0 ? await freePort() : port;
    const child = fork(
      await bundledScript(SCRIPT),
      [data, String(at), web, JSON.stringify(limits), JSON.stringify(cluster ?? {})],
      {
        execArgv: [],
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => log.push(chunk.toString()));
    const reply = await Promise.race([once(child, 'message'), once(child, 'exit')]);
    const [message] = reply as [unknown];
    if (
      typeof message !== 'object' ||
      message === null ||
      !('port' in message && 'operatorPort' in message)
    ) {
      throw new Error(`the server did not start: ${log.join('').slice(-2000)}`);
    }
    return new ChildServer(child, Number(message.port), Number(message.operatorPort), log);
  }

  get log(): string {
    return this.#log.join('');
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the server has no process');
    return this.#child.pid;
  }

  /** Kills the process, like a crash. @returns whether the signal ended it */
  async kill(): Promise<boolean> {
    const gone = once(this.#child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    this.#child.kill('SIGKILL');
    const [, signal] = await gone;
    return signal === 'SIGKILL';
  }

  /** Sets its clock so much ahead of the machine's, or back if negative. @returns the time on its clock */
  async shiftClock(shiftMs: number): Promise<number> {
    const reply = once(this.#child, 'message') as Promise<[{ readonly now: number }]>;
    this.#child.send({ shiftMs });
    const [{ now }] = await reply;
    return now;
  }

  /** What it holds once it has freed all that it can. */
  async leastMemory(): Promise<NodeJS.MemoryUsage> {
    const reply = once(this.#child, 'message') as Promise<[{ readonly memory: NodeJS.MemoryUsage }]>;
    this.#child.send({});
    const [{ memory }] = await reply;
    return memory;
  }

  /** @returns the value of one of its metrics */
  async metric(name: string): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.#operatorPort}/metrics`);
    const line = (await response.text()).split('\n').find((one) => one.startsWith(`${name} `));
    if (line === undefined) throw new Error(`the server has no metric ${name}`);
    return Number(line.slice(name.length + 1));
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await gone;
  }
}
