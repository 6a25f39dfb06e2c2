import * as v from 'valibot';
import type { Channel } from './channel.ts';
import { OWNER_LIMITS } from './limits.ts';

const signal = v.variant('type', [
  v.object({ type: v.literal('line'), text: v.string() }),
  /** Confirms that this many characters were taken. */
  v.object({ type: v.literal('taken'), chars: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) }),
  v.object({ type: v.literal('ping') }),
  v.object({ type: v.literal('pong') }),
  v.object({ type: v.literal('bye') }),
]);
type Signal = v.InferOutput<typeof signal>;

/**
 * Messages as JSON between two tabs, over a broadcast channel whose name only these two know. The browser queues messages for a
 * frozen tab without a limit, so each side confirms what it has taken, and a side that doesn't is disconnected.
 */
export class TabChannel<In, Out extends { type: string }> implements Channel<In, Out> {
  readonly closed: Promise<void>;
  readonly #port: BroadcastChannel;
  readonly #schema: v.GenericSchema<unknown, In>;
  #take: ((message: In) => void) | undefined;
  /** Messages that came before `receive`; no more than a peer may send unconfirmed. */
  readonly #early: string[] = [];
  #earlyChars = 0;
  #untold = 0;
  #unread = 0;
  #pongs = 0;
  #ended = false;
  #end: () => void = () => undefined;

  /** @param port a channel whose name only the peer knows. */
  constructor(port: BroadcastChannel, schema: v.GenericSchema<unknown, In>) {
    this.#port = port;
    this.#schema = schema;
    this.closed = new Promise((resolve) => {
      this.#end = resolve;
    });
    port.onmessage = ({ data }) => this.#hear(data);
    port.onmessageerror = () => this.close();
  }

  /** How often the peer has answered {@link ping}. */
  get pongs(): number {
    return this.#pongs;
  }

  ping(): void {
    this.#post({ type: 'ping' });
  }

  receive(take: (message: In) => void): void {
    this.#take = take;
    for (const text of this.#early.splice(0)) this.#pass(text, take);
  }

  send(message: Out): 'sent' | 'unfit' | 'gone' {
    if (this.#ended) return 'gone';
    const text = encode(message);
    if (text === undefined || text.length > OWNER_LIMITS.messageBytes) return 'unfit';
    if (this.#unread + text.length > OWNER_LIMITS.queuedBytes) {
      this.close();
      return 'gone';
    }
    this.#unread += text.length;
    this.#post({ type: 'line', text });
    return 'sent';
  }

  close(): void {
    this.#post({ type: 'bye' });
    this.#finish();
  }

  #hear(data: unknown): void {
    if (this.#ended) return;
    const { success, output } = v.safeParse(signal, data);
    if (!success) this.close();
    else if (output.type === 'line') this.#line(output.text);
    else if (output.type === 'taken') this.#unread -= output.chars;
    else if (output.type === 'ping') this.#post({ type: 'pong' });
    else if (output.type === 'pong') this.#pongs += 1;
    else this.#finish();
  }

  #line(text: string): void {
    if (this.#take !== undefined) this.#pass(text, this.#take);
    else if (this.#earlyChars + text.length > OWNER_LIMITS.queuedBytes) this.close();
    else {
      this.#early.push(text);
      this.#earlyChars += text.length;
    }
  }

  #pass(text: string, take: (message: In) => void): void {
    if (this.#ended) return;
    try {
      take(v.parse(this.#schema, JSON.parse(text)));
    } catch {
      this.close();
      return;
    }
    this.#untold += text.length;
    if (this.#untold < OWNER_LIMITS.toldBytes) return;
    this.#post({ type: 'taken', chars: this.#untold });
    this.#untold = 0;
  }

  #post(message: Signal): void {
    if (!this.#ended) this.#port.postMessage(message);
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#early.length = 0;
    this.#port.close();
    this.#end();
  }
}

function encode(message: unknown): string | undefined {
  try {
    return JSON.stringify(message);
  } catch {
    return undefined;
  }
}
