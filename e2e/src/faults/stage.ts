import { join } from 'node:path';
import { ChildServer } from '../servers/child-server.ts';
import { Crowd, type Load } from './crowd.ts';
import { FaultyProxy } from './proxy.ts';
import { SmallDisk } from './small-disk.ts';

/** What faults are injected into: a server, a proxy before it, and members that talk through it. */
export class Stage {
  readonly data: string;
  readonly disk: SmallDisk | undefined;
  readonly proxy: FaultyProxy;
  readonly crowd: Crowd;
  /** From 0 to 1. */
  readonly random: () => number;
  server: ChildServer;

  private constructor(
    data: string,
    disk: SmallDisk | undefined,
    server: ChildServer,
    proxy: FaultyProxy,
    crowd: Crowd,
    random: () => number,
  ) {
    this.data = data;
    this.disk = disk;
    this.server = server;
    this.proxy = proxy;
    this.crowd = crowd;
    this.random = random;
  }

  /**
   * @param home an empty folder.
   * @param random from 0 to 1; the choices of the proxy follow from it
   */
  static async open(home: string, random: () => number, load: Load): Promise<Stage> {
    const data = join(home, 'server');
    const disk = await SmallDisk.mount(data);
    const server = await ChildServer.start(data);
    const proxy = new FaultyProxy(server.port, random);
    const crowd = await Crowd.gather(home, await proxy.listen(), load);
    return new Stage(data, disk, server, proxy, crowd, random);
  }

  async restartServer(): Promise<void> {
    this.server = await ChildServer.start(this.data, this.server.port);
  }

  async close(): Promise<void> {
    await this.crowd.leave();
    await this.server.stop();
    await this.proxy.close();
    this.disk?.unmount();
  }
}
