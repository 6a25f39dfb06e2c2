import type { Files } from '@gochat/client/files';
import type { HistoryItem } from '@gochat/client/history';
import type { ChatEvent, MemberInfo, Method, Params, Result, RoomInfo } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/profile-connection';
import { NOTES, PREFERENCES } from '@gochat/client/settings';

const NAMES = ['me', 'ana', 'ben', 'cleo', 'dan'] as const;
const MINUTE_MS = 60_000;

const key = (name: string) => name.padEnd(43, 'A');

/** A profile with one long room, in memory, so that the code above it can be measured alone. */
export class LongRoom implements Profile {
  readonly closed = new Promise<void>(() => undefined);
  /** Its messages have none. */
  readonly files = undefined as unknown as Files;
  readonly #items: HistoryItem[];
  readonly #listeners = new Set<(event: ChatEvent) => void>();

  constructor(messages: number) {
    this.#items = Array.from({ length: messages }, (_, i) => this.#item(i + 1));
  }

  /** Another member sends a message. */
  says(): void {
    const item = this.#item(this.#items.length + 1, 'ana');
    this.#items.push(item);
    for (const listener of this.#listeners) listener({ kind: 'items', room: INFO.id, items: [item] });
  }

  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    const answer = this.#answers[method];
    return Promise.resolve((answer === undefined ? null : answer(params as never)) as Result<M>);
  }

  on(listener: (event: ChatEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }

  readonly #answers: { readonly [M in Method]?: (params: Params<M>) => unknown } = {
    whoami: () => ({ name: 'me', identity: key('me') }),
    preferences: () => PREFERENCES,
    prefer: () => PREFERENCES,
    rooms: () => [INFO],
    notes: () => ({ ...NOTES, read: String(this.#items.length) }),
    note: () => NOTES,
    members: () => MEMBERS,
    waiting: () => [],
    follow: () => ({ live: true, problem: undefined }),
    history: ({ after, before, limit }) => {
      if (after !== undefined) return this.#items.slice(Number(after), Number(after) + limit);
      const end = before === undefined ? this.#items.length : Number(before) - 1;
      return this.#items.slice(Math.max(0, end - limit), end);
    },
  };

  #item(seq: number, who?: string): HistoryItem {
    const from = who ?? NAMES[seq % NAMES.length] ?? 'ana';
    return {
      seq: String(seq) as HistoryItem['seq'],
      sub: 0,
      at: Date.now() - (100_000 - seq) * (MINUTE_MS / 4),
      kind: 'text',
      from,
      identity: key(from),
      own: from === 'me',
      text: `message **${seq}** with some \`code\`, some words and https://example.org/${seq}`,
      id: String(seq).padEnd(22, 'A'),
    };
  }
}

const INFO: RoomInfo = {
  id: 'r'.padEnd(22, 'A'),
  name: 'long',
  topic: '',
  history: 'none',
  as: 'me',
  server: 'http://127.0.0.1:4040',
  status: 'active',
  members: NAMES.length,
  admin: true,
  role: 'admin',
  rules: { speak: 'all', links: 'all', history: 'none' },
  pins: [],
  epoch: '1',
  queued: 0,
  confirmed: true,
  confirmedBy: '',
  founded: true,
  missed: 0,
  unsent: 0,
  unfollowed: '',
  knocks: 0,
};

const MEMBERS: readonly MemberInfo[] = NAMES.map((name) => ({
  id: name,
  identity: key(name),
  name,
  admin: name === 'me',
  role: name === 'me' ? 'admin' : 'member',
  self: name === 'me',
  devices: [{ key: key(name), self: name === 'me' }],
}));
