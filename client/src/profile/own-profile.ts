import type { Env } from '@gochat/crypto/primitives';
import { openVault } from '@gochat/crypto/vault';
import { Account } from '../account/account.ts';
import { ChatError } from '../api/chat-error.ts';
import { type ChatEvent, isMethod, type Params } from '../api/methods.ts';
import { toChatError } from '../api/to-chat-error.ts';
import { fromJson, Records, toJson } from '../store/records.ts';
import { Forgetting } from './forget.ts';
import { OwnerGone } from './guest.ts';
import type { KeptCall, OwnProfile, ProfileLocation, UnloadStore } from './profile-location.ts';
import { Fenced, type Owner } from './roles.ts';

/** @throws ChatError `locked`, `internal`; VaultError `damaged` */
export async function openOwnProfile<O extends Owner>(
  place: ProfileLocation<O>,
  owner: O,
  env: Env,
  emit: (event: ChatEvent) => void,
): Promise<OwnProfile> {
  const { unloadStore } = place;
  const { key, relock, renew, known } = await place.unlock(owner);
  const records = new Records(owner.store, openVault(key), env);
  const chat = await Account.open({
    records,
    env,
    connect: (address, circuit) => place.connect(address, circuit, owner),
    isUnlinked: owner.route?.unlinked === true,
    emit,
    watchWakes: place.watchWakes,
    relock,
    forgetting: new Forgetting(owner.store, env, renew),
    files: place.files(owner),
  });
  await repeatKept(chat, records, unloadStore);
  return {
    answer: (method, params, isOver) => answer(chat, method, params, isOver),
    keep: (calls) => unloadStore?.put(records.seal({ of: 'unanswered' }, toJson(calls))),
    close: () => chat.close(),
    known,
  };
}

/** Repeats what the last owner's page had not done when it was unloaded. */
async function repeatKept(chat: Account, records: Records, store: UnloadStore | undefined): Promise<void> {
  const kept = store?.take();
  if (kept === undefined) return;
  try {
    // The room may be gone.
    for (const { method, params } of fromJson<KeptCall[]>(records.open({ of: 'unanswered' }, kept)))
      await chat.call(method, params).catch(() => undefined);
  } catch {
    // The browser's database was cleared since: this is another profile.
  }
}

/** @param isOver whether the profile is being closed: failures may be caused by that. */
async function answer(
  chat: Account,
  method: string,
  params: unknown,
  isOver: () => boolean,
): Promise<unknown> {
  if (!isMethod(method)) throw new ChatError({ reason: 'owner-version' });
  try {
    // Both ends are this program, and the socket is open only to this user.
    return await chat.call(method, params as Params<typeof method>);
  } catch (error) {
    if (isOver() || error instanceof Fenced) throw new OwnerGone();
    throw toChatError(error);
  }
}
