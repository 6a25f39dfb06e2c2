import { ChatError } from '@gochat/client/chat-error';
import type { Profile } from '@gochat/client/open';
import { UsageError } from '@gochat/server/usage-error';
import { type Io, note } from '../io.ts';
import { askHidden, askPassphrase } from '../passphrase.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';

export async function run(
  io: Io,
  _args: readonly string[],
  options: ProfileOptions & { readonly remove?: boolean },
): Promise<void> {
  const { lines } = io.words.text;
  await withProfile(io, options, async (profile) => {
    const passphrase = options.remove === true ? undefined : await choose(io);
    await change(io, profile, passphrase);
    note(io, passphrase === undefined ? lines.passphraseRemoved : lines.passphraseSet);
  });
}

/** The present passphrase is asked for when another process has the profile open. */
async function change(io: Io, profile: Profile, passphrase: string | undefined): Promise<void> {
  try {
    await profile.call('passphrase', { passphrase });
  } catch (error) {
    if (!(error instanceof ChatError) || error.data.reason !== 'passphrase-missing') throw error;
    const old = await askPassphrase(io, io.words.text.lines.ask.presentPassphrase);
    if (old === undefined) throw error;
    await profile.call('passphrase', { passphrase, old });
  }
}

async function choose(io: Io): Promise<string> {
  const given = io.env.GOCHAT_NEW_PASSPHRASE;
  if (given !== undefined && given !== '') return given;
  if (io.stdin.isTTY !== true) throw new UsageError('run this on a terminal, or set GOCHAT_NEW_PASSPHRASE');
  const { ask } = io.words.text.lines;
  const passphrase = await askHidden(io, ask.newPassphrase);
  if (passphrase === undefined || passphrase === '')
    throw new UsageError('the passphrase is empty, and was not changed; --remove removes it');
  if ((await askHidden(io, ask.repeatPassphrase)) !== passphrase)
    throw new UsageError('the passphrases differ; nothing was changed');
  return passphrase;
}
