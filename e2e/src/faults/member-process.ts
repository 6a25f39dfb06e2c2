import { Someone } from '../people/people.ts';
import type { Sight } from './checker.ts';

/** The requests to a member and its answers. A member also reports each acknowledgement. */
export interface Asks {
  host: (params: { readonly server: string }) => { readonly room: string; readonly link: string };
  join: (params: { readonly link: string }) => { readonly room: string };
  /** Sends so many messages a second from now on; 0 stops. */
  talk: (params: { readonly room: string; readonly perSecond: number }) => null;
  /** Waits until all its messages are acknowledged and it has read the whole log. */
  settle: (params: { readonly room: string; readonly waitMs: number }) => null;
  report: (params: { readonly room: string }) => MemberReport;
}

export interface MemberReport {
  readonly sights: readonly Sight[];
  /** Its own identity key. */
  readonly identity: string;
  /** The positions at which others joined: a member's own join isn't in its history. */
  readonly arrivals: readonly (readonly [identity: string, seq: number])[];
  readonly membership: string;
  readonly warnings: readonly string[];
}

export type FromMember =
  | { readonly acknowledged: string }
  | { readonly ready: true }
  | { readonly answers: number; readonly result: unknown }
  | { readonly answers: number; readonly error: string };

export interface ToMember {
  readonly n: number;
  readonly ask: keyof Asks;
  readonly params: unknown;
}

/** A member sends no more while so many of its messages are unacknowledged: the outbox is bounded. */
const MOST_WAITING = 100;
const SENT_MS = 600_000;

const [name = '', dir = ''] = process.argv.slice(2);
const say = (message: FromMember): void => void process.send?.(message);
const someone = await Someone.open(name, dir);
let talking: NodeJS.Timeout | undefined;
let waiting = 0;
let said = 0;

async function speak(room: string): Promise<void> {
  if (waiting >= MOST_WAITING) return;
  waiting += 1;
  said += 1;
  try {
    const id = await someone.says(room, `${name} ${process.pid}.${said}`);
    const { waiting: left } = await someone.profile.call('sent', { room, ids: [id], waitMs: SENT_MS });
    if (left === 0) say({ acknowledged: id });
  } finally {
    waiting -= 1;
  }
}

async function settle(room: string, waitMs: number): Promise<void> {
  const end = Date.now() + waitMs;
  const ids = (await someone.profile.call('waiting', { room })).map(({ id }) => id);
  const left = () => Math.max(0, end - Date.now());
  const { waiting: unsent } = await someone.profile.call('sent', { room, ids, waitMs: left() });
  if (unsent > 0) throw new Error(`${unsent} messages of ${name} can't be sent`);
  const { live, problem } = await someone.profile.call('sync', { room, waitMs: left() });
  if (!live) throw new Error(`${name} is not live: ${JSON.stringify(problem?.data)}`);
}

async function report(room: string): Promise<MemberReport> {
  const items = await someone.history(room);
  const members = await someone.profile.call('members', { room });
  const { code } = await someone.profile.call('safety', { room, member: undefined });
  return {
    sights: items.flatMap((item) => (item.kind === 'text' ? [{ id: item.id, seq: Number(item.seq) }] : [])),
    identity: members.find((member) => member.self)?.identity ?? '',
    arrivals: items.flatMap((item) =>
      item.kind === 'joined' ? [[item.identity, Number(item.seq)] as const] : [],
    ),
    membership: `${members
      .map((member) => member.identity)
      .sort()
      .join(' ')} ${code}`,
    warnings: (await someone.warnings(room)).map((fact) => JSON.stringify(fact)),
  };
}

const answers: {
  readonly [K in keyof Asks]: (params: Parameters<Asks[K]>[0]) => Promise<ReturnType<Asks[K]>>;
} = {
  host: ({ server }) => someone.hosts(server),
  join: async ({ link }) => ({ room: await someone.joins(link) }),
  talk: async ({ room, perSecond }) => {
    clearInterval(talking);
    if (perSecond > 0) talking = setInterval(() => void speak(room), 1_000 / perSecond);
    return null;
  },
  settle: async ({ room, waitMs }) => {
    await settle(room, waitMs);
    return null;
  },
  report: ({ room }) => report(room),
};

process.on('message', ({ n, ask, params }: ToMember) => {
  const answer = answers[ask] as (params: unknown) => Promise<unknown>;
  answer(params).then(
    (result) => say({ answers: n, result }),
    (error: unknown) => say({ answers: n, error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => void someone.close().then(() => process.exit()));
say({ ready: true });
