import type { StreamConfig, StreamInfo } from '@nats-io/jetstream';
import { CannotOpen } from '../cannot-open.ts';
import { Unavailable } from '../log.ts';
import { FIRST_SEQUENCE } from './layout.ts';
import type { Nats, ServerInfo } from './nats.ts';
import { COUNT_STREAM, RoomStreams } from './room-streams.ts';

const MIN_VERSION = [2, 12, 0] as const;
/** More than the largest handshake with its room's state, which contains the GroupInfo in base64url. */
const MIN_PAYLOAD_BYTES = 6 * 1024 * 1024;
/** The versions of the streams' layout. Versions of gochat that can't read one refuse it. */
const LAYOUT = '1';
/** Rooms are spread over several streams. */
const SPREAD_LAYOUT = '2';
/** The stream begins above {@link FIRST_SEQUENCE}: its rooms were moved from another cluster. */
const LATER_LAYOUT = '3';
const SECOND_NS = 1_000_000_000;
const DUPLICATE_WINDOW_SEC = 120;
const COUNT_AGE_SEC = 2 * 3600;
const COUNTERS = 1_000_000;
const PAGE_MS = 5_000;

type Settings = Partial<StreamConfig> & { readonly name: string };

/** What the operator chose when the streams were created. */
export interface Spread {
  /** How many servers store each stream. */
  readonly replicas: number;
  /** How many streams the rooms are spread over. */
  readonly streams: number;
  /** Where streams begin that are created now: a multiple of {@link FIRST_SEQUENCE}. Absent: there, or where those begin that exist. */
  readonly first?: number;
}

