import { sanitizeText } from '@gochat/view/sanitize';
import { type Io, print } from '../io.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { roomId } from '../room-id.ts';
import { safeJson } from '../safe-json.ts';
import { waitMs } from '../wait.ts';

interface Options extends ProfileOptions {
  readonly json?: boolean;
  readonly wait?: string;
}

export async function run(io: Io, [room = '', text]: readonly string[], options: Options): Promise<void> {
  const wait = waitMs(options.wait, 30_000);
  await withProfile(io, options, async (profile) => {
    if (text !== undefined) await profile.call('configure', { room, topic: text, waitMs: wait });
    else await profile.call('sync', { room, waitMs: wait });
    const id = await roomId(profile, room);
    const topic = (await profile.call('rooms', {})).find((r) => r.id === id)?.topic ?? '';
    if (options.json === true) print(io, safeJson({ room, topic }));
    else if (text === undefined && topic !== '') print(io, sanitizeText(topic));
  });
}
