import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Entry, RoomLog } from '../log/log.ts';
import type { BroadcastObserver } from '../room/broadcast-observer.ts';

/** Values that are read each time the metrics are requested. */
export interface MetricsSources {
  connections(): number;
  /** Rooms stored. Absent: unknown. */
  rooms?(): number;
  /** Rooms that someone follows. */
  roomsLive(): number;
  /** Requests waiting for the log. */
  inFlight(): number;
  unfinishedBytes(): number;
  /** The share of the rooms whose writes the log accepts, from 0 to 1. */
  writable(): number;
  /** What files take on the disk. Absent: none are stored. */
  files?(): { readonly bytes: number; readonly files: number };
}

const APPEND_SECONDS = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
const COMMIT_CHANGES = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000];

/** The metrics of a node, as Prometheus reads them (text format 0.0.4). They name no room, address or member. */
export class Metrics implements BroadcastObserver {
  readonly #registry = new Registry();
  readonly #appends = this.#counter('gochat_appends_total', 'Entries appended to the log, by kind.', [
    'kind',
  ]);
  readonly #repeats = this.#counter(
    'gochat_repeats_total',
    'Requests that repeated an earlier one with the same id.',
  );
  readonly #conflicts = this.#counter(
    'gochat_conflicts_total',
    'Requests refused because a newer handshake exists, by kind.',
    ['kind'],
  );
  readonly #deliveries = this.#counter(
    'gochat_deliveries_total',
    'Entries sent to live subscriptions, once per subscription.',
  );
  readonly #deliveredBytes = this.#counter('gochat_delivered_bytes_total', 'Sealed bytes of those entries.');
  readonly #refusals = this.#counter(
    'gochat_refusals_total',
    'Requests and connections refused, by error code (docs/protocol.md).',
    ['code'],
  );
  readonly #ended = this.#counter(
    'gochat_ended_total',
    'Connections closed with an error, by error code (docs/protocol.md).',
    ['code'],
  );
  readonly #fileChunks = this.#counter(
    'gochat_file_chunks_total',
    'Chunks of files received or sent, by direction.',
    ['direction'],
  );
  readonly #fileBytes = this.#counter('gochat_file_chunk_bytes_total', 'Sealed bytes of those chunks.', [
    'direction',
  ]);
  readonly #fileRefusals = this.#counter(
    'gochat_file_refusals_total',
    'Requests on files refused, by error code (docs/protocol.md), and transfers cut because they were too slow.',
    ['code'],
  );
  readonly #appendSeconds = new Histogram({
    name: 'gochat_append_seconds',
    help: 'Seconds from a request to append an entry until it is durable, by kind.',
    labelNames: ['kind'],
    buckets: APPEND_SECONDS,
    registers: [this.#registry],
  });
  readonly #commitChanges = new Histogram({
    name: 'gochat_commit_changes',
    help: 'Writes that shared one sync of the disk.',
    buckets: COMMIT_CHANGES,
    registers: [this.#registry],
  });

  constructor() {
    this.#gauge('gochat_resident_bytes', 'Resident memory of the process in bytes.', () =>
      process.memoryUsage.rss(),
    );
    this.#gauge('gochat_cpu_seconds', 'CPU time of the process in seconds, user and system.', cpuSeconds);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Registers the gauges. The node calls it once. */
  observe({
    connections,
    roomsLive,
    inFlight,
    unfinishedBytes,
    rooms,
    writable,
    files,
  }: MetricsSources): void {
    this.#gauge('gochat_connections', 'Open connections.', connections);
    if (rooms !== undefined) this.#gauge('gochat_rooms', 'Rooms stored.', rooms);
    this.#gauge('gochat_rooms_live', 'Rooms that someone follows.', roomsLive);
    this.#gauge('gochat_requests_in_flight', 'Requests waiting for the log.', inFlight);
    this.#gauge('gochat_unfinished_bytes', 'Bytes of frames that have not ended.', unfinishedBytes);
    this.#gauge(
      'gochat_log_writable',
      '1 while the log accepts writes, 0 while it does not; between them while only the streams of some rooms do.',
      writable,
    );
    if (files === undefined) return;
    this.#gauge('gochat_files', 'Files stored, as far as this node knows.', () => files().files);
    this.#gauge('gochat_file_bytes', 'What those files take on the disk.', () => files().bytes);
  }

  broadcast(_room: string, { body }: Entry, connections: number): void {
    this.#deliveries.inc(connections);
    this.#deliveredBytes.inc(body.length * connections);
  }

  committed(changes: number): void {
    this.#commitChanges.observe(changes);
  }

  refused(code: string, ends: boolean): void {
    this.#refusals.inc({ code });
    if (ends) this.#ended.inc({ code });
  }

  fileMoved(direction: 'received' | 'sent', bytes: number): void {
    this.#fileChunks.inc({ direction });
    this.#fileBytes.inc({ direction }, bytes);
  }

  /** @param code of a refusal, or `slow` */
  fileRefused(code: string): void {
    this.#fileRefusals.inc({ code });
  }

  /** Wraps a log so that its appends are counted and timed. */
  watch(log: RoomLog): RoomLog {
    const timed = async <T extends object>(kind: string, work: Promise<T>): Promise<T> => {
      const began = performance.now();
      const outcome = await work;
      if (!('pos' in outcome)) this.#conflicts.inc({ kind });
      else if ('dup' in outcome && outcome.dup === true) this.#repeats.inc();
      else {
        this.#appends.inc({ kind });
        this.#appendSeconds.observe({ kind }, (performance.now() - began) / 1000);
      }
      return outcome;
    };
    return {
      append: (room, message) => timed(message.kind ?? 'message', log.append(room, message)),
      handshake: (room, after, handshake) => timed('handshake', log.handshake(room, after, handshake)),
      head: (room) => log.head(room),
      read: (room, after, limit) => log.read(room, after, limit),
      follow: (room, after, sink) => log.follow(room, after, sink),
      open: (room, begin) => log.open(room, begin),
      drop: (room) => log.drop(room),
    };
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[] = []): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
