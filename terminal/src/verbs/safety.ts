import { sanitizeLine } from '@gochat/view/sanitize';
import { UsageError } from '../exit.ts';
import { type Io, print } from '../io.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { safeJson } from '../safe-json.ts';

export async function run(
  io: Io,
  [room = '', member]: readonly string[],
  options: ProfileOptions & { readonly json?: boolean },
): Promise<void> {
  await withProfile(io, options, async (profile) => {
    const { code, epoch, members } = await profile.call('safety', { room, member });
    if (member !== undefined && members.length === 0)
      throw new UsageError(`${sanitizeLine(member)} is you: compare numbers with the others`);
    if (options.json === true) {
      print(io, safeJson({ room, code, epoch, members }));
      return;
    }
    if (member === undefined)
      print(io, `room code  ${code}  (epoch ${epoch}: equal for all who are at the same one)`);
    for (const { name, id, number } of members) print(io, `${sanitizeLine(name)} (${id})  ${number}`);
  });
}
