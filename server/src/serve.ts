import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as after } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import { FileDoor } from './files/file-door.ts';
import type { FileStore } from './files/file-store.ts';
import { Files } from './files/files.ts';
import { Passes } from './files/passes.ts';
import type { Engine } from './log/engine.ts';
import { type Address, addressOf, isUnknown, visitorAddress } from './net/address.ts';
import type { Assets } from './net/assets.ts';
import type { Certificate } from './net/certificate.ts';
import { EndOfTick } from './net/end-of-tick.ts';
import type { ForwardedSettings } from './net/forwarded-address.ts';
import { HttpEndpoint } from './net/http.ts';
import { LineLink } from './net/line-link.ts';
import type { Link } from './net/link.ts';
import { Listener } from './net/listen.ts';
import { type ServedName, ServedNames } from './net/served-names.ts';
import { TimerWheel } from './net/timer-wheel.ts';
import { WebLink } from './net/web-link.ts';
import { SERVER_LIMITS, type ServerLimits } from './operate/limits.ts';
import { Metrics } from './operate/metrics.ts';
import { OperatorEndpoint } from './operate/operator-endpoint.ts';
import type { BroadcastObserver } from './room/broadcast-observer.ts';
import { HandshakeRates } from './room/handshake-rates.ts';
import { QuietRates } from './room/quiet-rates.ts';
import { Rooms } from './room/rooms.ts';
import { AccessKeys } from './session/access-keys.ts';
import { AddressRates } from './session/address-rates.ts';
import { Admission } from './session/admission.ts';
import { Connection } from './session/connection.ts';
import { InFlight } from './session/in-flight.ts';
import type { NodeContext } from './session/node-context.ts';
import { Refusal } from './session/refusal.ts';
import { handle } from './session/requests.ts';
import { UnfinishedFrames } from './session/unfinished-frames.ts';

export interface ServeOptions {
  readonly engine: Engine;
  /** Where files are stored; absent: nowhere. */
  readonly files?: FileStore;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** The host names that this server answers to. */
  readonly names: readonly ServedName[];
  readonly logger: Logger;
  readonly certificate?: Certificate;
  /** Whether the port speaks TLS although `certificate` is absent: {@link RunningServer.renew} brings it. */
  readonly secured?: boolean;
  /** How proxies name the client's address; absent: clients connect directly. */
  readonly forwarded?: ForwardedSettings;
  /** Whether an onion service forwards connections to this server, from loopback or through the proxy. */
  readonly onion?: boolean;
  /** The files of the web client; absent: a landing page is served. */
  readonly assets?: Assets;
  readonly retainSec?: number;
  /** Whether the engine deletes messages that take too much space, however young they are. */
  readonly hasQuotas?: boolean;
  /** The token that creating a room requires; absent: none. */
  readonly createToken?: string;
  /** Whether members of a room on this server may create rooms without the token. */
  readonly membersCreate?: boolean;
  readonly observer?: BroadcastObserver;
  readonly metrics?: Metrics;
  /** Where metrics and health checks are served; absent: nowhere. */
  readonly operator?: { readonly host: string; readonly port: number };
  readonly software?: string;
  readonly limits?: Partial<ServerLimits>;
  readonly now?: () => number;
  readonly randomBytes?: (length: number) => Uint8Array;
}

export interface RunningServer {
  readonly host: string;
  readonly port: number;
  /** The port of metrics and health checks; undefined: they are not served. */
  readonly operatorPort: number | undefined;
  /** How many connections are open. */
  connections(): number;
  /** New connections get this certificate. Does nothing if the port doesn't speak TLS. */
  renew(certificate: Certificate): void;
  /** Answers ACME challenges (RFC 8737) with this certificate; undefined: answers none. */
  answerChallenge(certificate: Certificate | undefined): void;
  /** Stops gracefully: nothing that was acknowledged is lost, and the engine is closed. */
  close(): Promise<void>;
}

/** The timer wheel's resolution: this fraction of the shortest limit. */
const WHEEL_TICKS = 64;
const MIN_TICK_MS = 10;
const LEAVE_TICK_MS = 100;

/** Starts one node. Resolves when its port is open. @throws the system's error when a port can't be opened */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const node = new Node(options);
  const { port, operatorPort } = await node.listen();
  return {
    host: options.host,
    port,
    operatorPort,
    connections: () => node.connections,
    renew: (certificate) => node.renew(certificate),
    answerChallenge: (certificate) => node.answerChallenge(certificate),
    close: () => node.close(),
  };
}

