import type { Channel } from './channel.ts';
import { OWNER_LIMITS } from './limits.ts';
import { OWNER_PROTOCOL, type ToGuest, type ToOwner } from './messages.ts';

/** A guest, as a handler sees it. */
export interface Visitor {
  /** Sends an event to it. @returns false when the guest is gone, or the event is too large or not JSON. */
  emit(event: string, data: unknown): boolean;
  /** Aborts when the guest is gone; its subscriptions end. */
  readonly left: AbortSignal;
}

/** Answers a guest's call with a value that becomes JSON. An error reaches the guest as name, message, `code` and `data`. */
export type Handler = (method: string, params: unknown, visitor: Visitor) => Promise<unknown>;

/** The owner's side of the socket: greets every guest and answers its calls. */
export class Host {
  readonly #token: string;
  readonly #channels = new Set<Channel<ToOwner, ToGuest>>();
  #handler: Handler | undefined;

  constructor(token: string) {
    this.#token = token;
  }

  /** Earlier calls have waited in their channels. */
  serve(handler: Handler): void {
    if (this.#handler !== undefined) throw new Error('this profile is being served already');
    this.#handler = handler;
    for (const channel of this.#channels) answerCalls(channel, handler);
  }

  admit(channel: Channel<ToOwner, ToGuest>): void {
    this.#channels.add(channel);
    void channel.closed.then(() => this.#channels.delete(channel));
    channel.send({ type: 'greeting', protocol: OWNER_PROTOCOL, token: this.#token });
    if (this.#handler !== undefined) answerCalls(channel, this.#handler);
  }

  /** Ends all channels after the messages that were sent. */
  dismiss(): void {
    for (const channel of this.#channels) channel.close();
  }
}

function answerCalls(channel: Channel<ToOwner, ToGuest>, handler: Handler): void {
  const left = new AbortController();
  const visitor: Visitor = {
    emit: (event, data) => channel.send({ type: 'event', event, data }) === 'sent',
    left: left.signal,
  };
  let inFlight = 0;
  const answer = async ({ id, method, params }: ToOwner) => {
    inFlight += 1;
    const settled = await settle(id, () => handler(method, params, visitor));
    inFlight -= 1;
    if (channel.send(settled) !== 'unfit') return;
    channel.send(refusal(id, 'unfit', `the answer to ${method} is too large, or no JSON`));
  };
  void channel.closed.then(() => left.abort());
  channel.receive((call) => {
    if (inFlight < OWNER_LIMITS.callsInFlight) void answer(call);
    else channel.send(refusal(call.id, 'busy', 'too many calls at once'));
  });
}

function refusal(id: number, code: 'unfit' | 'busy', message: string): ToGuest {
  return { type: 'error', id, error: { name: 'CallFailed', message, code } };
}

async function settle(id: number, work: () => Promise<unknown>): Promise<ToGuest> {
  try {
    return { type: 'result', id, result: await work() };
  } catch (error) {
    return { type: 'error', id, error: describe(error) };
  }
}

function describe(error: unknown): Extract<ToGuest, { type: 'error' }>['error'] {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { name: error.name, message: error.message, ...code, ...('data' in error && { data: error.data }) };
}
