import type { TextItem } from '@gochat/client/history';
import type { Host } from '../chat/host.ts';
import { sanitizeLine, sanitizeText } from '../text/sanitize.ts';
import type { EmojiDialog, InspectDialog, MenuDialog } from './dialog.ts';
import { form, menuItem } from './forms.ts';

const EMOJI_SHOWN = 240;
const INSPECT_WAIT_MS = 10_000;
const FILE_BYTES = 60_000;

/** Picks an emoji out of all, by name. */
export function askEmoji(host: Host, title: string, picked: (emoji: string) => void): void {
  const { none } = host.words.text.dialogs.emoji;
  const shown = host.ask<EmojiDialog>({
    dialog: { kind: 'emoji', title, text: '', busy: true, items: [], empty: none },
    pick: (emoji, dialog) => {
      dialog.close();
      picked(emoji);
    },
    filter: (text) => {
      shown.update({ text });
      void host.emoji().then((book) => shown.update({ busy: false, items: book.find(text, EMOJI_SHOWN) }));
    },
  });
  void host.emoji().then((book) => shown.update({ busy: false, items: book.find('', EMOJI_SHOWN) }));
}

/** Takes a message back, after a question. */
export function askErase(host: Host, item: TextItem): void {
  const { pane } = host;
  if (pane === undefined) return;
  const { seq, id } = item;
  const text = host.words.text.dialogs.delete;
  host.ask({
    dialog: form(text.title, [text.text], [], text.submit, true),
    submit: async (_values, shown) => {
      await host.queue(pane, { kind: 'delete', of: { seq, id } });
      shown.close();
    },
  });
}

/** Puts one's reaction to a message, or takes it away when it is there. */
export function react(host: Host, item: TextItem, emoji: string): void {
  const { pane } = host;
  if (pane === undefined) return;
  const { seq, id } = item;
  const self = pane.self?.device;
  const on = !(item.reactions ?? []).some(
    (one) => one.emoji === emoji && one.by.some(({ device }) => device === self),
  );
  host.attempt(() => host.queue(pane, { kind: 'react', to: { seq, id }, emoji, on }));
}

/** Shows an entry as the server has it. @param seq the newest when undefined. */
export function inspect(host: Host, seq: string | undefined): void {
  const { pane } = host;
  if (pane === undefined) return;
  const text = host.words.text.dialogs.inspect;
  const shown = host.ask<InspectDialog>({
    dialog: { kind: 'inspect', title: text.title, text: [text.text], parts: [], busy: true },
  });
  host.attempt(async () => {
    const entry = await host.profile
      .call('inspect', { room: pane.info.id, seq, waitMs: INSPECT_WAIT_MS })
      .catch((error: unknown) => {
        shown.close();
        throw error;
      });
    const parts = [
      { label: text.position, value: entry.seq },
      { label: text.time, value: host.clock.date(entry.at) },
      { label: text.size, value: text.bytes(entry.bytes) },
      { label: text.ciphertext, value: entry.body },
      ...entry.says.map((item) => ({
        label: text.decrypted,
        value:
          item.kind === 'text'
            ? sanitizeText(item.text)
            : host.words.text.event(item, [sanitizeLine(item.from)]),
      })),
    ];
    shown.update({ parts, busy: false });
  });
}

/** More than this many lines are asked about before they are taken over. */
const PASTED_LINES = 3;

/** Puts a paste where the cursor is. It never runs as a command: a slash at its start is doubled. */
export function paste(host: Host, text: string, cursor: number): void {
  const { composing } = host;
  if (composing === undefined) return;
  const clean = text.replace(/\r\n?/g, '\n');
  const lines = clean.replace(/\n$/, '').split('\n').length;
  const literal = cursor === 0 && clean.startsWith('/') ? `/${clean}` : clean;
  if (lines <= PASTED_LINES) {
    composing.insert(literal, cursor);
    return;
  }
  const words = host.words.text.dialogs.paste;
  const items = [
    menuItem('edit', words.edit),
    menuItem('code', words.code),
    menuItem('as-is', words.send),
    menuItem('drop', words.cancel),
  ];
  host.ask<MenuDialog>({
    dialog: {
      kind: 'menu',
      title: words.title(lines),
      text: [firstLines(clean)],
      items,
    },
    pick: (name, shown) => {
      shown.close();
      if (name === 'drop') return;
      composing.insert(name === 'code' ? fenced(clean) : literal, cursor);
      if (name === 'as-is') host.send();
    },
  });
}

function firstLines(text: string): string {
  const lines = sanitizeText(text.slice(0, 400)).split('\n').slice(0, 4);
  return `${lines.join('\n')}…`;
}

/** As a block of code, fenced so that nothing in it ends the fence. */
function fenced(text: string, language = ''): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}\n`;
}

/** Puts a text file into the field, as code in the language of its ending. */
export function askFile(host: Host, path: string | undefined): void {
  const { composing } = host;
  const { noFile, fileTooLong } = host.words.text.flashes;
  host.attempt(async () => {
    const file = await host.platform.pickText(path);
    if (file === undefined) host.flash('bad', noFile);
    else if (new TextEncoder().encode(file.text).length > FILE_BYTES) host.flash('bad', fileTooLong);
    else if (composing !== undefined) {
      const language = /\.([a-z0-9+#-]{1,12})$/i.exec(file.name)?.[1] ?? '';
      composing.insert(fenced(file.text, language.toLowerCase()), composing.text.length);
    }
  });
}
