import { type Author, ITEM, makeHeal, makeTopic, type OwnHandshake } from './commits.ts';
import { ascii, base64url, fromBase64url, padMessage, text } from './encoding.ts';
import { type Chain, type Entry, type Epoch, epochOf } from './epoch.ts';
import { type Device, digits, fingerprint } from './identity.ts';
import { join } from './joining.ts';
import { inviteOf, type Link } from './link.ts';
import type { ListedPack } from './listed-pack.ts';
import { type Content, doubts, type Heard } from './messages.ts';
import type { Group, Member } from './mls.ts';
import { type Announcement, fetchParts, listWith, openParts, readPack, type SharedPack } from './packs.ts';
import type { KeyPair } from './primitives.ts';
import { isActingAdmin, isActingStaff, type RoomState } from './room-state.ts';
import { judge, type Verdict } from './rules.ts';
import { openAdminKey, openBody, openJoin, sealBody } from './sealing.ts';
import { silence } from './speaking.ts';
import { type Down, newId, ServerError, Wire } from './wire.ts';

const later = (a: string, b: string) => BigInt(a) > BigInt(b);

const sameHistory = (before: RoomState, after: RoomState) =>
  JSON.stringify(before.history) === JSON.stringify(after.history);

/**
 * A member of one room, written from docs/protocol.md, docs/schemas/ and docs/vectors/ alone: it shares no code with the
 * product. It keeps nothing on a disk, and shows no time.
 */
export class PageClient {
  readonly device: Device;
  readonly link: Link;
  readonly heard: Heard[] = [];
  /** One line for each handshake that was adopted: the change and who made it. */
  readonly changes: string[] = [];
  /** What a person has to be warned of. */
  readonly warnings: string[] = [];
  /** Who said something that nobody may show, and why. */
  readonly leftOut: string[] = [];
  /** How often the server has retired the access key of this connection. */
  retirements = 0;
  /** Whether a message or a commit of the founder or of the inviter was read. */
  confirmed = false;
  /** The private half of the admin key, if this member has it. */
  adminKey: KeyPair | null = null;
  /** The secret of the own invite, if this member knows it. */
  ownSecret: Uint8Array | null = null;
  #wire: Wire;
  #epoch: Epoch;
  #epochBefore: Chain | null = null;
  #sentInEpoch = false;
  /** The last handshake that was processed, and the last entry. */
  #base: string;
  #processed: string;
  /** Access keys by the position that names them, and the position of the one to prove. */
  readonly #access = new Map<string, KeyPair>();
  #key: string;
  #sent = 0;
  #own: OwnHandshake | null = null;
  readonly #posted = new Map<string, Content>();
  readonly #numbers = new Map<string, number>();
  /** When each person said something last. */
  readonly #spoke = new Map<string, number>();
  #work: Promise<unknown> = Promise.resolve();
  readonly #waiting = new Set<() => void>();
  /** How many packs were announced whose GroupInfo isn't there yet. */
  #refreshes = 0;

  private constructor(wire: Wire, link: Link, device: Device, epoch: Epoch, seq: string) {
    this.#wire = wire;
    this.link = link;
    this.device = device;
    this.#epoch = epoch;
    this.#base = seq;
    this.#processed = seq;
    this.#key = seq;
    this.#access.set(seq, epoch.keys.access);
  }

  /** Joins by a link, or by the own invite if `link.secret` is its secret. */
  static async join(link: Link, device: Device): Promise<PageClient> {
    const wire = await Wire.connect(link);
    const { epoch, seq } = await join(wire, link, device);
    const client = new PageClient(wire, link, device, epoch, seq);
    await client.#follows(wire);
    return client;
  }

  close(): void {
    this.#wire.close();
  }

  /** Continues on a new connection, from the last entry that was processed. */
  async reconnect(): Promise<void> {
    await this.#follows(await Wire.connect(this.link));
  }

