import type { Position, RoomId } from '@gochat/protocol/fields';
import type { Rules } from '@gochat/protocol/rules';
import type { InviteGrant, UpOf } from '@gochat/protocol/up';
import { Connection } from './connection.ts';
import { KeyPair } from './key-pair.ts';
import { type Access, createFrame, enterFrame, type HandshakeWish, handshakeFrame } from './member.ts';
import type { Target } from './target.ts';
import type { Over } from './wire.ts';

/** One thing that a server must do. */
export interface Check {
  readonly name: string;
  /** @throws Failure if the server doesn't do it */
  readonly run: (bench: Bench) => Promise<void>;
}

/** A room that a check has created. */
export interface Founded {
  readonly room: RoomId;
  readonly admin: KeyPair;
  readonly access: Access;
  readonly frame: UpOf<'create'>;
}

/** What a check works with: connections to the server, whose frames it records. */
export class Bench {
  readonly transcript: string[] = [];
  readonly target: Target;
  readonly #connections: Connection[] = [];

  constructor(target: Target) {
    this.target = target;
  }

  /** A connection without `hello`. */
  async dial(over: Over = 'lines'): Promise<Connection> {
    const name = String.fromCharCode(97 + (this.#connections.length % 26));
    const connection = await Connection.dial(this.target, over, name, this.transcript);
    this.#connections.push(connection);
    return connection;
  }

  /** A connection after `welcome`. */
  async connect(over: Over = 'lines'): Promise<Connection> {
    const connection = await this.dial(over);
    await connection.greet();
    return connection;
  }

  /** Creates a room. */
  async found(from: Connection, invites: InviteGrant[] = [], rules?: Rules): Promise<Founded> {
    const [admin, keys] = [new KeyPair(), new KeyPair()];
    const frame = this.withToken(createFrame(admin, keys, { invites, ...(rules && { rules }) }));
    const { seq } = await from.expect('ack', frame);
    return { room: frame.room, admin, access: { at: seq, keys }, frame };
  }

  /** The request with the operator's token, which isn't part of the signed bytes. */
  withToken(frame: UpOf<'create'>): UpOf<'create'> {
    const { token } = this.target;
    return token === undefined ? frame : { ...frame, token };
  }

  /** Enters a room, and waits until it is live. The entries of before remain to be taken. */
  async follow(
    from: Connection,
    room: RoomId,
    access: Access,
    since?: Position,
    voice?: KeyPair,
  ): Promise<void> {
    await from.expect('entered', enterFrame(from, room, access, since, voice));
    await from.next('live');
  }

  /** Appends a handshake. @returns the access key that it adds */
  async commit(
    from: Connection,
    room: RoomId,
    by: Access,
    wish: Omit<HandshakeWish, 'next'> = {},
  ): Promise<Access> {
    const keys = new KeyPair();
    const { seq } = await from.expect('ack', handshakeFrame(room, by.at, by, { ...wish, next: keys }));
    return { at: seq, keys };
  }

  end(): void {
    for (const connection of this.#connections) connection.end();
  }
}
