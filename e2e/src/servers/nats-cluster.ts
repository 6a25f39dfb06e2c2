import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WAIT_MS } from '../waits.ts';
import { freePorts } from './ports.ts';

const HOST = '127.0.0.1';
const POLL_MS = 50;

export interface ClusterOptions {
  /** The program `nats-server`. */
  readonly binary: string;
  /** An empty folder. */
  readonly folder: string;
  readonly size?: number;
  /** More lines for each server's configuration. */
  readonly extra?: string;
  /** Changes each server's configuration. */
  readonly change?: (config: string) => string;
  /** Where each listens, instead of loopback, and the name of the network namespace it runs in. */
  readonly places?: readonly Place[];
}

export interface Place {
  readonly host: string;
  readonly namespace: string;
}

interface Ports {
  readonly client: number;
  readonly route: number;
  readonly monitor: number;
}

/** One server of a cluster, which can be killed, frozen and started again on its data. */
export class NatsServer {
  readonly name: string;
  readonly host: string;
  readonly ports: Ports;
  readonly #command: readonly string[];
  #child: ChildProcess | undefined;

  constructor(name: string, host: string, ports: Ports, command: readonly string[]) {
    this.name = name;
    this.host = host;
    this.ports = ports;
    this.#command = command;
  }

  get address(): string {
    return `${this.host}:${this.ports.client}`;
  }

  get monitor(): string {
    return `http://${this.host}:${this.ports.monitor}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether it was started, and has ended other than by {@link kill}. */
  get hasEnded(): boolean {
    return this.#child !== undefined && (this.#child.exitCode !== null || this.#child.signalCode !== null);
  }

  start(): void {
    const [command = '', ...args] = this.#command;
    this.#child = spawn(command, args, { stdio: 'ignore' });
  }

  /** As a crash would. @returns whether it died of it */
  async kill(): Promise<boolean> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return false;
    const gone = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    child.kill('SIGKILL');
    const [, signal] = await gone;
    return signal === 'SIGKILL';
  }

  /** @returns the JSON of a monitoring page; undefined when the server doesn't answer */
  async ask(page: string): Promise<Record<string, unknown> | undefined> {
    try {
      const answer = await fetch(`${this.monitor}${page}`, { signal: AbortSignal.timeout(1_000) });
      return (await answer.json()) as Record<string, unknown>;
    } catch {
      return undefined;
    }
  }
}

/** A real cluster of NATS servers with JetStream, each write synced. */
export class NatsCluster {
  readonly servers: readonly NatsServer[];

  private constructor(servers: readonly NatsServer[]) {
    this.servers = servers;
  }

  static async start({
    binary,
    folder,
    size = 3,
    extra = '',
    change = (config) => config,
    places,
  }: ClusterOptions): Promise<NatsCluster> {
    const free = await freePorts(3 * size);
    const ports = Array.from({ length: size }, (_, i) => {
      const [client = 0, route = 0, monitor = 0] = free.slice(3 * i);
      return { client, route, monitor };
    });
    const hostOf = (i: number) => places?.[i]?.host ?? HOST;
    const routes = ports.map(({ route }, i) => `nats://${hostOf(i)}:${route}`).join(', ');
    const servers = ports.map((own, i) => {
      const name = `n${i + 1}`;
      const home = join(folder, name);
      mkdirSync(home, { recursive: true });
      const config = join(home, 'nats.conf');
      writeFileSync(
        config,
        change(`server_name: ${name}
listen: "${hostOf(i)}:${own.client}"
http: "${hostOf(i)}:${own.monitor}"
max_payload: 8MB
jetstream { store_dir: "${home}", sync_interval: always }
${size > 1 ? `cluster { name: test, listen: "${hostOf(i)}:${own.route}", routes: [${routes}] }` : ''}
${extra}
`),
      );
      const place = places?.[i];
      const enter = place === undefined ? [] : ['ip', 'netns', 'exec', place.namespace];
      return new NatsServer(name, hostOf(i), own, [...enter, binary, '-c', config, '-l', join(home, 'log')]);
    });
    const cluster = new NatsCluster(servers);
    for (const server of servers) server.start();
    try {
      await cluster.ready();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  get addresses(): string[] {
    return this.servers.map(({ address }) => address);
  }

  get url(): string {
    return `nats://${this.addresses.join(',')}`;
  }

  /** Waits until each server reports that it is up and current. @throws Error when one doesn't in time */
  async ready(): Promise<void> {
    for (const server of this.servers) {
      let health: unknown;
      await until(
        () => `${server.name} is up, which answers ${JSON.stringify(health)}`,
        async () => {
          if (server.hasEnded) throw new Error(`${server.name} has ended: is one of its ports in use?`);
          const answered = await server.ask('/healthz');
          health = answered;
          return answered?.status === 'ok';
        },
      );
    }
  }

  /** @returns the leader of a stream, as these servers report it; undefined while there is none */
  async leaderOf(stream: string, asked = this.servers): Promise<NatsServer | undefined> {
    for (const server of asked) {
      const page = (await server.ask('/jsz?accounts=true&streams=true')) as Jsz | undefined;
      const streams = page?.account_details?.flatMap((account) => account.stream_detail ?? []) ?? [];
      const leader = streams.find(({ name }) => name === stream)?.cluster?.leader;
      const found = this.servers.find(({ name }) => name === leader);
      if (found?.pid !== undefined) return found;
    }
    return undefined;
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill()));
  }
}

interface Jsz {
  readonly account_details?: readonly {
    readonly stream_detail?: readonly {
      readonly name: string;
      readonly cluster?: { readonly leader?: string };
    }[];
  }[];
}

async function until(what: () => string, isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`it never came about that ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
