import type { HistoryItem } from '@gochat/client/history';
import type { Profile } from '@gochat/client/open';
import { UsageError } from '@gochat/server/usage-error';
import { waitMs } from '../duration.ts';
import { EXIT } from '../exit.ts';
import { untilInterrupted } from '../interrupt.ts';
import { type Io, note, print } from '../io.ts';
import { problemText } from '../lines/error-text.ts';
import { formatItem, jsonItem } from '../lines/format.ts';
import { HistoryStream } from '../lines/history-stream.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { roomId } from '../room-id.ts';

interface Options extends ProfileOptions {
  readonly follow?: boolean;
  readonly since?: string;
  readonly json?: boolean;
  readonly wait?: string;
}

export async function run(io: Io, [room = '']: readonly string[], options: Options): Promise<number> {
  const since = options.since ?? '0';
  if (!/^\d{1,16}$/.test(since))
    throw new UsageError('--since takes a position, as gochat tail --json shows it in seq');
  const { text } = io.words;
  const wait = waitMs(options.wait, 5000);
  return withProfile(io, options, async (profile) => {
    const id = await roomId(profile, room);
    const write = (item: HistoryItem) =>
      print(io, options.json === true ? jsonItem(id, item) : formatItem(text, item));
    const stream = new HistoryStream(profile, id, since, write);
    try {
      if (options.follow === true) await profile.call('follow', { room: id });
      const { live, problem } = await profile.call('sync', { room: id, waitMs: wait });
      await stream.catchUp();
      if (problem?.code === 'not-member') {
        note(io, `gochat: ${problemText(text, problem)}`);
        return EXIT.notMember;
      }
      if (options.follow === true) return await follow(io, profile, id, stream);
      if (live) return EXIT.done;
      note(io, `gochat: ${text.lines.localOnly(problemText(text, problem))}`);
      return problem?.code === 'refused' ? EXIT.refused : EXIT.done;
    } finally {
      stream.stop();
    }
  });
}

async function follow(io: Io, profile: Profile, room: string, stream: HistoryStream): Promise<number> {
  const ended = new Promise<number>((resolve) => {
    profile.on((event) => {
      if (event.kind !== 'online' || event.room !== room || event.problem?.code !== 'not-member') return;
      note(io, `gochat: ${problemText(io.words.text, event.problem)}`);
      resolve(EXIT.notMember);
    });
  });
  const code = await untilInterrupted(ended);
  await stream.catchUp();
  return code ?? EXIT.done;
}
