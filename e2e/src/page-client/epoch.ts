import { ascii, base64url, tuple, u64 } from './encoding.ts';
import { deriveKeyPair } from './hpke.ts';
import { digits } from './identity.ts';
import type { ListedPack } from './listed-pack.ts';
import type { Group } from './mls.ts';
import { ed25519, hkdf, type KeyPair, sha256 } from './primitives.ts';
import type { RoomState } from './room-state.ts';

/** docs/protocol.md, “Keys of an epoch”. */
export interface EpochKeys {
  readonly message: Uint8Array;
  readonly handshake: Uint8Array;
  readonly groupinfo: Uint8Array;
  readonly chain: Uint8Array;
  readonly own: Uint8Array;
  readonly access: KeyPair;
  readonly join: KeyPair;
}

function epochKeys(root: Uint8Array): EpochKeys {
  return {
    message: hkdf(root, 'message'),
    handshake: hkdf(root, 'handshake'),
    groupinfo: hkdf(root, 'groupinfo'),
    chain: hkdf(root, 'chain'),
    own: hkdf(root, 'own', 16),
    access: ed25519(hkdf(root, 'access')),
    join: deriveKeyPair(hkdf(root, 'join')),
  };
}

export interface Entry {
  readonly seq: string;
  readonly at: number;
  readonly kind: string;
  readonly body: string;
}

/** `[i, h]` of a message. */
export type Evidence = readonly [number, string];

/** docs/protocol.md, “Evidence”: the chain of one epoch. */
export class Chain {
  readonly #values: Uint8Array[];

  constructor(start: Uint8Array) {
    this.#values = [start];
  }

  get length(): number {
    return this.#values.length - 1;
  }

  add({ seq, at, kind }: Entry, body: Uint8Array): void {
    const last = this.#values[this.length] as Uint8Array;
    this.#values.push(sha256(tuple('gochat/chain/2', last, u64(seq), u64(at), ascii(kind), body)));
  }

  h(index = this.length): string | null {
    const value = this.#values[index];
    return value === undefined ? null : base64url(value.slice(0, 16));
  }

  /** The log code for `i` = `index`. */
  code(index = this.length - (this.length % 8)): string {
    return digits((this.#values[index] as Uint8Array).slice(0, 16), 3);
  }

  evidence(): Evidence {
    return [this.length, this.h() as string];
  }

  /** @returns whether another's evidence agrees with this chain, as far as it goes */
  agrees([index, h]: Evidence): boolean {
    return this.h(index) === h;
  }
}

/** One epoch of a room, with what a member knows in it. */
export interface Epoch {
  readonly group: Group;
  readonly keys: EpochKeys;
  readonly chain: Chain;
  readonly state: RoomState;
  readonly joinsClosed: boolean;
  readonly sealedAdminKey: Uint8Array | null;
  /** What is shared with newcomers. */
  readonly packs: readonly ListedPack[];
}

export async function epochOf(
  room: string,
  group: Group,
  state: RoomState,
  joinsClosed: boolean,
  sealedAdminKey: Uint8Array | null,
  packs: readonly ListedPack[],
): Promise<Epoch> {
  const keys = epochKeys(await group.root(room));
  return { group, keys, chain: new Chain(keys.chain), state, joinsClosed, sealedAdminKey, packs };
}
