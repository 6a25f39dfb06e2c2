import { spawnSync } from 'node:child_process';
import type { Place } from '../servers/nats-cluster.ts';

const PREFIX = '10.213.77';

/**
 * Network namespaces for a cluster's servers, joined by a bridge in the namespace of this process. To be made only in a namespace
 * of our own (`unshare --net`): see `main.ts`.
 */
export class Network {
  readonly places: readonly Place[];

  private constructor(places: readonly Place[]) {
    this.places = places;
  }

  /** @throws Error when this process may not make any */
  static make(count: number): Network {
    run('ip', 'link', 'add', 'gcbr', 'type', 'bridge');
    run('ip', 'addr', 'add', `${PREFIX}.1/24`, 'dev', 'gcbr');
    run('ip', 'link', 'set', 'gcbr', 'up');
    const places = Array.from({ length: count }, (_, i) => {
      const place = { host: `${PREFIX}.${i + 11}`, namespace: `gochat-${process.pid}-${i + 1}` };
      const { namespace, host } = place;
      run('ip', 'netns', 'add', namespace);
      run('ip', 'link', 'add', `gcv${i}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
      run('ip', 'link', 'set', `gcv${i}`, 'master', 'gcbr');
      run('ip', 'link', 'set', `gcv${i}`, 'up');
      run('ip', '-n', namespace, 'addr', 'add', `${host}/24`, 'dev', 'eth0');
      run('ip', '-n', namespace, 'link', 'set', 'eth0', 'up');
      run('ip', '-n', namespace, 'link', 'set', 'lo', 'up');
      return place;
    });
    return new Network(places);
  }

  /** Disconnects this host from all others and from this process. @returns a function that reconnects it */
  cutOff(host: string): () => void {
    const device = `gcv${this.#indexOf(host)}`;
    run('ip', 'link', 'set', device, 'down');
    return () => run('ip', 'link', 'set', device, 'up');
  }

  /** Disconnects this host from the others; this process still reaches it. @returns a function that reconnects it */
  cutFromOthers(host: string): () => void {
    const { namespace } = this.#placeOf(host);
    const others = this.places.filter((place) => place.host !== host);
    for (const other of others) run('ip', '-n', namespace, 'route', 'add', 'blackhole', `${other.host}/32`);
    return () => {
      for (const other of others) run('ip', '-n', namespace, 'route', 'del', 'blackhole', `${other.host}/32`);
    };
  }

  /** Disconnects this process from the host; the hosts reach each other. @returns a function that reconnects it */
  cutFromHere(host: string): () => void {
    run('ip', 'route', 'add', 'blackhole', `${host}/32`);
    return () => run('ip', 'route', 'del', 'blackhole', `${host}/32`);
  }

  remove(): void {
    for (const { namespace } of this.places) run('ip', 'netns', 'del', namespace);
    run('ip', 'link', 'del', 'gcbr');
  }

  #placeOf(host: string): Place {
    const place = this.places.find((one) => one.host === host);
    if (place === undefined) throw new Error(`nothing is at ${host}`);
    return place;
  }

  #indexOf(host: string): number {
    return this.places.findIndex((place) => place.host === host);
  }
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`);
}
