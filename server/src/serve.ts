import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as after } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import type { Engine } from './log/engine.ts';
import { type Address, addressOf } from './net/address.ts';
import type { Assets } from './net/assets.ts';
import { EndOfTick } from './net/end-of-tick.ts';
import { WebDoor } from './net/http.ts';
import { LineLink } from './net/line-link.ts';
import type { Link } from './net/link.ts';
import { type Certificate, Listener } from './net/listen.ts';
import { type ServedName, ServedNames } from './net/served-names.ts';
import { TimerWheel } from './net/timer-wheel.ts';
import { WebLink } from './net/web-link.ts';
import { SERVER_LIMITS, type ServerLimits } from './operate/limits.ts';
import { Metrics } from './operate/metrics.ts';
import { OperatorDoor } from './operate/operator-door.ts';
import type { BroadcastObserver } from './room/broadcast-observer.ts';
import { Rooms } from './room/rooms.ts';
import { AccessKeys } from './session/access-keys.ts';
import { AddressRates } from './session/address-rates.ts';
import { Admission } from './session/admission.ts';
import { InFlight } from './session/in-flight.ts';
import type { NodeContext } from './session/node-context.ts';
import { Refusal } from './session/refusal.ts';
import { Session } from './session/session.ts';

export interface ServeOptions {
  readonly engine: Engine;
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** The hosts this server answers to. */
  readonly names: readonly ServedName[];
  readonly logger: Logger;
  readonly certificate?: Certificate;
  /** Whether TLS is spoken though the certificate is still to come. */
  readonly secured?: boolean;
  readonly behindProxy?: boolean;
  /** The chat's page. */
  readonly assets?: Assets;
  readonly retainSec?: number;
  /** Rooms are made only for those who name it; for everybody, if absent. */
  readonly createToken?: string;
  readonly view?: BroadcastObserver;
  readonly metrics?: Metrics;
  /** Where an operator's programs ask; nowhere, if absent. */
  readonly operator?: { readonly host: string; readonly port: number };
  readonly software?: string;
  readonly limits?: Partial<ServerLimits>;
  readonly now?: () => number;
  readonly randomBytes?: (length: number) => Uint8Array;
}

export interface RunningServer {
  readonly host: string;
  readonly port: number;
  /** Of the operator's door, where there is one. */
  readonly operatorPort: number | undefined;
  /** How many sessions there are. */
  connections(): number;
  /** Connections from now on get this certificate. It does nothing where no TLS is spoken. */
  renew(certificate: Certificate): void;
  /** Shows this certificate to an authority that wants a proof (RFC 8737); none, if undefined. */
  prove(certificate: Certificate | undefined): void;
  /** Stops gracefully: nothing that was acknowledged is lost, and the engine is closed. */
  close(): Promise<void>;
}

const WHEEL_TICKS = 64;
const MIN_TICK_MS = 10;
const LEAVE_TICK_MS = 100;

