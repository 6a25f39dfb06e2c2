import { EXIT } from '../exit.ts';
import { type Io, note, print } from '../io.ts';
import { columns } from '../lines/format.ts';
import { problemText } from '../lines/words.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { safeJson } from '../safe-json.ts';
import { waitMs } from '../wait.ts';

interface Options extends ProfileOptions {
  readonly json?: boolean;
  readonly wait?: string;
}

export async function run(io: Io, [room = '']: readonly string[], options: Options): Promise<number> {
  const wait = waitMs(options.wait, 5000);
  return withProfile(io, options, async (profile) => {
    const { live, problem } = await profile.call('sync', { room, waitMs: wait });
    const members = await profile.call('members', { room });
    if (!live) note(io, `gochat: ${problemText(problem)}; this is what the profile has`);
    const ended = problem?.code === 'not-member' ? EXIT.notMember : EXIT.done;
    if (options.json === true) {
      for (const member of members) print(io, safeJson(member));
      return ended;
    }
    const marks = (m: (typeof members)[number]) =>
      [m.admin ? 'admin' : [], m.self ? 'you' : []].flat().join(', ');
    for (const line of columns(members.map((m) => [m.id, m.name, marks(m)]))) print(io, line);
    return ended;
  });
}