class Node {
  readonly #options: ServeOptions;
  readonly #limits: ServerLimits;
  readonly #context: NodeContext;
  readonly #listener: Listener;
  readonly #http: HttpEndpoint;
  readonly #connections = new Set<Connection>();
  readonly #operator: OperatorEndpoint;
  readonly #sweeps: readonly NodeJS.Timeout[];
  readonly #files: Files | undefined;
  #closing: Promise<void> | undefined;
  #warnedAddressUnknown = false;
  /** How many connections an onion service has forwarded. */
  #visitors = 0;
  /** A connection over HTTP may make several requests. */
  readonly #visitorOf = new WeakMap<Duplex, Address>();

  constructor(options: ServeOptions) {
    const { engine } = options;
    const context = contextOf(options);
    const { limits, metrics, names, timers, now } = context;
    const secured = options.secured ?? options.certificate !== undefined;
    // The other nodes have the same streams: a node that can write only some rooms is as good as any other.
    const ready = () => this.#closing === undefined && engine.writable() > 0;
    this.#options = options;
    this.#limits = limits;
    this.#context = context;
    const files = filesOf(options, context);
    this.#files = files;
    metrics.observe({
      connections: () => this.#connections.size,
      ...(engine.rooms === undefined ? {} : { rooms: engine.rooms }),
      roomsLive: () => this.#context.rooms.size,
      inFlight: () => this.#context.inFlight.size,
      unfinishedBytes: () => this.#context.frames.bytes,
      writable: engine.writable,
      ...(files === undefined ? {} : { files: () => files.usage }),
    });
    this.#operator = new OperatorEndpoint({ metrics, ready });
    this.#http = new HttpEndpoint({
      names,
      limits,
      timers,
      now,
      ...(options.forwarded === undefined ? {} : { forwarded: options.forwarded }),
      addressUnknown: () => this.#warnAddressUnknown(),
      secured,
      ready,
      ...(options.assets === undefined ? {} : { assets: options.assets }),
      ...(this.#files === undefined ? {} : { files: doorOf(this.#files, context) }),
      counted: (from, socket) => this.#counted(from, socket),
      connected: (ws, socket, address) => this.#takeWeb(ws, socket, address),
    });
    const protocols = {
      line: (socket: Socket, first: Buffer) => this.#takeLine(socket, first),
      http: (socket: Socket) => this.#http.take(socket),
    };
    this.#listener = new Listener({
      protocols,
      timers,
      limits,
      now,
      secured,
      acceptFailed: (error) => options.logger.warn({ err: error }, 'could not accept a connection'),
      ...(options.certificate === undefined ? {} : { certificate: options.certificate }),
    });
    this.#sweeps = [
      setInterval(() => void this.#sweepOnce(), limits.sweepMs),
      setInterval(() => void this.#sweepFiles(), limits.fileSweepMs),
      // A store that did not answer at the start is asked again sooner.
      setInterval(() => void (this.#files?.counted === false && this.#sweepFiles()), limits.sweepMs),
    ];
    for (const timer of this.#sweeps) timer.unref();
    void this.#sweepFiles();
  }

  get connections(): number {
    return this.#connections.size;
  }

  async listen(): Promise<{ readonly port: number; readonly operatorPort: number | undefined }> {
    const { port, host, operator } = this.#options;
    try {
      const operatorPort = operator && (await this.#operator.listen(operator.port, operator.host));
      return { port: await this.#listener.listen(port, host), operatorPort };
    } catch (error) {
      this.#operator.close();
      this.#stopSweeps();
      await this.#files?.close();
      this.#context.timers.stop();
      throw error;
    }
  }

  renew(certificate: Certificate): void {
    this.#listener.renew(certificate);
  }

  answerChallenge(certificate: Certificate | undefined): void {
    this.#listener.answerChallenge(certificate);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { inFlight, rooms, timers, logger } = this.#context;
    logger.info({ connections: this.#connections.size }, 'stopping');
    this.#listener.close();
    this.#stopSweeps();
    const last = await this.#disconnectInSteps([...this.#connections]);
    for (const connection of last) connection.stop();
    await within(this.#limits.stopMs, inFlight.settled());
    // Replies and entries of this tick are written before the connections are closed.
    await new Promise((resolve) => setImmediate(resolve));
    for (const connection of last) connection.refuse(stopping());
    await within(this.#limits.stopMs, Promise.all(last.map((connection) => connection.whenGone())));
    this.#http.close();
    await this.#files?.close();
    this.#operator.close();
    rooms.close();
    timers.stop();
    await this.#options.engine.close();
  }

  /** Disconnects a few connections per step, except those of the last step. @returns the connections of the last step */
  async #disconnectInSteps(connections: readonly Connection[]): Promise<readonly Connection[]> {
    const steps = Math.max(1, Math.ceil(this.#limits.leaveMs / LEAVE_TICK_MS));
    const perStep = Math.ceil(connections.length / steps);
    let leaving: readonly Connection[] = [];
    for (let sent = 0; sent < connections.length; sent += perStep) {
      if (sent > 0) await after(LEAVE_TICK_MS);
      // Their last requests had one step to be answered.
      for (const connection of leaving) connection.refuse(stopping());
      leaving = connections.slice(sent, sent + perStep);
      for (const connection of leaving) connection.stop();
    }
    return leaving;
  }

  #takeLine(socket: Socket, first: Buffer): void {
    const link = new LineLink(socket, this.#context.endOfTick, this.#limits.lingerMs);
    // Behind a proxy, the socket's address is the proxy's: all clients would share it.
    const direct = this.#options.forwarded === undefined ? socket.remoteAddress : undefined;
    link.start(this.#begin(link, this.#counted(addressOf(direct), socket)));
    link.receive(first);
  }

  #takeWeb(ws: WebSocket, socket: Duplex, address: Address): void {
    const link = new WebLink(ws, socket, this.#context.endOfTick, this.#limits.lingerMs);
    link.start(this.#begin(link, address));
  }

  #begin(link: Link, address: Address): Connection {
    const connection = new Connection({ node: this.#context, link, address, handle, ended: this.#ended });
    this.#connections.add(connection);
    this.#context.logger.debug({ address: address.name, transport: link.transport }, 'connected');
    connection.begin();
    if (this.#closing !== undefined) connection.refuse(stopping());
    return connection;
  }

  /** The address by which limits count a connection. */
  #counted(from: Address, socket: Duplex): Address {
    if (this.#options.onion !== true || !(from.loopback || isUnknown(from))) return from;
    const known = this.#visitorOf.get(socket);
    if (known !== undefined) return known;
    this.#visitors += 1;
    const visitor = visitorAddress(this.#visitors);
    this.#visitorOf.set(socket, visitor);
    return visitor;
  }

  #warnAddressUnknown(): void {
    if (this.#warnedAddressUnknown || this.#options.onion === true) return;
    this.#warnedAddressUnknown = true;
    this.#options.logger.warn(
      'the proxy names no client address that can be read, so limits by address do not apply to such clients: set its X-Forwarded-For header, or name its header with --proxy-header',
    );
  }

  readonly #ended = (connection: Connection): void => {
    this.#connections.delete(connection);
  };

  #stopSweeps(): void {
    for (const timer of this.#sweeps) clearInterval(timer);
  }

  /** Also counts the files, without which none is stored. */
  async #sweepFiles(): Promise<void> {
    try {
      await this.#files?.sweep();
    } catch (error) {
      this.#context.logger.error({ err: error }, 'could not look through the files; trying again later');
    }
  }

  async #sweepOnce(): Promise<void> {
    try {
      await this.#options.engine.sweep();
    } catch (error) {
      this.#context.logger.error({ err: error }, 'could not delete expired messages; trying again later');
    }
  }
}

function filesOf({ files: store }: ServeOptions, context: NodeContext): Files | undefined {
  const { log, limits, now, logger } = context;
  return store && new Files({ store, log, limits, now, logger });
}

function doorOf(files: Files, context: NodeContext): FileDoor {
  return new FileDoor({ ...context, files, passes: new Passes(context) });
}

function contextOf(options: ServeOptions): NodeContext {
  const { engine, observer, metrics = new Metrics(), now = Date.now } = options;
  const limits = { ...SERVER_LIMITS, ...options.limits };
  const log = metrics.watch(engine.log);
  const endOfTick = new EndOfTick();
  const shortestMs = Math.min(limits.helloMs, limits.silenceMs, limits.graceMs, limits.httpMs);
  const room = {
    log,
    ...(engine.signals === undefined ? {} : { signals: engine.signals }),
    endOfTick,
    limits,
    observers: observer === undefined ? [metrics] : [metrics, observer],
  };
  const timers = new TimerWheel(now, Math.max(MIN_TICK_MS, shortestMs / WHEEL_TICKS));
  return {
    log,
    state: engine.state,
    rooms: new Rooms(room, limits.roomsFollowed),
    keys: new AccessKeys(log, limits.accessKeysCached),
    admission: new Admission(limits),
    rates: new AddressRates(limits, now, engine.counters),
    handshakes: new HandshakeRates(limits, now),
    quiet: new QuietRates(limits, now),
    names: new ServedNames(options.names),
    limits,
    endOfTick,
    timers,
    frames: new UnfinishedFrames(limits, timers, now),
    inFlight: new InFlight(),
    logger: options.logger,
    metrics,
    now,
    randomBytes: options.randomBytes ?? randomBytes,
    software: options.software ?? 'gochat',
    createToken: options.createToken,
    membersCreate: options.membersCreate ?? false,
    retainSec: options.retainSec,
    hasQuotas: options.hasQuotas ?? false,
    storesFiles: options.files !== undefined,
  };
}

function stopping(): Refusal {
  return new Refusal('restarting', 'the server is stopping');
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