/** Starts one node. It resolves when the port is open; it rejects with the system's error when it can't be. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const node = new Node(options);
  const { port, operatorPort } = await node.listen();
  return {
    host: options.host,
    port,
    operatorPort,
    connections: () => node.connections,
    renew: (certificate) => node.renew(certificate),
    prove: (certificate) => node.prove(certificate),
    close: () => node.close(),
  };
}

class Node {
  readonly #options: ServeOptions;
  readonly #limits: ServerLimits;
  readonly #relay: NodeContext;
  readonly #listener: Listener;
  readonly #web: WebDoor;
  readonly #sessions = new Set<Session>();
  readonly #operatorDoor: OperatorDoor;
  readonly #sweep: NodeJS.Timeout;
  #closing: Promise<void> | undefined;

  constructor(options: ServeOptions) {
    const now = options.now ?? Date.now;
    const limits = { ...SERVER_LIMITS, ...options.limits };
    const { engine, metrics = new Metrics() } = options;
    const { counts, signals } = engine;
    const log = metrics.watch(engine.log);
    const ready = () => this.#closing === undefined && engine.writable();
    const views = options.view === undefined ? [metrics] : [metrics, options.view];
    const turn = new EndOfTick();
    const secured = options.secured ?? options.certificate !== undefined;
    const watched = [limits.helloMs, limits.silenceMs, limits.graceMs, limits.httpMs];
    const wheel = new TimerWheel(now, Math.max(MIN_TICK_MS, Math.min(...watched) / WHEEL_TICKS));
    const names = new ServedNames(options.names);
    this.#options = options;
    this.#limits = limits;
    this.#relay = {
      log,
      state: engine.state,
      rooms: new Rooms(
        { log, ...(signals === undefined ? {} : { signals }), turn, limits, views },
        limits.roomsFollowed,
      ),
      keys: new AccessKeys(log, limits.accessKeysCached),
      admission: new Admission(limits),
      rates: new AddressRates(limits, now, counts),
      names,
      limits,
      turn,
      wheel,
      work: new InFlight(),
      logger: options.logger,
      metrics,
      now,
      randomBytes: options.randomBytes ?? randomBytes,
      software: options.software ?? 'gochat',
      createToken: options.createToken,
      retainSec: options.retainSec,
    };
    metrics.observe({
      connections: () => this.#sessions.size,
      ...(engine.rooms === undefined ? {} : { rooms: engine.rooms }),
      roomsLive: () => this.#relay.rooms.size,
      inFlight: () => this.#relay.work.size,
      writable: engine.writable,
    });
    this.#operatorDoor = new OperatorDoor({ metrics, ready });
    this.#web = new WebDoor({
      names,
      limits,
      wheel,
      now,
      behindProxy: options.behindProxy ?? false,
      secured,
      ready,
      ...(options.assets === undefined ? {} : { assets: options.assets }),
      connected: (ws, socket, address) => this.#takeWeb(ws, socket, address),
    });
    const doors = {
      line: (socket: Socket, first: Buffer) => this.#takeLine(socket, first),
      http: (socket: Socket) => this.#web.take(socket),
    };
    this.#listener = new Listener({
      doors,
      wheel,
      limits,
      now,
      secured,
      failed: (error) => options.logger.warn({ err: error }, 'a connection could not be accepted'),
      ...(options.certificate === undefined ? {} : { certificate: options.certificate }),
    });
    this.#sweep = setInterval(() => void this.#sweepOnce(), limits.sweepMs);
    this.#sweep.unref();
  }

  get connections(): number {
    return this.#sessions.size;
  }

  async listen(): Promise<{ readonly port: number; readonly operatorPort: number | undefined }> {
    const { port, host, operator } = this.#options;
    try {
      const operatorPort = operator && (await this.#operatorDoor.listen(operator.port, operator.host));
      return { port: await this.#listener.listen(port, host), operatorPort };
    } catch (error) {
      this.#operatorDoor.close();
      clearInterval(this.#sweep);
      this.#relay.wheel.stop();
      throw error;
    }
  }

  renew(certificate: Certificate): void {
    this.#listener.renew(certificate);
  }

  prove(certificate: Certificate | undefined): void {
    this.#listener.prove(certificate);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { work, rooms, wheel } = this.#relay;
    this.#relay.logger.info({ connections: this.#sessions.size }, 'stopping');
    this.#listener.close();
    clearInterval(this.#sweep);
    const sessions = await this.#sendAway([...this.#sessions]);
    for (const session of sessions) session.stopTaking();
    await within(this.#limits.stopMs, work.settled());
    // What was answered just now leaves ahead of the farewell, entries too.
    await new Promise((resolve) => setImmediate(resolve));
    for (const session of sessions) session.refuse(stopping());
    await within(this.#limits.stopMs, Promise.all(sessions.map((session) => session.whenGone())));
    this.#web.close();
    this.#operatorDoor.close();
    rooms.close();
    wheel.stop();
    await this.#options.engine.close();
  }

  /** All but the last few are gone when it resolves. @returns those */
  async #sendAway(sessions: readonly Session[]): Promise<readonly Session[]> {
    const steps = Math.max(1, Math.ceil(this.#limits.leaveMs / LEAVE_TICK_MS));
    const perStep = Math.ceil(sessions.length / steps);
    let leaving: readonly Session[] = [];
    for (let sent = 0; sent < sessions.length; sent += perStep) {
      if (sent > 0) await after(LEAVE_TICK_MS);
      // What they had asked for has had a tick to be answered.
      for (const session of leaving) session.refuse(stopping());
      leaving = sessions.slice(sent, sent + perStep);
      for (const session of leaving) session.stopTaking();
    }
    return leaving;
  }

  #takeLine(socket: Socket, first: Buffer): void {
    const link = new LineLink(socket, this.#relay.turn, this.#limits.lingerMs);
    link.start(this.#begin(link, addressOf(socket.remoteAddress)));
    link.receive(first);
  }

  #takeWeb(ws: WebSocket, socket: Duplex, address: Address): void {
    const link = new WebLink(ws, socket, this.#relay.turn, this.#limits.lingerMs);
    link.start(this.#begin(link, address));
  }

  #begin(link: Link, address: Address): Session {
    const session = new Session(this.#relay, link, address, this.#ended);
    this.#sessions.add(session);
    this.#relay.logger.debug({ address: address.name, transport: link.transport }, 'connected');
    session.begin();
    if (this.#closing !== undefined) session.refuse(stopping());
    return session;
  }

  readonly #ended = (session: Session): void => {
    this.#sessions.delete(session);
  };

  async #sweepOnce(): Promise<void> {
    try {
      await this.#options.engine.sweep();
    } catch (error) {
      this.#relay.logger.error({ err: error }, 'erasing what has expired failed; it is tried again');
    }
  }
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
