import type { HistoryItem } from '@gochat/client/history';
import type { Profile } from '@gochat/client/open';
import { UsageError } from '@gochat/server/usage-error';
import { showConnecting } from '../connecting.ts';
import { waitMs } from '../duration.ts';
import { EXIT } from '../exit.ts';
import { ProgressLine } from '../files/progress-line.ts';
import { Interrupted, untilInterrupted } from '../interrupt.ts';
import { type Io, note, print } from '../io.ts';
import { afterSync } from '../lines/after-sync.ts';
import { problemText } from '../lines/error-text.ts';
import { formatItem, jsonItem } from '../lines/format.ts';
import { HistoryStream } from '../lines/history-stream.ts';
import { membershipEnd } from '../lines/membership-end.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { roomRef } from '../room-id.ts';
import { noteUnsent } from './unsent.ts';

interface Options extends ProfileOptions {
  readonly follow?: boolean;
  readonly lines?: string;
  readonly time?: boolean;
  readonly since?: string;
  readonly json?: boolean;
  readonly wait?: string;
}

const MOST_LINES = 10_000;

export async function run(io: Io, [room = '']: readonly string[], options: Options): Promise<number> {
  const since = options.since ?? '0';
  if (!/^\d{1,16}$/.test(since))
    throw new UsageError('--since takes a position, as gochat tail --json shows it in seq');
  const last = readLast(options.lines);
  const { text } = io.words;
  const wait = waitMs(options.wait, 5000);
  return withProfile(io, options, async (profile) => {
    let ref = await roomRef(profile, room);
    const id = ref.room;
    // A sync or another member may change the room's name.
    const readName = async () => {
      if (options.json === true) ref = await roomRef(profile, id);
    };
    const lineOf = (item: HistoryItem) => {
      if (options.json === true) return jsonItem(ref, item);
      const line = formatItem(text, item);
      return options.time === true ? text.lines.timed(item.at, line) : line;
    };
    const write = (item: HistoryItem) => print(io, lineOf(item));
    const streamAfter = (seq: string) => new HistoryStream(profile, id, seq, write, readName);
    // The last lines are known only when everything has come.
    let stream = last === undefined ? streamAfter(since) : undefined;
    const progress = new Progress(io, profile, id);
    try {
      if (options.follow === true) await profile.call('follow', { room: id });
      const { live, problem } = await showConnecting(io, profile).call('sync', { room: id, waitMs: wait });
      progress.end();
      await readName();
      stream ??= streamAfter(await printLast(profile, id, since, last ?? 0, write));
      await stream.catchUp();
      await noteUnsent(io, profile, id);
      if (problem?.code === 'not-member') {
        note(io, `gochat: ${problemText(text, problem)}`);
        return EXIT.notMember;
      }
      const synced = afterSync(text, { live, problem });
      for (const line of synced.notes) note(io, line);
      return options.follow === true ? await follow(io, profile, id, stream) : synced.code;
    } finally {
      progress.end();
      stream?.stop();
    }
  });
}

function readLast(lines: string | undefined): number | undefined {
  if (lines === undefined) return undefined;
  const count = Number(lines);
  if (!/^\d+$/.test(lines) || count > MOST_LINES)
    throw new UsageError(`-n takes a whole number from 0 to ${MOST_LINES}`);
  return count;
}

/** Prints the last lines after a position. @returns the position of the newest line */
async function printLast(
  profile: Profile,
  room: string,
  since: string,
  count: number,
  write: (item: HistoryItem) => void,
): Promise<string> {
  const items = await profile.call('history', { room, limit: Math.max(1, count) });
  const after = items.filter(({ seq }) => Number(seq) > Number(since));
  for (const item of count === 0 ? [] : after.slice(-count)) write(item);
  return items.at(-1)?.seq ?? since;
}

async function follow(io: Io, profile: Profile, room: string, stream: HistoryStream): Promise<number> {
  const ended = new Promise<number>((resolve) => {
    profile.on((event) => {
      const problem = membershipEnd(event, room);
      if (problem === undefined) return;
      note(io, `gochat: ${problemText(io.words.text, problem)}`);
      resolve(EXIT.notMember);
    });
  });
  const end = await untilInterrupted(ended);
  await stream.catchUp();
  return end instanceof Interrupted ? EXIT.done : end;
}

/** How many messages have come so far, on standard error: on a terminal, and only if standard output shows them nowhere. */
class Progress {
  readonly #stop: () => void;
  readonly #line: ProgressLine;
  #count = 0;

  constructor(io: Io, profile: Profile, room: string) {
    this.#line = new ProgressLine(io);
    const isShown = io.stdout.isTTY !== true;
    this.#stop = profile.on((event) => {
      if (!isShown || event.kind !== 'items' || event.room !== room) return;
      this.#count += event.items.length;
      this.#line.show(() => io.words.text.lines.fetched(this.#count));
    });
  }

  end(): void {
    this.#stop();
    this.#line.end();
  }
}
