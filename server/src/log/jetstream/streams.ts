import type { StreamConfig, StreamInfo } from '@nats-io/jetstream';
import { CannotOpen } from '../cannot-open.ts';
import { Unavailable } from '../log.ts';
import { COUNT_STREAM, FIRST_SEQUENCE, LOG_STREAM, STATE_STREAM } from './layout.ts';
import type { Nats, ServerFacts } from './nats.ts';

const LEAST_VERSION = [2, 12, 0] as const;
/** The largest handshake, with the room's state, and room to grow. */
const LEAST_PAYLOAD = 4 * 1024 * 1024;
/** What the streams hold, counted up when an older version of gochat couldn't read it. */
const LAYOUT = '1';
const SECOND_NS = 1_000_000_000;
const DUPLICATE_WINDOW_SEC = 120;
const COUNT_AGE_SEC = 2 * 3600;
const COUNTERS = 1_000_000;
const PAGE_MS = 5_000;

type Settings = Partial<StreamConfig> & { readonly name: string };

function settings(replicas: number): readonly Settings[] {
  const metadata = { gochat_layout: LAYOUT };
  const kept = {
    metadata,
    storage: 'file',
    num_replicas: replicas,
    retention: 'limits',
    discard: 'new',
    allow_direct: true,
    allow_msg_ttl: true,
    duplicate_window: DUPLICATE_WINDOW_SEC * SECOND_NS,
  } as const;
  return [
    {
      ...kept,
      name: LOG_STREAM,
      subjects: ['gochat.log.*.*'],
      first_seq: FIRST_SEQUENCE,
      allow_atomic: true,
      republish: { src: 'gochat.log.*.*', dest: 'gochat.live.{{wildcard(1)}}.{{wildcard(2)}}' },
    },
    { ...kept, name: STATE_STREAM, subjects: ['gochat.state.*.*'], max_msgs_per_subject: 1, discard: 'old' },
    {
      metadata,
      name: COUNT_STREAM,
      subjects: ['gochat.count.*'],
      storage: 'memory',
      num_replicas: replicas,
      retention: 'limits',
      discard: 'old',
      max_msgs_per_subject: 1,
      max_msgs: COUNTERS,
      max_age: COUNT_AGE_SEC * SECOND_NS,
      allow_msg_counter: true,
    },
  ];
}

/** @throws CannotOpen with the line that mends it, when a server is none that keeps what it acknowledges in so many copies. */
export function checkServer(
  { version, maxPayload, jetstream, server, clustered }: ServerFacts,
  replicas: number,
): void {
  if (!isRecent(version))
    throw new CannotOpen(
      'unusable',
      `the NATS server at ${server} is version ${version}, which loses rooms to races; install ${LEAST_VERSION.join('.')} or later there`,
    );
  if (!jetstream)
    throw new CannotOpen(
      'unusable',
      `the NATS server at ${server} has no JetStream; put this into its configuration: jetstream { store_dir: "/var/lib/nats", sync_interval: always }`,
    );
  if (maxPayload < LEAST_PAYLOAD)
    throw new CannotOpen(
      'unusable',
      `the NATS server at ${server} takes ${maxPayload} bytes a message, and rooms need ${LEAST_PAYLOAD}; put this into its configuration: max_payload: 8MB`,
    );
  if (!clustered && replicas > 1)
    throw new CannotOpen(
      'unusable',
      `the NATS server at ${server} is alone and can't have a stream with ${replicas} replicas; make a cluster of it and others, or give --log-replicas 1`,
    );
}

