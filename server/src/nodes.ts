import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { Logger } from 'pino';
import { openOperatorLog } from './operate/operator-log.ts';
import type { ServeSettings } from './operate/options.ts';

/** What the first process asks of a node. */
type Order = 'stop' | 'reload';

const NUMBER = 'GOCHAT_NODE_NUMBER';
/** A node that ended is started again after this. */
const RESTART_MS = 1_000;
const FAILED = 1;

export interface NodesOptions {
  /** How many, at least two. */
  readonly count: number;
  readonly logger: Logger;
  /** Called once, when all nodes serve, with their processes. */
  readonly allServe: (pids: readonly number[]) => void;
}

/**
 * The nodes of one machine: processes of this same command, which accept connections at one port. This process opens the port, and hands
 * each connection that it accepts to the next node. It serves nothing itself.
 */
export class Nodes {
  readonly #options: NodesOptions;
  /** Those that run, by number, from 1. */
  readonly #running = new Map<number, Worker>();
  readonly #serving = new Set<number>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  readonly #ended: Promise<number>;
  #end: (code: number) => void = () => undefined;
  #announced = false;
  #stopping = false;
  #code = 0;

  constructor(options: NodesOptions) {
    this.#options = options;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /**
   * Starts the nodes, and starts those again that end. The first starts alone: settings that don't work are then reported once.
   * @returns the exit code, when all have stopped, or the first did not start
   */
  async run(): Promise<number> {
    const first = this.#fork(1);
    const failed = once(first, 'exit').then(([code]: (number | null)[]) => code ?? FAILED);
    const served = new Promise<'served'>((resolve) => first.once('message', () => resolve('served')));
    const outcome = await Promise.race([failed, served]);
    if (outcome !== 'served') return outcome;
    this.#replaceWhenGone(1, first);
    for (let number = 2; number <= this.#options.count; number += 1) this.#start(number);
    return this.#ended;
  }

  /** Every node stops as a server does on SIGTERM. */
  stop(): void {
    this.#stopping = true;
    for (const timer of this.#restarts) clearTimeout(timer);
    this.#order('stop');
    this.#endIfGone();
  }

  /** Every node reads its certificate again. */
  reload(): void {
    this.#order('reload');
  }

  #order(order: Order): void {
    for (const node of this.#running.values()) if (node.isConnected()) node.send(order);
  }

  #start(number: number): void {
    if (!this.#stopping) this.#replaceWhenGone(number, this.#fork(number));
  }

  #fork(number: number): Worker {
    const node = cluster.fork({ [NUMBER]: String(number) });
    this.#running.set(number, node);
    // A failure of the channel means that the node has ended, which is another event.
    node.on('error', () => undefined);
    node.once('exit', () => {
      this.#running.delete(number);
      this.#serving.delete(number);
    });
    // Its only message.
    node.once('message', () => {
      this.#serving.add(number);
      this.#announce();
    });
    return node;
  }

  #announce(): void {
    const { count, allServe } = this.#options;
    if (this.#announced || this.#stopping || this.#serving.size < count) return;
    this.#announced = true;
    const nodes = [...this.#running].sort(([a], [b]) => a - b);
    allServe(
      nodes.flatMap(
        ([
          ,
          {
            process: { pid },
          },
        ]) => pid ?? [],
      ),
    );
  }

  #replaceWhenGone(number: number, node: Worker): void {
    const gone = (code: number | null, signal: string | null) => {
      if (this.#stopping) {
        this.#code = Math.max(this.#code, code ?? FAILED);
        return this.#endIfGone();
      }
      this.#options.logger.error({ node: number, code, signal }, 'a node ended; starting it again');
      const timer = setTimeout(() => {
        this.#restarts.delete(timer);
        this.#start(number);
      }, RESTART_MS);
      this.#restarts.add(timer);
    };
    if (node.isDead()) gone(node.process.exitCode, node.process.signalCode);
    else node.once('exit', gone);
  }

  #endIfGone(): void {
    if (this.#running.size === 0) this.#end(this.#code);
  }
}

/** @returns the nodes that these settings ask for; undefined: this process serves alone */
export function nodesOf(
  settings: ServeSettings,
  out: { write(text: string): unknown },
  allServe: NodesOptions['allServe'],
): Nodes | undefined {
  const { nodes: count, logFormat: format, logLevel: level } = settings;
  if (count === 1 || settings.node !== undefined) return undefined;
  const { logger } = openOperatorLog({ format, level, showsMessages: false, out });
  return new Nodes({ count, logger, allServe });
}

/** The settings of this node, if this process is one of several: its own number, and a port of its own for its metrics. */
export function ownSettings(settings: ServeSettings, number = ownNumber()): ServeSettings {
  if (number === undefined) return settings;
  const { operator } = settings;
  if (operator === undefined || operator.port === 0) return { ...settings, node: number };
  return { ...settings, node: number, operator: { ...operator, port: operator.port + number - 1 } };
}

/** Calls this with each order of the process that started this node. Does nothing if this process is no node. */
export function obeyOrders(obey: (order: Order) => void): void {
  if (ownNumber() !== undefined) process.on('message', obey);
}

/** Reports to the process that started this node that it serves. Does nothing if this process is no node. */
export function reportStarted(): void {
  if (ownNumber() !== undefined) process.send?.('started');
}

/** Other programs, too, may start a server as a worker of node:cluster. */
function ownNumber(): number | undefined {
  const number = cluster.isWorker ? process.env[NUMBER] : undefined;
  return number === undefined ? undefined : Number(number);
}
