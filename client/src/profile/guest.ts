import type { Clock } from '../schedule/clock.ts';
import type { Channel } from './channel.ts';
import { OWNER_LIMITS } from './limits.ts';
import { OWNER_PROTOCOL, type ToGuest, type ToOwner } from './messages.ts';

/** An error of the owner's handler, or why a call could not be made. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  /** The name of the error that the owner's handler threw. */
  readonly remoteName: string;
  readonly code: string | undefined;
  /** The data of a ChatError; not validated. */
  readonly data: unknown;
  constructor(error: { name: string; message: string; code?: string | undefined; data?: unknown }) {
    super(error.message);
    this.remoteName = error.name;
    this.code = error.code;
    this.data = error.data;
  }
}

const GONE = 'OwnerGone';

const NOT_BEGUN = 'not-begun';

/** The owner has ended: whether the call took effect is unknown, unless it was not begun. Claim the profile again. */
export class OwnerGone extends Error {
  override readonly name = GONE;
  /** Reaches the guest. */
  readonly code: string | undefined;
  constructor(code?: typeof NOT_BEGUN) {
    super('the process that held the profile is gone');
    this.code = code;
  }

  /** Of a call that had no effect, and may be made again. */
  static notBegun(): OwnerGone {
    return new OwnerGone(NOT_BEGUN);
  }

  get isNotBegun(): boolean {
    return this.code === NOT_BEGUN;
  }
}

/** The owner is an incompatible version of the program. */
export class OwnerIncompatible extends Error {
  override readonly name = 'OwnerIncompatible';
}

export type EventListener = (event: string, data: unknown) => void;

type Greeting = Extract<ToGuest, { type: 'greeting' }>;

interface Call {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The guest's side of the socket. */
export class GuestLink {
  /** Resolves when the owner is gone, or {@link close} was called. */
  readonly closed: Promise<void>;
  readonly #channel: Channel<ToGuest, ToOwner>;
  readonly #calls = new Map<number, Call>();
  readonly #listeners = new Set<EventListener>();
  readonly #greeted: Promise<Greeting | 'closed' | 'silent'>;
  #greet: (greeting: Greeting | 'closed' | 'silent') => void = () => undefined;
  #lastId = 0;

  constructor(channel: Channel<ToGuest, ToOwner>) {
    this.#channel = channel;
    this.#greeted = new Promise((resolve) => {
      this.#greet = resolve;
    });
    this.#channel.receive((message) => this.#take(message));
    this.closed = this.#channel.closed.then(() => this.#end());
  }

  /**
   * Waits for the greeting.
   * @returns `stranger` when the greeting has another token, `closed` or `silent` when there was none.
   * @throws OwnerIncompatible
   */
  async meet(
    token: string,
    withinMs: number,
    clock: Clock,
  ): Promise<'owner' | 'stranger' | 'closed' | 'silent'> {
    const callOff = clock.after(withinMs, () => this.#greet('silent'));
    const greeting = await this.#greeted;
    callOff();
    if (typeof greeting === 'string') return greeting;
    if (greeting.token !== token) return 'stranger';
    if (greeting.protocol === OWNER_PROTOCOL) return 'owner';
    throw new OwnerIncompatible(
      'another version of gochat holds this profile; close it, or use the same version for both',
    );
  }

  /** @throws CallFailed, OwnerGone */
  call(method: string, params: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#calls.size >= OWNER_LIMITS.callsInFlight) {
        return reject(
          new CallFailed({ name: 'CallFailed', message: 'too many calls at once', code: 'busy' }),
        );
      }
      this.#lastId += 1;
      const id = this.#lastId;
      const outcome = this.#channel.send({ type: 'call', id, method, params });
      if (outcome === 'sent') return this.#calls.set(id, { resolve, reject });
      if (outcome === 'gone') return reject(OwnerGone.notBegun());
      const message = `the call of ${method} is too large, or no JSON`;
      return reject(new CallFailed({ name: 'CallFailed', message, code: 'unfit' }));
    });
  }

  /** Events without a listener are lost: add the listener before the call that subscribes. */
  onEvent(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#channel.close();
  }

  #take(message: ToGuest): void {
    switch (message.type) {
      case 'greeting':
        this.#greet(message);
        break;
      case 'event':
        for (const listener of this.#listeners) listener(message.event, message.data);
        break;
      case 'result':
        this.#settle(message.id)?.resolve(message.result);
        break;
      case 'error':
        this.#settle(message.id)?.reject(
          message.error.name === GONE ? goneBy(message.error.code) : new CallFailed(message.error),
        );
        break;
      default:
        message satisfies never;
    }
  }

  #settle(id: number): Call | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call;
  }

  #end(): void {
    this.#greet('closed');
    for (const call of this.#calls.values()) call.reject(new OwnerGone());
    this.#calls.clear();
  }
}

function goneBy(code: string | undefined): OwnerGone {
  return code === NOT_BEGUN ? OwnerGone.notBegun() : new OwnerGone();
}
