import type { Content, Ref } from '@gochat/crypto/content';
import type { HistoryItem } from '../room/history.ts';
import { ChatError } from './chat-error.ts';
import { newMessageId } from './message-id.ts';
import type { ChatEvent, MemberInfo, RoomInfo } from './methods.ts';
import { type OpenOptions, openChat, type Profile } from './open.ts';

export type { ChatErrorCode, ErrorData } from './chat-error.ts';
export type { ChatEvent, HistoryItem, MemberInfo, OpenOptions, Profile, RoomInfo };
export { ChatError, openChat };

const WAIT_MS = 30_000;
const PAGE = 500;

/** A profile with its rooms as objects, for scripts and bots. Several processes may use one profile at once. */
export class GoChat {
  readonly profile: Profile;

  private constructor(profile: Profile) {
    this.profile = profile;
  }

  /** Opens the profile in a folder, which is created when absent. @throws ChatError `locked` without the right passphrase */
  static async open(dir: string, options: Omit<OpenOptions, 'dir'> = {}): Promise<GoChat> {
    return new GoChat(await openChat({ ...options, dir }));
  }

  /**
   * Joins by an invite link, or finds the room when the profile is already in it. @throws ChatError `refused` when the invite no
   * longer works
   */
  async join(link: string, as: string): Promise<ChatRoom> {
    return new ChatRoom(this.profile, (await this.profile.call('join', { link, as, waitMs: WAIT_MS })).id);
  }

  /** Creates a room on a server. */
  async create(name: string, as: string, server: string): Promise<ChatRoom> {
    return new ChatRoom(
      this.profile,
      (await this.profile.call('create', { name, as, server, waitMs: WAIT_MS })).id,
    );
  }

  /** The room of this profile with this name or id. @throws ChatError `unknown-room`, `ambiguous` */
  async room(name: string): Promise<ChatRoom> {
    const fitting = (await this.profile.call('rooms', {})).filter(
      (room) => room.id === name || room.name === name,
    );
    const [one] = fitting;
    if (one === undefined) throw new ChatError({ reason: 'room-unknown', name });
    if (fitting.length > 1)
      throw new ChatError({ reason: 'room-ambiguous', name, ids: fitting.map(({ id }) => id) });
    return new ChatRoom(this.profile, one.id);
  }

  rooms(): Promise<readonly RoomInfo[]> {
    return this.profile.call('rooms', {});
  }

  close(): Promise<void> {
    return this.profile.close();
  }
}

/** A room of a profile. */
export class ChatRoom {
  readonly id: string;
  readonly #profile: Profile;

  constructor(profile: Profile, id: string) {
    this.#profile = profile;
    this.id = id;
  }

  /**
   * Sends a message.
   * @returns true when the server has it; false when it is stored in the queue, because the server was not reached within `waitMs`
   * @throws ChatError `not-member`; `usage` above 64 KiB
   */
  send(text: string, waitMs = 5000): Promise<boolean> {
    return this.#say({ kind: 'text', text }, waitMs);
  }

  /** Answers a message. As {@link send}. */
  async reply(item: HistoryItem, text: string, waitMs = 5000): Promise<boolean> {
    return this.#say({ kind: 'text', text, reply: refOf(item) }, waitMs);
  }

  /** Edits an own message. As {@link send}. Readers ignore an edit of another member's message; this call doesn't report it. */
  async edit(item: HistoryItem, text: string, waitMs = 5000): Promise<boolean> {
    return this.#say({ kind: 'edit', of: refOf(item), text }, waitMs);
  }

  /** Deletes a message for all members: an own one, or as an admin any. As {@link send}. */
  async delete(item: HistoryItem, waitMs = 5000): Promise<boolean> {
    return this.#say({ kind: 'delete', of: refOf(item) }, waitMs);
  }

  /** Adds a reaction to a message; with `on` false, removes it. As {@link send}. */
  async react(item: HistoryItem, emoji: string, on = true, waitMs = 5000): Promise<boolean> {
    return this.#say({ kind: 'react', to: refOf(item), emoji, on }, waitMs);
  }

  async #say(content: Content, waitMs: number): Promise<boolean> {
    const id = newMessageId();
    await this.#profile.call('queue', { room: this.id, id, content });
    return (await this.#profile.call('sent', { room: this.id, ids: [id], waitMs })).waiting === 0;
  }

  /** All lines after `after` ("0" is the beginning), oldest first, then new ones as they come, each once. It never ends. */
  async *items(after?: string): AsyncGenerator<HistoryItem, void, undefined> {
    let last = Number(after ?? (await this.#newest()));
    let wake: () => void = () => undefined;
    const stop = this.#profile.on((event) => {
      if (event.kind === 'items' && event.room === this.id) wake();
    });
    try {
      await this.#profile.call('follow', { room: this.id });
      for (;;) {
        const more = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const page = await this.#profile.call('history', { room: this.id, after: String(last), limit: PAGE });
        for (const item of page) {
          last = Math.max(last, Number(item.seq));
          yield item;
        }
        if (page.length === 0) await more;
      }
    } finally {
      stop();
    }
  }

  async #newest(): Promise<string> {
    return (await this.#profile.call('history', { room: this.id, limit: 1 })).at(-1)?.seq ?? '0';
  }

  members(): Promise<readonly MemberInfo[]> {
    return this.#profile.call('members', { room: this.id });
  }

  /** Creates an invite link. @param uses how often it can be redeemed; unlimited when absent */
  async invite(terms: { readonly expiresMs?: number; readonly uses?: number } = {}): Promise<string> {
    const params = { room: this.id, expiresMs: terms.expiresMs, uses: terms.uses, waitMs: WAIT_MS };
    return (await this.#profile.call('invite', params)).link;
  }
}

/** @throws ChatError `usage` for a line that is not a message */
function refOf(item: HistoryItem): Ref {
  if (item.kind !== 'text') throw new ChatError({ reason: 'not-a-message' });
  return { seq: item.seq, id: item.id };
}
