import { redeem } from '@gochat/client/internal/account/redeem';
import { connect } from '@gochat/client/internal/net/connect';
import type { Connection } from '@gochat/client/internal/net/connection';
import { platform } from '@gochat/client/internal/profile/platform';
import { proveEnter } from '@gochat/crypto/enter';
import { publish } from '@gochat/crypto/groupinfo';
import { heal } from '@gochat/crypto/handshake';
import { createIdentity } from '@gochat/crypto/identity';
import { suite } from '@gochat/crypto/internal/mls/suite';
import { leavesOf } from '@gochat/crypto/internal/mls/tree';
import { parseLink } from '@gochat/crypto/link';
import { newId } from '@gochat/crypto/new-id';
import { equalBytes, sign } from '@gochat/crypto/primitives';
import { receive } from '@gochat/crypto/receive';
import { invitesOf, membersOf, type Room } from '@gochat/crypto/room';
import { sealMessage } from '@gochat/crypto/send';
import type { Down } from '@gochat/protocol/down';
import { encodeBytes } from '@gochat/protocol/encoding';
import { signedHandshake, signedRefresh } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import { WAIT_MS } from '../waits.ts';

/** What is uploaded for joiners, in whole or in part. */
export type Uploaded = Pick<UpOf<'refresh'>, 'groupInfo' | 'member' | 'invites'>;

/** A member of a room with a client of its own making: it has all keys of a member, and uploads what it likes. */
export class HostileMember {
  readonly #connection: Connection;
  readonly #frames: Down[] = [];
  #watchers: (() => void)[] = [];
  #room: Room;

  private constructor(connection: Connection, room: Room) {
    this.#connection = connection;
    this.#room = room;
    connection.onFrame((frame) => {
      this.#frames.push(frame);
      for (const watcher of this.#watchers.splice(0)) watcher();
    });
  }

  /** Joins by a link and follows the room. */
  static async joins(server: string, link: string, name = 'mal'): Promise<HostileMember> {
    const connection = await connect(server, { withinMs: WAIT_MS });
    const who = createIdentity(platform);
    const parts = { env: platform, persist: async () => undefined, end: Date.now() + WAIT_MS, former: [] };
    const room = await redeem(connection, who, name, parseLink(link), parts);
    const member = new HostileMember(connection, room);
    await connection.request(proveEnter(room, room.position, connection.dialled, newId(platform), platform));
    await member.sees('live', 1);
    return member;
  }

  /** How many frames of a type have come. */
  count(type: Down['type']): number {
    return this.#frames.filter((frame) => frame.type === type).length;
  }

  /** Waits for the `count`th frame of a type. */
  async sees(type: Down['type'], count: number): Promise<void> {
    while (this.count(type) < count) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  /** Processes what has come, as an honest member does. */
  async #reads(): Promise<void> {
    for (const frame of this.#frames)
      if (frame.type === 'entry' && Number(frame.seq) > Number(this.#room.position))
        this.#room = (await receive(this.#room, frame, Date.now())).room;
  }

  async says(text: string): Promise<void> {
    await this.#reads();
    const draft = { id: newId(platform), n: undefined, content: { kind: 'text', text } as const };
    const { room, frame } = await sealMessage(this.#room, draft, platform);
    this.#room = room;
    await this.#connection.request(frame);
  }

  /** Replaces what the server keeps for joiners. @param twist what differs from an honest refresh */
  async refreshes(twist: (honest: Uploaded) => Partial<Uploaded>): Promise<void> {
    await this.#reads();
    const { id, mls, keys, base, key, accessKey } = this.#room;
    const honest = await publish(id, mls, keys, invitesOf(this.#room), platform);
    const unsigned = {
      type: 'refresh' as const,
      id: newId(platform),
      room: id,
      after: base,
      key,
      ...honest,
      ...twist(honest),
    } as Omit<UpOf<'refresh'>, 'proof'>;
    const proof = encodeBytes(sign(accessKey, signedRefresh(unsigned)));
    await this.#connection.request({ ...unsigned, proof });
  }

  /** Makes a valid handshake. @param twist what differs from an honest upload for joiners */
  async heals(twist: (honest: Uploaded) => Partial<Uploaded>): Promise<void> {
    await this.#reads();
    const { room, frame } = await heal(this.#room, platform);
    const { proof: _, ...honest } = frame;
    const unsigned = { ...honest, ...twist(honest) };
    const proof = encodeBytes(sign(this.#room.accessKey, signedHandshake(unsigned)));
    this.#room = room;
    await this.#connection.request({ ...unsigned, proof });
  }

  /** Makes a handshake that all can follow but the member of this name, to whom it encrypts garbage. */
  cutsOff(name: string): Promise<void> {
    return this.#divides(name, (isOfLeaf) => isOfLeaf);
  }

  /** Makes a handshake that encrypts garbage to all but the neighbour of this name. */
  cutsOffAllBut(name: string): Promise<void> {
    return this.#divides(name, (isOfLeaf) => !isOfLeaf);
  }

  async #divides(name: string, isGarbage: (isOfLeaf: boolean) => boolean): Promise<void> {
    await this.#reads();
    const { hpke } = await suite();
    const leaf = membersOf(this.#room).find((m) => m.name === name)?.leaf;
    const node = leaf === undefined ? undefined : leavesOf(this.#room.mls.ratchetTree).get(leaf);
    if (node === undefined) throw new Error(`${name} is no member`);
    const honest = hpke.seal;
    hpke.seal = async (key, plaintext, ...more) => {
      const isOfLeaf = equalBytes(await hpke.exportPublicKey(key), node.hpkePublicKey);
      return honest(key, isGarbage(isOfLeaf) ? new Uint8Array(plaintext.length) : plaintext, ...more);
    };
    const { room, frame } = await heal(this.#room, platform).finally(() => {
      hpke.seal = honest;
    });
    this.#room = room;
    await this.#connection.request(frame);
  }

  close(): void {
    this.#connection.close();
  }
}
