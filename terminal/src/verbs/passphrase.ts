import { UsageError } from '../exit.ts';
import { type Io, note } from '../io.ts';
import { askHidden } from '../passphrase.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';

export async function run(
  io: Io,
  _args: readonly string[],
  options: ProfileOptions & { readonly remove?: boolean },
): Promise<void> {
  await withProfile(io, options, async (profile) => {
    const passphrase = options.remove === true ? undefined : await choose(io);
    await profile.call('passphrase', { passphrase });
    note(
      io,
      passphrase === undefined
        ? 'the profile opens without a passphrase now'
        : 'the profile is locked with the new passphrase now',
    );
  });
}

async function choose(io: Io): Promise<string> {
  const given = io.env.GOCHAT_NEW_PASSPHRASE;
  if (given !== undefined && given !== '') return given;
  if (io.stdin.isTTY !== true)
    throw new UsageError('a new passphrase is asked for on a terminal, or taken from GOCHAT_NEW_PASSPHRASE');
  const passphrase = await askHidden(io, 'New passphrase: ');
  if (passphrase === '') throw new UsageError('nothing was changed; --remove takes the passphrase away');
  if ((await askHidden(io, 'Once more: ')) !== passphrase)
    throw new UsageError('the two differ; nothing was changed');
  return passphrase;
}