function isRecent(version: string): boolean {
  const parts = version.split('-')[0]?.split('.').map(Number) ?? [];
  for (const [i, least] of LEAST_VERSION.entries()) {
    const part = parts[i] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

/**
 * Looks at what the servers' monitoring pages (`/varz`) tell and their clients aren't told: whether each acknowledged write is on
 * the disk. A page that isn't there is no matter while its server isn't there either.
 *
 * @param found the servers that are there
 * @throws CannotOpen when one of them doesn't sync, or no page tells whether it does
 */
export async function checkMonitors(
  monitors: readonly string[],
  found: readonly Pick<ServerFacts, 'name' | 'server'>[],
): Promise<void> {
  const away: string[] = [];
  const names = new Set<string | undefined>();
  await Promise.all(
    monitors.map(async (monitor) => {
      const page = new URL('/varz', monitor).href;
      const varz = await readPage(page);
      if (varz === undefined) {
        away.push(page);
        return;
      }
      if (varz.jetstream?.config?.sync_always !== true)
        throw new CannotOpen(
          'unusable',
          `the NATS server of ${page} acknowledges writes before they are on its disk: a power cut would lose them; put this into its configuration: jetstream { sync_interval: always }`,
        );
      names.add(varz.server_name);
    }),
  );
  const untold = found.filter(({ name }) => !names.has(name)).map(({ server }) => server);
  if (untold.length === 0) return;
  const unread = away.length === 0 ? '' : `, and ${away.join(', ')} can't be read`;
  throw new CannotOpen(
    'unusable',
    `whether the NATS server at ${untold.join(', ')} syncs each write isn't told${unread}: name the address of its http_port with --log-monitors`,
  );
}

async function readPage(page: string): Promise<Varz | undefined> {
  try {
    return (await (await fetch(page, { signal: AbortSignal.timeout(PAGE_MS) })).json()) as Varz;
  } catch {
    return undefined;
  }
}

interface Varz {
  readonly server_name?: string;
  readonly jetstream?: { readonly config?: { readonly sync_always?: boolean } };
}

/**
 * Makes the streams, or gives the present ones this version's settings.
 * @throws CannotOpen when what is there can't be used; Error when the cluster can't have them so, or not yet
 */
export async function prepareStreams(nats: Nats, replicas: number): Promise<void> {
  for (const wanted of settings(replicas)) {
    try {
      const present = await nats.stream(wanted.name);
      if (present !== undefined) refusePresent(present, wanted);
      const info =
        present !== undefined && has(present.config, wanted) ? present : await nats.configure(wanted);
      refusePresent(info, wanted);
    } catch (error) {
      if (error instanceof CannotOpen || error instanceof Unavailable) throw error;
      const words = error instanceof Error ? error.message : String(error);
      // Servers that have just started may not have found each other yet: it is tried again for a while.
      throw new Error(
        `NATS can't have the stream ${wanted.name} with ${replicas} replicas: ${words}; name how many servers there are with --log-replicas, at most 5`,
        { cause: error },
      );
    }
  }
}

/** How many copies there are is changed on purpose or not at all: never by a node that was started with another number. */
function refusePresent({ config }: StreamInfo, wanted: Settings): void {
  const layout = config.metadata?.gochat_layout;
  if (layout === undefined)
    throw new CannotOpen('unusable', `the stream ${wanted.name} is not gochat's; use another NATS account`);
  if (Number(layout) > Number(LAYOUT))
    throw new CannotOpen(
      'newer',
      `the stream ${wanted.name} was made by a later version of gochat; update this one`,
    );
  const { first_seq = 0, storage, num_replicas: replicas } = wanted;
  if (config.num_replicas !== replicas)
    throw new CannotOpen(
      'unusable',
      `the stream ${wanted.name} has ${config.num_replicas} replicas, and this node is told of ${replicas}: give --log-replicas ${config.num_replicas}, or change it while all servers are well: nats stream edit ${wanted.name} --replicas ${replicas}`,
    );
  if (config.storage !== storage)
    throw new CannotOpen(
      'unusable',
      `the stream ${wanted.name} is kept in ${config.storage}, not in ${storage}`,
    );
  if (first_seq !== 0 && config.first_seq !== first_seq)
    throw new CannotOpen(
      'unusable',
      `the stream ${wanted.name} doesn't begin at ${first_seq}, so positions in it would collide with those of moved rooms; it was not made by gochat`,
    );
  if ((config as { persist_mode?: string }).persist_mode === 'async')
    throw new CannotOpen(
      'unusable',
      `the stream ${wanted.name} acknowledges writes before they are on the disk; set its persist_mode to default`,
    );
}

/** Whether each setting that is wanted is there. */
function has(config: StreamConfig, wanted: Settings): boolean {
  const present: Readonly<Record<string, unknown>> = { ...config };
  return Object.entries(wanted).every(([name, value]) =>
    name === 'metadata'
      ? config.metadata?.gochat_layout === LAYOUT
      : JSON.stringify(present[name]) === JSON.stringify(value),
  );
}
