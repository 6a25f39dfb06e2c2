import { redeem } from '@gochat/client/internal/account/redeem';
import { connect } from '@gochat/client/internal/net/connect';
import type { Connection } from '@gochat/client/internal/net/connection';
import { platform } from '@gochat/client/internal/profile/platform';
import { proveEnter } from '@gochat/crypto/enter';
import { publish } from '@gochat/crypto/groupinfo';
import { heal, refresh } from '@gochat/crypto/handshake';
import { createIdentity } from '@gochat/crypto/identity';
import { suite } from '@gochat/crypto/internal/mls/suite';
import { leavesOf } from '@gochat/crypto/internal/mls/tree';
import { parseLink } from '@gochat/crypto/link';
import { newId } from '@gochat/crypto/new-id';
import {
  decodePack,
  encodePack,
  openPack,
  type Pack,
  PackWriter,
  partHash,
  sealPack,
} from '@gochat/crypto/pack';
import { type KeptPack, withPack } from '@gochat/crypto/packs';
import { equalBytes, sign } from '@gochat/crypto/primitives';
import { type EpochRecord, groupContextOf, type Proof, speakerAt } from '@gochat/crypto/proof';
import { receive } from '@gochat/crypto/receive';
import { invitesOf, membersOf, type Room } from '@gochat/crypto/room';
import { sealMessage } from '@gochat/crypto/send';
import type { Down } from '@gochat/protocol/down';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { Position, RequestId } from '@gochat/protocol/fields';
import { signedHandshake, signedRefresh } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import { WAIT_MS } from '../waits.ts';

/** What is uploaded for joiners, in whole or in part. */
export type Uploaded = Pick<UpOf<'refresh'>, 'groupInfo' | 'member' | 'invites'>;

function recordOf(room: Room): EpochRecord {
  const speakers = membersOf(room).flatMap(({ leaf }) => speakerAt(room, leaf) ?? []);
  return { groupContext: groupContextOf(room), speakers };
}

/** A member of a room with a client of its own making: it has all keys of a member, and uploads what it likes. */
export class HostileMember {
  readonly #connection: Connection;
  readonly #frames: Down[] = [];
  readonly #said: { seq: Position; at: number; proof: Proof; record: EpochRecord }[] = [];
  #watchers: (() => void)[] = [];
  #room: Room;
  readonly #packs: readonly KeptPack[];

  private constructor(connection: Connection, room: Room) {
    this.#connection = connection;
    this.#room = room;
    this.#packs = room.packs.list;
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
    for (const frame of this.#frames) {
      if (frame.type !== 'entry' || Number(frame.seq) <= Number(this.#room.position)) continue;
      const { room, events } = await receive(this.#room, frame, Date.now());
      for (const event of events)
        if (event.kind === 'message' && event.content.kind === 'text' && event.proof !== undefined)
          this.#said.push({ seq: event.seq, at: event.at, proof: event.proof, record: recordOf(room) });
      this.#room = room;
    }
  }

  /** Processes everything that the server has. */
  async #catchesUp(): Promise<void> {
    const { id: room, base, position } = this.#room;
    const frame = {
      type: 'read',
      id: newId<RequestId>(platform),
      room,
      after: position,
      limit: 256,
    } as const;
    const { entries } = await this.#connection.request(frame);
    await this.sees('entry', this.count('entry') + entries.filter(({ seq }) => !this.#has(seq)).length);
    await this.#reads();
    if (this.#room.base !== base) await this.#catchesUp();
  }

  /** How many posts the log has since it joined. */
  async posts(): Promise<number> {
    await this.#catchesUp();
    return this.#frames.filter((frame) => frame.type === 'entry' && frame.kind === 'message').length;
  }

  #has(seq: Position): boolean {
    return this.#frames.some((frame) => frame.type === 'entry' && frame.seq === seq);
  }

  /** All messages that it has read, as an honest member would share them. */
  async pack(): Promise<Pack> {
    await this.#reads();
    const writer = new PackWriter();
    for (const { proof, record, ...place } of this.#said) writer.add(place, proof, record);
    const pack = decodePack(writer.encode());
    if (pack === undefined) throw new Error('a pack can be decoded');
    return pack;
  }

  /** What the packs contain that were listed for it when it joined. */
  async packsAtJoin(): Promise<Buffer[]> {
    return Promise.all(
      this.#packs.map(async ({ key, parts }) => {
        const bodies = await Promise.all(parts.map(({ seq }) => this.#bodyAt(seq)));
        return Buffer.from(openPack(this.#room.id, key, bodies) ?? []);
      }),
    );
  }

  async #bodyAt(seq: Position): Promise<Uint8Array> {
    const after = String(Number(seq) - 1) as Position;
    const frame = {
      type: 'read',
      id: newId<RequestId>(platform),
      room: this.#room.id,
      after,
      limit: 1,
    } as const;
    return decodeBytes((await this.#connection.request(frame)).entries[0]?.body ?? '');
  }

  /** Shares a pack of its own making with newcomers, instead of all packs from position `from` on. @param at where it says that the posts are */
  async shares(pack: Pack, from: Position, at?: Position): Promise<void> {
    await this.#catchesUp();
    const { key, parts } = sealPack(this.#room.id, encodePack(pack), platform);
    const posted: KeptPack['parts'] = await Promise.all(
      parts.map(async (body) => ({
        seq: at ?? (await this.#posts(encodeBytes(body))).seq,
        hash: partHash(body),
      })),
    );
    const seen = this.#room.position;
    const content = {
      kind: 'pack',
      parts: posted,
      key: encodeBytes(key),
      from,
      to: seen,
      seen,
      messages: pack.lines.length,
    } as const;
    const draft = { id: newId(platform), n: undefined, content };
    const { room, frame } = await sealMessage(this.#room, draft, platform);
    this.#room = room;
    const { seq } = await this.#connection.request(frame);
    const by = membersOf(room).find(({ self }) => self)?.identity ?? '';
    const { kind: _, ...said } = content;
    const kept = { ...said, by, at: Date.now() };
    this.#room = { ...room, packs: withPack(room.packs, kept, seq, 'all') };
    await this.#connection.request(await refresh(this.#room, platform));
  }

  #posts(body: string) {
    const { id: room, base } = this.#room;
    return this.#connection.request({ type: 'post', id: newId<RequestId>(platform), room, base, body });
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