function settings({ replicas, streams, first = FIRST_SEQUENCE }: Spread): readonly Settings[] {
  const metadata: Record<string, string> =
    streams === 1
      ? { gochat_layout: LAYOUT }
      : { gochat_layout: SPREAD_LAYOUT, gochat_log_streams: String(streams) };
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
  const rooms = new RoomStreams(streams).pairs.flatMap(({ log, state, prefix }) => [
    {
      ...kept,
      name: log,
      subjects: [`gochat.log.${prefix}*.*`],
      ...beginning(first, metadata),
      allow_atomic: true,
      // The same subjects whatever the stream: only the room matters to its followers.
      republish: { src: `gochat.log.${prefix}*.*`, dest: 'gochat.live.{{wildcard(1)}}.{{wildcard(2)}}' },
    },
    {
      ...kept,
      name: state,
      subjects: [`gochat.state.${prefix}*.*`],
      max_msgs_per_subject: 1,
      discard: 'old' as const,
    },
  ]);
  return [
    // The first one is created before the others, so nodes that are started with different numbers can't both create theirs.
    ...rooms,
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

/** What a stream of entries that begins there has in its settings. */
function beginning(
  first: number,
  metadata: Record<string, string>,
): Pick<StreamConfig, 'first_seq' | 'metadata'> {
  const isLater = first > FIRST_SEQUENCE;
  return { first_seq: first, metadata: isLater ? { ...metadata, gochat_layout: LATER_LAYOUT } : metadata };
}

/** The settings of a stream that exists keep its beginning, if gochat can have chosen it. */
function asPresent(wanted: Settings, present: StreamInfo | undefined): Settings {
  const first = present?.config.first_seq ?? 0;
  if (wanted.first_seq === undefined || first < FIRST_SEQUENCE || first % FIRST_SEQUENCE !== 0) return wanted;
  if (first === FIRST_SEQUENCE && wanted.first_seq === FIRST_SEQUENCE) return wanted;
  const layout = wanted.metadata?.gochat_log_streams === undefined ? LAYOUT : SPREAD_LAYOUT;
  return { ...wanted, ...beginning(first, { ...wanted.metadata, gochat_layout: layout }) };
}

/** @throws CannotOpen, with the fix, when the server can't store acknowledged writes durably with that many replicas */
export function checkServer(
  { version, maxPayload, jetstream, server, clustered }: ServerInfo,
  replicas: number,
): void {
  if (!isRecent(version))
    throw new CannotOpen(
      'unusable',
      `the NATS server at ${server} has version ${version}, which can lose rooms: install ${MIN_VERSION.join('.')} or later`,
    );
  if (!jetstream)
    throw new CannotOpen(
      'unusable',
      `the NATS server at ${server} has JetStream disabled: add this to its configuration: jetstream { store_dir: "/var/lib/nats", sync_interval: always }`,
    );
  if (maxPayload < MIN_PAYLOAD_BYTES)
    throw new CannotOpen(
      'unusable',
      `the NATS server at ${server} accepts messages up to ${maxPayload} bytes, but gochat needs ${MIN_PAYLOAD_BYTES}: add this to its configuration: max_payload: 8MB`,
    );
  if (!clustered && replicas > 1)
    throw new CannotOpen(
      'unusable',
      `the NATS server at ${server} is not part of a cluster and can't store ${replicas} replicas: add it to a cluster, or use --log-replicas 1`,
    );
}

function isRecent(version: string): boolean {
  const parts = version.split('-')[0]?.split('.').map(Number) ?? [];
  for (const [i, least] of MIN_VERSION.entries()) {
    const part = parts[i] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

/**
 * Checks on the servers' monitoring pages (`/varz`) whether they sync each write before they acknowledge it. NATS clients can't see
 * that. Each server in `found` needs a page.
 *
 * @param monitors URLs of the servers' HTTP monitoring ports
 * @param found the servers that answer
 * @throws CannotOpen when one of them doesn't sync, or has no page that can be read
 */
export async function checkMonitors(
  monitors: readonly string[],
  found: readonly Pick<ServerInfo, 'name' | 'server'>[],
): Promise<void> {
  const unread: string[] = [];
  const names = new Set<string | undefined>();
  await Promise.all(
    monitors.map(async (monitor) => {
      const page = new URL('/varz', monitor).href;
      const varz = await readPage(page);
      if (varz === undefined) {
        unread.push(page);
        return;
      }
      if (varz.jetstream?.config?.sync_always !== true)
        throw new CannotOpen(
          'unusable',
          `the NATS server at ${page} acknowledges writes before they are on disk, so a power failure can lose them: add this to its configuration: jetstream { sync_interval: always }`,
        );
      names.add(varz.server_name);
    }),
  );
  const unchecked = found.filter(({ name }) => !names.has(name)).map(({ server }) => server);
  if (unchecked.length === 0) return;
  const detail = unread.length === 0 ? '' : ` (can't read ${unread.join(', ')})`;
  throw new CannotOpen(
    'unusable',
    `can't check whether the NATS server at ${unchecked.join(', ')} syncs each write${detail}: add the address of its http_port to --log-monitors`,
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
 * Creates the streams, or updates the settings of those that exist.
 * @param streams gets to know where each of them begins
 * @throws CannotOpen when an existing stream can't be used; Error when the cluster can't provide them, or not yet
 */
export async function prepareStreams(nats: Nats, spread: Spread, streams: RoomStreams): Promise<void> {
  let { first = FIRST_SEQUENCE } = spread;
  for (const { name } of settings(spread)) {
    try {
      const present = await nats.stream(name);
      const wanted = settingsOf(name, { ...spread, first }, present);
      if (present !== undefined) checkStream(present, wanted);
      const info =
        present !== undefined && has(present.config, wanted) ? present : await nats.configure(wanted);
      checkStream(info, wanted);
      if (wanted.first_seq === undefined) continue;
      streams.begins(name, wanted.first_seq);
      // One that is still missing begins where the others do, even if a node creates it after an interrupted move.
      first = Math.max(first, wanted.first_seq);
    } catch (error) {
      if (error instanceof CannotOpen || error instanceof Unavailable) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      // Servers that have just started may not have found each other yet, so the caller tries again.
      throw new Error(
        `NATS can't provide the stream ${name} with ${spread.replicas} replicas: ${reason}; --log-replicas must not exceed the number of servers, and is at most 5`,
        { cause: error },
      );
    }
  }
}

function settingsOf(name: string, spread: Spread, present: StreamInfo | undefined): Settings {
  const wanted = settings(spread).find((one) => one.name === name);
  if (wanted === undefined) throw new Error(`there are no settings of ${name}`);
  return asPresent(wanted, present);
}

/** @returns how many streams the cluster's rooms are spread over. @throws CannotOpen when there are none, or they can't be read */
export async function foundSpread(nats: Nats): Promise<number> {
  const [{ log }] = new RoomStreams().pairs;
  const info = await nats.stream(log);
  if (info === undefined)
    throw new CannotOpen('unusable', `the cluster holds no rooms: it has no stream ${log}`);
  checkLayout(log, info);
  return Number(info.config.metadata?.gochat_log_streams ?? 1);
}

/** Checks the streams that exist. Changes nothing. @throws CannotOpen; Unavailable, EngineRefusal */
export async function checkStreams(nats: Nats, spread: Spread): Promise<void> {
  for (const wanted of settings(spread)) {
    const present = await nats.stream(wanted.name);
    if (present !== undefined) checkStream(present, asPresent(wanted, present));
  }
}

/** Checks an existing stream. The number of replicas must match: a node that starts with another number must not change it. @throws CannotOpen */
function checkStream(info: StreamInfo, wanted: Settings): void {
  checkLayout(wanted.name, info);
  const { config } = info;
  const present = Number(config.metadata?.gochat_log_streams ?? 1);
  const expected = Number(wanted.metadata?.gochat_log_streams ?? 1);
  if (present !== expected)
    throw new CannotOpen(
      'unusable',
      `the rooms are spread over ${streamsText(present)}, but this node expects ${expected}: use --log-streams ${present}, or move the rooms out and in again (gochat move)`,
    );
  const { first_seq = 0, storage, num_replicas: replicas } = wanted;
  if (config.num_replicas !== replicas)
    throw new CannotOpen(
      'unusable',
      `the stream ${wanted.name} has ${config.num_replicas} replicas, but this node expects ${replicas}: use --log-replicas ${config.num_replicas}, or change the stream while all servers are healthy: nats stream edit ${wanted.name} --replicas ${replicas}`,
    );
  if (config.storage !== storage)
    throw new CannotOpen(
      'unusable',
      `the stream ${wanted.name} has ${config.storage} storage, but needs ${storage} storage`,
    );
  if (first_seq !== 0 && config.first_seq !== first_seq)
    throw new CannotOpen(
      'unusable',
      `the stream ${wanted.name} does not begin at ${first_seq}, so its positions could collide with those of moved rooms: gochat did not create it`,
    );
  if ((config as { persist_mode?: string }).persist_mode === 'async')
    throw new CannotOpen(
      'unusable',
      `the stream ${wanted.name} acknowledges writes before they are on disk: set its persist_mode to default`,
    );
}

/** @throws CannotOpen */
function checkLayout(name: string, { config }: StreamInfo): void {
  const layout = config.metadata?.gochat_layout;
  if (layout === undefined)
    throw new CannotOpen(
      'unusable',
      `the stream ${name} does not belong to gochat: use another NATS account`,
    );
  if (Number(layout) > Number(LATER_LAYOUT))
    throw new CannotOpen('newer', `a later version of gochat created the stream ${name}: upgrade this node`);
}

function streamsText(count: number): string {
  return count === 1 ? '1 log stream' : `${count} log streams`;
}

/** Whether the stream has all wanted settings. */
function has(config: StreamConfig, wanted: Settings): boolean {
  const present: Readonly<Record<string, unknown>> = { ...config };
  return Object.entries(wanted).every(([name, value]) =>
    name === 'metadata'
      ? Object.entries(wanted.metadata ?? {}).every(([key, value]) => config.metadata?.[key] === value)
      : JSON.stringify(present[name]) === JSON.stringify(value),
  );
}
