import { openersIn } from '@gochat/client/backup-opener';
import { ChatError } from '@gochat/client/chat-error';
import { type AgeOpeners, restoreBackup } from '@gochat/client/restore-backup';
import { type AgeRecipients, writeBackup } from '@gochat/client/write-backup';
import type { AttachedFile } from '../chat/actions.ts';
import type { Chat } from '../chat/chat.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import type { BackupText } from '../words/backups.ts';
import { deviceDialogs } from './device-dialogs.ts';
import type { DeviceParts } from './device-given.ts';
import type { DeviceDialog, FormDialog } from './dialog.ts';
import type { DialogHandle } from './dialog-host.ts';
import { FieldError } from './field-error.ts';
import { choiceField, form, menuItem, secretField, textField } from './forms.ts';

type Parts = Pick<Chat, 'profile' | 'platform' | 'words' | 'dialogs' | 'flashes'>;

/** A shorter passphrase is found by trying. */
const PASSPHRASE_CHARS = 12;
/** How long the rooms may take to let a restored device in before it is shown which have. */
const JOIN_MS = 20_000;
/** What a key, an identity of the age format, begins with. */
const KEY = /^AGE-SECRET-KEY-/i;

/** Asks what is to open a backup, and saves one. */
export async function askBackup(chat: Parts): Promise<void> {
  const { backup: text } = await chat.words.text.backups();
  const recovery = await chat.profile.call('recovery', {}).catch(() => undefined);
  const hasLink = recovery?.made === true && recovery.backup !== undefined;
  const choices = [
    { value: 'recovery', label: text.recovery },
    { value: 'passphrase', label: text.passphrase },
  ];
  const hint = text.hint(PASSPHRASE_CHARS);
  const passphrase = secretField(
    'passphrase',
    text.passphraseField,
    hasLink ? `${text.orEmpty} ${hint}` : hint,
  );
  const fields = hasLink ? [choiceField('by', text.by, 'recovery', choices), passphrase] : [passphrase];
  chat.dialogs.show<FormDialog>({
    dialog: { ...form(text.title, [text.text], fields, text.submit), focus: hasLink ? 'by' : '' },
    submit: async (values, handle) => {
      const to = recipientsIn(values, text);
      const where = await saveBackup(chat, to, (count) =>
        handle.update({ text: [text.text, text.progress(count)] }),
      );
      if (where === undefined) return;
      handle.close();
      chat.flashes.good(text.saved(where));
    },
  });
}

function recipientsIn(values: Readonly<Record<string, string>>, text: BackupText['backup']): AgeRecipients {
  const { by, passphrase = '' } = values;
  // Whoever types one expects that it opens the backup.
  if (by === 'recovery' && passphrase !== '') throw new FieldError('passphrase', text.oneOfBoth);
  if (by === 'recovery') return { recipients: ['recovery'] };
  if ([...passphrase].length < PASSPHRASE_CHARS)
    throw new FieldError('passphrase', text.hint(PASSPHRASE_CHARS));
  return { passphrase };
}

async function saveBackup(
  { profile, platform, words }: Parts,
  to: AgeRecipients,
  progress: (messages: number) => void,
): Promise<string | undefined> {
  const { name } = await words.text.backups();
  const bytes = writeBackup(profile, to, { progress: ({ messages }) => progress(messages) });
  const day = words.clock.dayKey(platform.now());
  return platform.files.save(name(day), 'application/octet-stream', bytes);
}

/** Restores a backup. @param path of the file; empty where the user picks one. @returns why it can't */
export async function askRestore(chat: DeviceParts, path: string): Promise<string | undefined> {
  const { restore: text } = await chat.words.text.backups();
  const file = await fileAt(chat, path);
  if (typeof file === 'string') return file;
  if (file === undefined) return chat.platform.files.needsPaths === true ? text.noFile : undefined;
  const said = text.text(sanitizeLine(file.name));
  const fields = [secretField('key', text.key), textField('label', text.label, chat.platform.deviceName)];
  chat.dialogs.show<FormDialog>({
    dialog: form(text.title, [said], fields, text.submit),
    submit: async ({ key = '', label = '' }, handle) => {
      if (key.trim() === '') throw new FieldError('key', text.keyMissing);
      const by = await openersFrom(key);
      await restoreBackup(chat.profile, () => file.stream(), {
        by,
        label: label.trim() || chat.platform.deviceName,
        progress: ({ stage, messages }) => handle.update({ text: [said, text[stage](messages)] }),
      });
      handle.update({ text: [said, text.joining] });
      void chat.platform.keepsProfile(true);
      await showRestored(chat, text, handle);
    },
  });
  return undefined;
}

async function openersFrom(key: string): Promise<AgeOpeners> {
  if (KEY.test(key.trim())) return openersIn(key);
  try {
    return key.includes('/') && key.includes('#') ? await openersIn(key) : { passphrase: key };
  } catch (error) {
    throw error instanceof ChatError ? error : new ChatError({ reason: 'backup-key' }, { cause: error });
  }
}

/** @returns the file; why there is none at the path; undefined if none was picked */
async function fileAt({ platform, words }: Parts, path: string): Promise<AttachedFile | string | undefined> {
  if (path === '') return (await platform.files.pick())[0];
  const [found] = await platform.files.at([path]);
  if (found === undefined) return undefined;
  return 'file' in found ? found.file : words.text.files.at[found.failure](sanitizeLine(path));
}

/** Says which rooms have let this device in, and asks which former devices are lost. */
async function showRestored(
  chat: DeviceParts,
  text: BackupText['restore'],
  handle: DialogHandle<FormDialog>,
): Promise<void> {
  const { joined, of, missing } = await chat.profile.call('rejoined', { waitMs: JOIN_MS });
  const known = await chat.profile.call('devices', {});
  const [first] = await chat.profile.call('rooms', {});
  // Entering a room closes it.
  const isInFront = handle.isOpen;
  if (chat.navigation.room === undefined && first !== undefined) await chat.navigation.enter(first.id);
  handle.close();
  const done = text.done(joined, of);
  const hasFormer = known.some(({ self, rooms }) => !self && rooms > 0);
  if (!isInFront || (missing.length === 0 && !hasFormer)) {
    const devices = { name: 'devices', label: text.devices } as const;
    if (hasFormer) chat.flashes.good(`${done}. ${text.former}`, devices);
    else chat.flashes.good(done);
    return;
  }
  const asksLost = async () => (await deviceDialogs(chat)).askLost();
  if (missing.length === 0) {
    await asksLost();
    chat.flashes.good(done);
    return;
  }
  const lines = missing.map(({ room, problem }) =>
    text.missing(sanitizeLine(room), chat.words.text.error(problem.data)),
  );
  const open = menuItem('close', text.close);
  chat.dialogs.show<DeviceDialog>({
    dialog: {
      kind: 'device',
      title: text.title,
      text: [done, text.others],
      digits: [],
      lines,
      progress: '',
      error: '',
      items: hasFormer ? [menuItem('lost', text.lost), open] : [open],
    },
    pick: (name, shown) => {
      if (name === 'lost') chat.flashes.attempt(asksLost);
      else shown.close();
    },
  });
}