  #follows(wire: Wire): Promise<void> {
    this.#wire = wire;
    wire.listener = (frame) => this.#receive(frame);
    return this.#inTurn(() => this.#enter());
  }

  get members(): readonly Member[] {
    return this.#epoch.group.members;
  }

  get state(): Epoch['state'] {
    return this.#epoch.state;
  }

  get epoch(): bigint {
    return this.#epoch.group.epoch;
  }

  get chain(): Chain {
    return this.#epoch.chain;
  }

  get roomCode(): string {
    return digits(this.#epoch.group.authenticator, 6);
  }

  /** Resolves when `holds`, which is asked after each entry and `retired`. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  async say(words: string): Promise<void> {
    this.#sent += 1;
    const message = { id: newId(), n: this.#sent, content: { kind: 'text', text: words } };
    for (;;) {
      const post = await this.#inTurn(() => this.#sealed(message));
      const sent = this.#wire.request({ type: 'post', id: newId(), room: this.link.room, ...post });
      const refused = await sent.then(
        () => null,
        (error: unknown) => error,
      );
      if (refused === null) return;
      if (!(refused instanceof ServerError) || refused.frame.code !== 'stale') throw refused;
      await this.until(() => !later(refused.frame.handshake, this.#base));
    }
  }

  /** The packs that a newcomer would be given now. */
  get packs(): readonly ListedPack[] {
    return this.#epoch.packs;
  }

  /** What was said before this client has joined, as the newest pack has it. */
  async readShared(): Promise<(SharedPack & { readonly by: string }) | null> {
    const pack = this.packs.at(-1);
    if (pack === undefined) return null;
    const { room, founder } = this.link;
    const bodies = await fetchParts(pack, (after) =>
      this.#wire.request({ type: 'read', id: newId(), room, after, limit: 1 }),
    );
    return { by: pack.by, ...readPack(openParts(room, pack, bodies), room, founder) };
  }

  /** Replaces the keys of this client's leaf. With `retire` the server retires all earlier access keys. */
  heal({ retire = false } = {}): Promise<void> {
    return this.#commit((author) => makeHeal(author, retire));
  }

  /** Changes the topic, and replaces the own invite. */
  setTopic(topic: string): Promise<void> {
    return this.#commit((author) => makeTopic(author, topic));
  }

  /** One after the other: each of these changes the group. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#work.then(work);
    this.#work = result.catch((error: unknown) => this.warnings.push(`failed: ${error}`));
    return result;
  }

  async #enter(): Promise<void> {
    const { room } = this.link;
    const [key, since] = [this.#key, this.#processed];
    const access = this.#access.get(key) as KeyPair;
    const proven = this.#wire.proven(access, 'gochat/enter/2', room, key, since);
    await this.#wire.request({ type: 'enter', id: newId(), room, key, since, ...proven });
  }

  #receive(frame: Down): void {
    if (frame.type === 'entry') void this.#inTurn(() => this.#process(frame));
    else if (frame.type === 'retired') void this.#inTurn(() => this.#retired());
    else if (frame.type === 'refreshed') void this.#inTurn(async () => this.#refreshed());
    else if (frame.type === 'error') this.warnings.push(`the server: ${frame.code}`);
  }

  async #retired(): Promise<void> {
    this.retirements += 1;
    if (this.#epoch.group.isMember) await this.#enter();
    this.#changed();
  }

  async #process(entry: Entry): Promise<void> {
    if (!this.#epoch.group.isMember || !later(entry.seq, this.#processed)) return;
    const body = fromBase64url(entry.body);
    this.chain.add(entry, body);
    if (entry.kind === 'message') await this.#message(entry, body);
    if (entry.kind === 'handshake') await this.#handshake(entry, body);
    this.#processed = entry.seq;
    this.#changed();
  }

  #changed(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }

  async #sealed(message: Pick<Content, 'id' | 'n' | 'content'>): Promise<{ base: string; body: string }> {
    const { group, keys, chain } = this.#epoch;
    const before = this.#sentInEpoch ? null : this.#epochBefore;
    const content: Content = {
      ...message,
      t: Date.now(),
      c: chain.evidence(),
      ...(before ? { p: before.evidence() } : {}),
    };
    const sealed = await group.sealMessage(ascii(JSON.stringify(content)));
    const body = sealBody('message', this.link.room, keys.message, padMessage(sealed));
    this.#sentInEpoch = true;
    this.#posted.set(body, content);
    return { base: this.#base, body };
  }

  async #message(entry: Entry, body: Uint8Array): Promise<void> {
    const own = this.#posted.get(entry.body);
    if (own) {
      this.heard.push({ ...own, seq: entry.seq, from: this.device.name });
      return;
    }
    try {
      const { group, keys } = this.#epoch;
      const [bytes, by] = await group.openMessage(openBody('message', this.link.room, keys.message, body));
      this.#hear(JSON.parse(text(bytes)) as Content, by, entry);
    } catch (error) {
      this.warnings.push(`${entry.seq} can't be read: ${error}`);
    }
  }

  #hear(content: Content, by: Member, { seq, at }: Entry): void {
    const last = this.#numbers.get(by.device);
    if (last !== undefined && content.n <= last) {
      this.warnings.push(`${seq} repeats a message`);
      return;
    }
    const found = doubts(content, last, this.chain, this.#epochBefore);
    this.warnings.push(...found.map((doubt) => `${seq}: ${doubt}`));
    this.#numbers.set(by.device, content.n);
    this.#read(by);
    const { kind } = content.content;
    if (kind === 'pack') {
      this.#packed(content.content as unknown as Announcement, { seq, at, by: by.identity });
      return;
    }
    const previous = this.#spoke.get(by.identity);
    const why = silence(this.#epoch.state, by.identity, kind, { at, previous });
    if (why !== null) {
      this.leftOut.push(`${by.name}: ${why}`);
      return;
    }
    if (kind === 'text') this.#spoke.set(by.identity, at);
    this.heard.push({ ...content, seq, from: by.name });
  }

  /** Whoever has announced a pack replaces the GroupInfo then, which has the list. */
  #packed(said: Announcement, where: { seq: string; at: number; by: string }): void {
    this.#epoch = { ...this.#epoch, packs: listWith(this.packs, said, where, this.#epoch.state) };
    this.#refreshes += 1;
  }

  #refreshed(): void {
    if (this.#refreshes === 0) this.warnings.push('another member has replaced a GroupInfo');
    else this.#refreshes -= 1;
  }

  #read({ identity }: Member): void {
    const print = fingerprint(fromBase64url(identity));
    if (print === this.link.founder || print === this.link.inviter) this.confirmed = true;
  }

  async #handshake({ seq, body: sealed }: Entry, body: Uint8Array): Promise<void> {
    const own = this.#own;
    this.#own = null;
    if (own?.frame.body === sealed) {
      this.adminKey = own.adminKey;
      this.ownSecret = own.ownSecret;
      this.#adopt(own.next, seq, `${own.change} by ${this.device.name}`);
      this.#key = seq;
    } else {
      try {
        await this.#follow(seq, body);
      } catch (error) {
        this.warnings.push(`${seq} skipped: ${error}`);
      }
    }
    this.#base = seq;
  }

  #adopt(next: Epoch, seq: string, change: string): void {
    this.#epochBefore = this.chain;
    this.#epoch = next;
    this.#sentInEpoch = false;
    this.#access.set(seq, next.keys.access);
    this.changes.push(change);
  }

  async #follow(seq: string, body: Uint8Array): Promise<void> {
    const { room } = this.link;
    const { group, keys, state, joinsClosed } = this.#epoch;
    const commit =
      body[0] === 2
        ? await group.process('public', openJoin(room, keys.join, body))
        : await group.process('private', openBody('handshake', room, keys.handshake, body));
    const ownInvite = inviteOf(keys.own).id;
    const verdict = judge({ id: room, group, state, joinsClosed, ownInvite }, commit);
    const { change, by, items } = verdict;
    this.#read(by);
    if (!commit.group.isMember) {
      this.#epoch = { ...this.#epoch, group: commit.group };
      this.changes.push(`removed by ${by.name}`);
      return;
    }
    this.#learn(verdict, group, ownInvite, keys.own);
    this.#adopt(
      await epochOf(
        room,
        commit.group,
        verdict.state,
        verdict.joinsClosed,
        this.#sealedAfter(verdict),
        sameHistory(state, verdict.state) ? this.#epoch.packs : [],
      ),
      seq,
      `${change} by ${by.name}`,
    );
    if (items.has(ITEM.retired) && isActingStaff(state, by)) this.#key = seq;
    if (change === 'join') this.#numbers.delete(by.device);
  }

  /** docs/protocol.md, “The sealed admin key”. */
  #sealedAfter({ by, items, state: after, joinsClosed }: Verdict): Uint8Array | null {
    const { state: before, sealedAdminKey } = this.#epoch;
    const said = items.get(ITEM.sealedAdminKey);
    if (said && isActingAdmin(before, by)) return said.length === 72 ? said : null;
    const ownIn = ({ invites }: RoomState, closed: boolean) =>
      closed ? undefined : invites.find(({ own }) => own)?.id;
    return ownIn(before, this.#epoch.joinsClosed) === ownIn(after, joinsClosed) ? sealedAdminKey : null;
  }

  /** Takes from a commit the keys and secrets that it gives to this member. */
  #learn(
    { change, by, items, state }: Verdict,
    group: Group,
    ownInvite: string,
    ownSecret: Uint8Array,
  ): void {
    const added = state.invites.find(({ own }) => own);
    if (change === 'state' && added?.id === ownInvite) this.ownSecret = ownSecret;
    const given = items.get(ITEM.ownSecret);
    if (change !== 'state' && given && inviteOf(given).id === added?.id) this.ownSecret = given;
    const handed = items.get(ITEM.adminKey);
    const isAdmin = state.admins.includes(base64url(this.device.identity.publicKey));
    if (!isAdmin) this.adminKey = null;
    else if (handed && isActingAdmin(this.#epoch.state, by)) {
      this.adminKey = openAdminKey(this.link.room, group, handed) ?? this.adminKey;
    }
  }

  async #commit(make: (author: Author) => Promise<OwnHandshake>): Promise<void> {
    for (;;) {
      const own = await this.#inTurn(async () => {
        this.#own = await make(this.#author());
        return this.#own;
      });
      const refused = await this.#wire.request(own.frame).then(
        () => null,
        (error: unknown) => error,
      );
      if (refused === null) return await this.until(() => this.#epoch === own.next);
      if (!(refused instanceof ServerError) || refused.frame.code !== 'conflict') throw refused;
      await this.until(() => !later(refused.frame.handshake, this.#base));
    }
  }

  #author(): Author {
    return {
      room: this.link.room,
      device: this.device,
      epoch: this.#epoch,
      base: this.#base,
      key: this.#key,
      access: this.#access.get(this.#key) as KeyPair,
      adminKey: this.adminKey,
      ownSecret: this.ownSecret,
    };
  }
}
