import type { KeyObject } from 'node:crypto';
import type { FileId, Position, RoomId } from '@gochat/protocol/fields';
import { type FilePass, type FileVerb, parseFilePass } from '@gochat/protocol/file-pass';
import { LIMITS } from '@gochat/protocol/limits';
import { signedFilePass } from '@gochat/protocol/signed';
import type { LogPosition, RoomLog } from '../log/log.ts';
import type { Address } from '../net/address.ts';
import type { ServedNames } from '../net/served-names.ts';
import type { ServerLimits } from '../operate/limits.ts';
import { positionOf } from '../room/positions.ts';
import { lastRetirement } from '../room/retirements.ts';
import { decodeRecord } from '../room/room-record.ts';
import type { AccessKeys } from '../session/access-keys.ts';
import type { AddressRates } from '../session/address-rates.ts';
import { badProof, closedRoom, noRoom } from '../session/refusals.ts';
import { publicKeyOf, verifies } from '../session/signature.ts';
import { FileRefusal } from './file-refusal.ts';

export interface PassesOptions {
  readonly log: RoomLog;
  readonly keys: AccessKeys;
  readonly rates: AddressRates;
  readonly names: ServedNames;
  readonly limits: ServerLimits;
  readonly now: () => number;
}

/** What of a room decides about a pass, as of its last handshake. */
interface RoomFacts {
  readonly handshake: LogPosition;
  readonly retired: LogPosition;
  readonly admins: readonly string[];
  readonly closed: boolean;
  /** How long the room's rules keep its messages, and so their files. */
  readonly retainMs?: number;
}

const ROOMS_CACHED = 1000;
const PUBLIC_KEY_CHARS = 43;

/** Checks the passes of requests on files. A verdict on a signature is remembered; whether the key is retired is asked each time. */
export class Passes {
  readonly #options: PassesOptions;
  readonly #valid = new Set<string>();
  readonly #rooms = new Map<RoomId, RoomFacts>();

  constructor(options: PassesOptions) {
    this.#options = options;
  }

  /**
   * @param header the value of the header `Authorization`
   * @returns the pass. Its `keepMs` is not longer than the room keeps messages
   * @throws FileRefusal, Refusal, Unavailable
   */
  async check(verb: FileVerb, id: FileId, header: string | undefined, from: Address): Promise<FilePass> {
    const pass = parseFilePass(header ?? '');
    if (pass === undefined)
      throw new FileRefusal('pass', 'send a pass of a member in the header Authorization');
    const { names, now } = this.#options;
    if (!names.serves(pass.origin)) throw new FileRefusal('origin', 'the pass is for another host name');
    const leftMs = pass.until - now();
    if (leftMs <= 0) throw new FileRefusal('expired', 'the pass has expired: sign a new one');
    if (leftMs > LIMITS.filePassMs)
      throw new FileRefusal(
        'expired',
        `the pass expires later than in ${LIMITS.filePassMs} ms: sign another one`,
      );
    await this.#checkProof(verb, id, pass, header ?? '', from);
    if (verb !== 'put' && pass.bytes !== 0)
      throw new FileRefusal('malformed', 'a pass that does not store has the size 0');
    const { retainMs } = await this.#checkKey(verb, pass);
    return retainMs === undefined ? pass : { ...pass, keepMs: Math.min(retainMs, pass.keepMs ?? retainMs) };
  }

  async #checkProof(
    verb: FileVerb,
    id: FileId,
    pass: FilePass,
    header: string,
    from: Address,
  ): Promise<void> {
    const name = `${verb} ${id} ${header}`;
    if (this.#valid.has(name)) return;
    await this.#options.rates.take('proof', from);
    if (!verifies(await this.#keyOf(pass), signedFilePass(verb, id, pass), pass.proof)) throw badProof();
    dropOldest(this.#valid, this.#options.limits.passesCached);
    this.#valid.add(name);
  }

  async #keyOf({ room, key }: FilePass): Promise<KeyObject> {
    if (isPublicKey(key)) return publicKeyOf(Buffer.from(key, 'base64url'));
    return this.#options.keys.at(room, positionOf(key as Position));
  }

  /** @throws Refusal `no-room`, `closed`; FileRefusal `retired`, `refused` */
  async #checkKey(verb: FileVerb, { room, key }: FilePass): Promise<RoomFacts> {
    const facts = await this.#factsOf(room);
    if (facts.closed) throw closedRoom();
    if (!isPublicKey(key)) {
      if (positionOf(key as Position) < facts.retired)
        throw new FileRefusal(
          'retired',
          'the access key of the pass is retired: sign a new pass with a newer key',
        );
      return facts;
    }
    if (verb !== 'drop' || !facts.admins.includes(key))
      throw new FileRefusal(
        'refused',
        'only the admin key of the room can sign this, and only to delete a file',
      );
    return facts;
  }

  /** A room's record may have megabytes, and doesn't change until the next handshake. */
  async #factsOf(room: RoomId): Promise<RoomFacts> {
    const head = await this.#options.log.head(room);
    if (head === undefined) throw noRoom();
    const known = this.#rooms.get(room);
    if (known?.handshake === head.handshake) return known;
    const { retirements, admins, closed, rules } = decodeRecord(head.state, head.handshake);
    const facts = {
      handshake: head.handshake,
      retired: lastRetirement(retirements),
      admins,
      closed: closed === true,
      ...(rules?.retainMs !== undefined && { retainMs: rules.retainMs }),
    };
    this.#rooms.delete(room);
    dropOldest(this.#rooms, ROOMS_CACHED);
    this.#rooms.set(room, facts);
    return facts;
  }
}

function isPublicKey(key: string): boolean {
  return key.length === PUBLIC_KEY_CHARS;
}

function dropOldest(cache: Map<string, unknown> | Set<string>, limit: number): void {
  const oldest = cache.keys().next();
  if (cache.size >= limit && !oldest.done) cache.delete(oldest.value);
}
