import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { ascii, base64url } from './encoding.ts';
import type { Link } from './link.ts';
import { type KeyPair, random, sign } from './primitives.ts';

/** docs/protocol.md, “Connections” and “Signatures”: frames as lines over TCP. */

export interface InviteItem {
  readonly invite: string;
  readonly wrapped?: string;
  readonly join?: string;
  readonly expires?: number;
  readonly uses?: number;
}

/** A frame from the server, with the members of all types that this client reads. */
export interface Down {
  readonly type: string;
  readonly id?: string;
  readonly room?: string;
  readonly nonce?: string;
  readonly seq: string;
  readonly at: number;
  readonly kind: string;
  readonly body: string;
  readonly handshake: string;
  readonly floor: string;
  readonly groupInfo: string;
  readonly wrapped: string;
  readonly member: string;
  readonly invites: readonly InviteItem[];
  /** Of a `page`. */
  readonly entries?: readonly { readonly seq: string; readonly body: string }[];
  readonly code: string;
  readonly message: string;
}

type Value = string | number | true | object | undefined;
export type Up = Readonly<Record<string, Value>> & { readonly type: string };

export class ServerError extends Error {
  readonly frame: Down;

  constructor(frame: Down) {
    super(`${frame.code}: ${frame.message}`);
    this.frame = frame;
  }
}

/** The line *invites* of a proof and the lines of its items. */
export function inviteLines(invites: readonly InviteItem[]): string[] {
  const line = ({ invite, wrapped, join, expires, uses }: InviteItem) =>
    [invite, wrapped, join, expires, uses].map((value) => value ?? '-').join(' ');
  return [String(invites.length), ...invites.map(line)];
}

export const proof = (key: KeyPair, ...lines: readonly string[]): string =>
  base64url(sign(key, ascii(lines.map((line) => `${line}\n`).join(''))));

export const newId = (): string => base64url(random(16));

export class Wire {
  readonly #socket: Socket;
  readonly #origin: string;
  readonly #waiting = new Map<string, (reply: Down) => void>();
  #welcomeNonce = '';
  /** Receives the frames that are no reply, in order. */
  listener: (frame: Down) => void = () => {};

  private constructor(socket: Socket, origin: string) {
    this.#socket = socket;
    this.#origin = origin;
    createInterface({ input: socket }).on('line', (line) => this.#receive(line));
  }

  static async connect({ host, port, origin }: Link): Promise<Wire> {
    const socket = connect(port, host);
    await once(socket, 'connect');
    const wire = new Wire(socket, origin);
    const welcome = await wire.request({ type: 'hello', id: newId(), version: 2, origin });
    wire.#welcomeNonce = welcome.nonce ?? '';
    return wire;
  }

  close(): void {
    this.#socket.destroy();
  }

  /** @throws ServerError if the reply is an error */
  async request(frame: Up & { readonly id: string }): Promise<Down> {
    const reply = new Promise<Down>((resolve) => this.#waiting.set(frame.id, resolve));
    this.#socket.write(`${JSON.stringify(frame)}\n`);
    const received = await reply;
    if (received.type === 'error') throw new ServerError(received);
    return received;
  }

  /** @returns `nonce` and `proof` of a request whose proof names the connection; `rest` are the lines after `nonce` */
  proven(key: KeyPair, label: string, ...rest: readonly string[]): { nonce: string; proof: string } {
    const nonce = newId();
    return { nonce, proof: proof(key, label, this.#origin, this.#welcomeNonce, nonce, ...rest) };
  }

  #receive(line: string): void {
    if (line === '') return;
    const frame = JSON.parse(line) as Down;
    const reply = frame.id === undefined ? undefined : this.#waiting.get(frame.id);
    if (frame.id !== undefined) this.#waiting.delete(frame.id);
    if (reply) reply(frame);
    else this.listener(frame);
  }
}
