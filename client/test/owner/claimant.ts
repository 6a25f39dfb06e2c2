import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { bundledScript } from '@gochat/e2e/internal/bundled-script';

export type Order =
  | { do: 'claim'; dir: string; at?: number }
  | { do: 'write'; value: number }
  | { do: 'lost' }
  | { do: 'hurry' }
  | { do: 'end-in-write'; how: 'exit' | 'throw' }
  | { do: 'give-up' };

export interface Report {
  role?: 'owner' | 'guest';
  answer?: unknown;
  error?: string;
  wrote?: number;
}

/** Another process, which claims profiles. Orders are carried out one at a time. */
export class Claimant {
  readonly process: ChildProcess;
  private constructor(process: ChildProcess) {
    this.process = process;
  }

  static async start(): Promise<Claimant> {
    const script = fileURLToPath(new URL('claimant-process.ts', import.meta.url));
    const child = fork(await bundledScript(script), { execArgv: [] });
    await once(child, 'message');
    return new Claimant(child);
  }

  async order(order: Order): Promise<Report> {
    const reported = this.next();
    this.process.send(order);
    return reported;
  }

  async next(): Promise<Report> {
    const [report] = await once(this.process, 'message');
    return report;
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }
}
