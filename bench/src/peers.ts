import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@gochat/e2e/ports';
import { Child } from './child.ts';
import type { Running, System } from './system.ts';

const PEERS = fileURLToPath(new URL('../peers', import.meta.url));

/** What one would use in the place of GoChat. */
export interface Peer extends System {
  /** Its command, and the Debian package that has it; absent: it comes with the development dependencies, or is built here. */
  readonly needs?: { readonly command: string; readonly packages: readonly string[] };
}

interface Start {
  readonly command: (port: number, home: string) => readonly string[];
  /** A file of `bench/peers/`, filled in and put into the home. */
  readonly config?: string;
  readonly prepare?: (port: number, home: string) => Promise<NodeJS.ProcessEnv>;
}

function starting({ command, config, prepare }: Start): (home: string) => Promise<Running> {
  return async (home) => {
    const port = await freePort();
    if (config !== undefined) {
      const template = await readFile(join(PEERS, config), 'utf8');
      const filled = template.replaceAll('@PORT@', String(port)).replaceAll('@HOME@', home);
      await writeFile(join(home, config), filled);
    }
    const env = (await prepare?.(port, home)) ?? {};
    const child = new Child(command(port, home), { cwd: home, env });
    await child.opens(port);
    return { pids: child.pids, port, stop: () => child.stop() };
  };
}

const node = (file: string): ((home: string) => Promise<Running>) =>
  starting({ command: (port) => [process.execPath, join(PEERS, file), String(port)] });

const debian = (command: string, packages: readonly string[] = [command]) => ({
  needs: { command, packages },
});

/** The C program that does nothing but broadcast. @param program where it was built. */
export function broadcaster(program: string, mode: 'each' | 'batch'): Peer {
  return {
    name: `c-${mode}`,
    protocol: 'lines',
    start: starting({ command: (port) => [program, String(port), mode] }),
  };
}

/** A plain HTTP server, which stores files in its home. */
export const startPlainHttp = node('plain-http.mjs');

export const REDIS: Peer = {
  name: 'redis',
  protocol: 'redis',
  ...debian('redis-server'),
  start: starting({
    config: 'redis.conf',
    command: (_, home) => ['redis-server', join(home, 'redis.conf')],
  }),
};

export const MOSQUITTO: Peer = {
  name: 'mosquitto',
  protocol: 'mqtt',
  ...debian('mosquitto'),
  start: starting({
    config: 'mosquitto.conf',
    command: (_, home) => ['mosquitto', '-c', join(home, 'mosquitto.conf')],
  }),
};

const LIBRARIES = '/usr/lib';

/** Where Debian has the Erlang modules of ejabberd: a folder with its version in its name. */
async function ejabberdModules(): Promise<{ readonly root: string; readonly modules: string }> {
  for (const machine of await readdir(LIBRARIES)) {
    if (!machine.endsWith('-linux-gnu')) continue;
    const root = join(LIBRARIES, machine);
    const folder = (await readdir(root)).find((name) => /^ejabberd-\d/.test(name));
    if (folder !== undefined) return { root, modules: join(root, folder, 'ebin') };
  }
  throw new Error('the modules of ejabberd are not where Debian has them');
}

async function startEjabberd(home: string): Promise<Running> {
  const { root, modules } = await ejabberdModules();
  const epmd = await freePort();
  await mkdir(join(home, 'mnesia'));
  return starting({
    config: 'ejabberd.yml',
    prepare: async () => ({
      EJABBERD_CONFIG_PATH: join(home, 'ejabberd.yml'),
      EJABBERD_LOG_PATH: join(home, 'ejabberd.log'),
      SPOOL_DIR: home,
      HOME: home,
      ERL_LIBS: root,
      ERL_MAX_PORTS: '60000',
    }),
    command: () => [
      ...[
        'erl',
        '-noinput',
        '-name',
        'bench@127.0.0.1',
        '-start_epmd',
        'false',
        '-erl_epmd_port',
        String(epmd),
      ],
      ...['+K', 'true', '+P', '500000', '+Q', '65536', '-pa', modules],
      ...['-mnesia', 'dir', `"${join(home, 'mnesia')}"`, '-kernel', 'inetrc', '"/etc/ejabberd/inetrc"'],
      ...['-s', 'ejabberd'],
    ],
  })(home);
}

/** In the order of the table. */
export const PEERS_TO_COMPARE: readonly Peer[] = [
  REDIS,
  {
    name: 'nats',
    protocol: 'nats',
    ...debian('nats-server'),
    start: starting({
      config: 'nats.conf',
      command: (_, home) => ['nats-server', '-c', join(home, 'nats.conf')],
    }),
  },
  MOSQUITTO,
  {
    name: 'ngircd',
    protocol: 'irc',
    most: 1000,
    concurrent: 16,
    ...debian('ngircd'),
    start: starting({
      config: 'ngircd.conf',
      command: (_, home) => ['ngircd', '-n', '-f', join(home, 'ngircd.conf')],
    }),
  },
  {
    name: 'inspircd',
    protocol: 'irc',
    most: 5000,
    concurrent: 1024,
    ...debian('inspircd'),
    start: starting({
      config: 'inspircd.conf',
      command: (_, home) => [
        'inspircd',
        '--nofork',
        '--runasroot',
        `--config=${join(home, 'inspircd.conf')}`,
      ],
    }),
  },
  {
    name: 'prosody',
    protocol: 'xmpp',
    most: 1000,
    concurrent: 16,
    ...debian('prosody'),
    start: starting({
      config: 'prosody.cfg.lua',
      command: (_, home) => ['prosody', '-F', '--config', join(home, 'prosody.cfg.lua')],
    }),
  },
  {
    name: 'ejabberd',
    protocol: 'xmpp',
    most: 1000,
    concurrent: 16,
    ...debian('erl', ['ejabberd']),
    start: startEjabberd,
  },
  { name: 'socket.io', protocol: 'socket.io', start: node('socket-io.mjs') },
  { name: 'ws', protocol: 'ws', start: node('ws.mjs') },
];
