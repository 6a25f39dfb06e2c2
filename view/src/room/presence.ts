import type { ChatEvent } from '@gochat/client/methods';
import type { Platform } from '../chat/platform.ts';
import type { Readers } from '../timeline/context.ts';

type Signal = Extract<ChatEvent, { kind: 'presence' }>['says'];

/** How often a member who looks at a room signals it, in rooms of up to 120 members. In larger rooms the interval grows with the members. */
const HERE_MS = 30_000;
const HERE_MS_PER_MEMBER = 250;
const TYPING_SHOWN_MS = 6000;
const TYPING_SAID_MS = 4000;
/** Any member can signal: the state of no more than this many is kept. */
const MOST = 1000;

/** What a person has signaled. */
interface Seen {
  readonly devices: Map<string, SeenDevice>;
  /** How far the person has read, on any device. */
  read: number;
}

/** The times until which a person counts as here and as typing on one device. */
interface SeenDevice {
  here: number;
  typing: number;
}

/** Who signals, by the keys of identity and device. */
type Sender = Pick<Extract<ChatEvent, { kind: 'presence' }>, 'identity' | 'device'>;

export interface PresenceParts {
  readonly platform: Pick<Platform, 'now' | 'after'>;
  /** Sends a signal to the members who look at the room. */
  readonly say: (says: Signal) => void;
  readonly changed: () => void;
}

/** Who looks at a room, who types, and how far each has read, as they signal it. Signals can be lost or wrong. */
export class Presence {
  readonly #parts: PresenceParts;
  readonly #seen = new Map<string, Seen>();
  #members: ReadonlyMap<string, string> = new Map();
  #self = '';
  #looking = false;
  #live = false;
  #receipts = true;
  #read = 0;
  #saidRead = 0;
  #saidTyping = 0;
  #stopHere: () => void = () => undefined;
  #stopExpiry: () => void = () => undefined;
  #stopAnswer: (() => void) | undefined;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
  }

  /** @param labels of the members by identity key. @param self this profile's identity key. */
  members(labels: ReadonlyMap<string, string>, self: string): void {
    this.#members = labels;
    this.#self = self;
    for (const identity of this.#seen.keys()) if (!labels.has(identity)) this.#seen.delete(identity);
  }

  /** Sets this profile's own state: whether the server is reachable, whether the room is looked at, and the read position. */
  own(state: {
    readonly live: boolean;
    readonly looking: boolean;
    readonly receipts: boolean;
    readonly read: number;
  }): void {
    const wasHere = this.#live && this.#looking;
    this.#live = state.live;
    this.#looking = state.looking;
    this.#receipts = state.receipts;
    this.#read = state.read;
    const isHere = state.live && state.looking;
    if (isHere && !wasHere) this.#sayHere(true);
    else if (isHere && state.receipts && this.#read > this.#saidRead) this.#sayHere(false);
    else if (!isHere && wasHere) {
      this.#stopHere();
      if (state.live) this.#parts.say({ kind: 'away' });
    }
  }

  /** Signals that this profile types, or has stopped. */
  typing(on: boolean): void {
    if (!this.#live) return;
    const now = this.#parts.platform.now();
    if (on && now - this.#saidTyping < TYPING_SAID_MS) return;
    if (!on && this.#saidTyping === 0) return;
    this.#saidTyping = on ? now : 0;
    this.#parts.say({ kind: 'typing', on });
  }

  heard({ identity, device }: Sender, says: Signal): void {
    if (identity === this.#self || !this.#members.has(identity)) return;
    const person = this.#of(identity);
    if (person === undefined) return;
    const seen = person.devices.get(device) ?? { here: 0, typing: 0 };
    person.devices.set(device, seen);
    const now = this.#parts.platform.now();
    switch (says.kind) {
      case 'typing':
        seen.typing = says.on ? now + TYPING_SHOWN_MS : 0;
        break;
      case 'here':
        seen.here = now + 2.5 * this.#everyMs();
        person.read = Math.max(person.read, Number(says.read ?? 0));
        if (says.ask === true) this.#answer();
        break;
      case 'away':
        seen.here = 0;
        seen.typing = 0;
        break;
      default:
        says satisfies never;
    }
    this.#expire();
    this.#parts.changed();
  }

  /** A member's message arrived at a position: its author has read up to there and types no more. */
  spoke(identity: string, at: number): void {
    if (identity === this.#self) return;
    const seen = this.#of(identity);
    if (seen === undefined) return;
    for (const device of seen.devices.values()) device.typing = 0;
    seen.read = Math.max(seen.read, at);
  }

  /** Whether a person looks at the room, on any device. */
  isHere(identity: string): boolean {
    if (identity === this.#self) return this.#looking;
    const now = this.#parts.platform.now();
    return [...(this.#seen.get(identity)?.devices.values() ?? [])].some(({ here }) => here > now);
  }

  /** The names of those who type now. */
  get typists(): string[] {
    const now = this.#parts.platform.now();
    return [...this.#seen].flatMap(([identity, { devices }]) =>
      [...devices.values()].some(({ typing }) => typing > now) ? [this.#members.get(identity) ?? ''] : [],
    );
  }

  get readers(): Readers {
    return [...this.#seen]
      .flatMap(([identity, { read }]) => {
        const name = this.#members.get(identity);
        return read > 0 && name !== undefined ? [{ identity, name, at: read }] : [];
      })
      .sort((a, b) => a.at - b.at);
  }

  close(): void {
    if (this.#live && this.#looking) this.#parts.say({ kind: 'away' });
    this.#live = false;
    this.#stopHere();
    this.#stopExpiry();
    this.#stopAnswer?.();
  }

  #of(identity: string): Seen | undefined {
    const known = this.#seen.get(identity);
    if (known !== undefined || this.#seen.size >= MOST) return known;
    const fresh = { devices: new Map(), read: 0 };
    this.#seen.set(identity, fresh);
    return fresh;
  }

  #everyMs(): number {
    return Math.max(HERE_MS, this.#members.size * HERE_MS_PER_MEMBER);
  }

  #sayHere(ask: boolean): void {
    this.#stopHere();
    this.#saidRead = this.#read;
    const read = String(this.#read) as NonNullable<Extract<Signal, { kind: 'here' }>['read']>;
    this.#parts.say({ kind: 'here', ...(this.#receipts && { read }), ...(ask && { ask: true as const }) });
    this.#stopHere = this.#parts.platform.after(this.#everyMs(), () => {
      if (this.#live && this.#looking) this.#sayHere(false);
    });
  }

  /** Answers a request for presence. Many members may get it at once, so the answer is delayed, and sent once. */
  #answer(): void {
    if (!this.#live || !this.#looking || this.#stopAnswer !== undefined) return;
    this.#stopAnswer = this.#parts.platform.after(Math.min(5000, 50 + this.#members.size * 10), () => {
      this.#stopAnswer = undefined;
      if (this.#live && this.#looking) this.#sayHere(false);
    });
  }

  /** Reports a change when the next member stops typing or being here. */
  #expire(): void {
    this.#stopExpiry();
    const now = this.#parts.platform.now();
    const ends = [...this.#seen.values()]
      .flatMap(({ devices }) => [...devices.values()])
      .flatMap(({ here, typing }) => [here, typing])
      .filter((end) => end > now);
    if (ends.length === 0) return;
    this.#stopExpiry = this.#parts.platform.after(Math.min(...ends) - now + 1, () => {
      this.#parts.changed();
      this.#expire();
    });
  }
}
