import { isBlank } from '@gochat/client/blank';
import { newMessageId } from '@gochat/client/message-id';
import type { Profile } from '@gochat/client/open';
import { waitMs } from '../duration.ts';
import { EXIT } from '../exit.ts';
import { type Io, note, print } from '../io.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { safeJson } from '../safe-json.ts';
import { readLines, readText } from '../utf8-input.ts';

interface Options extends ProfileOptions {
  readonly lines?: boolean;
  readonly wait?: string;
  readonly json?: boolean;
}

export async function run(io: Io, [room = '', text]: readonly string[], options: Options): Promise<number> {
  const wait = waitMs(options.wait, 5000);
  return withProfile(io, options, async (profile) => {
    const ids: string[] = [];
    const queue = async (message: string) => {
      ids.push(await queued(profile, room, message));
    };
    const sent = () => profile.call('sent', { room, ids, waitMs: wait });
    if (text !== undefined && text !== '-') await queue(text);
    else if (options.lines !== true) await queue((await readText(io.stdin)).replace(/\r?\n$/, ''));
    else {
      try {
        for await (const line of readLines(io.stdin)) if (!isBlank(line)) await queue(line);
      } catch (error) {
        // The lines before the one that can't be sent are queued already.
        await sent().catch(() => undefined);
        throw error;
      }
    }
    const { waiting } = await sent();
    if (options.json === true) for (const id of ids) print(io, safeJson({ room, id, queued: waiting > 0 }));
    if (waiting === 0) return EXIT.done;
    note(io, `gochat: ${io.words.text.lines.sentLater(waiting)}`);
    return EXIT.queued;
  });
}

async function queued(profile: Profile, room: string, text: string): Promise<string> {
  const id = newMessageId();
  await profile.call('queue', { room, id, content: { kind: 'text', text } });
  return id;
}
