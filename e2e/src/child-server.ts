import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

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

  /** @param log collects what the process logs. */
  static async start(data: string, port = 0, log: string[] = []): Promise<ChildServer> {
    const child = fork(SCRIPT, [data, String(port)], {
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

  /** As a crash or a power button would; resolves once it is gone. */
  async kill(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await gone;
  }
}
