import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserPerson } from '../browser/browser-person.ts';
import type { TmuxScreen } from '../terminal/tmux-screen.ts';
import { WAIT_MS } from '../waits.ts';

const LOOK_AGAIN_MS = 40;

/** One person's screen of either kind, with the same operations for both. */
export interface ChatScreen {
  readonly name: string;
  /** Writes into the field and sends it, or runs it when it is a command. */
  says(text: string): Promise<void>;
  /** Replaces the text of the field without sending it. */
  writes(text: string): Promise<void>;
  pastes(text: string): Promise<void>;
  /** Attaches a file, and sends it with a text. */
  attaches(name: string, content: string, text: string): Promise<void>;
  /** Saves the file of the newest message that has one. @returns what it holds */
  saves(): Promise<string>;
  /** Saves the open room as plain text. @returns what the file holds */
  exports(): Promise<string>;
  /** Saves a backup for a passphrase. @returns what the file holds */
  backsUp(passphrase: string): Promise<Buffer>;
  /** Begins to restore a backup that is in a file of this name. */
  restores(name: string, backup: Buffer): Promise<void>;
  /** Runs a command on the message that holds this text; it is the newest that does. */
  on(
    text: string,
    command:
      | 'reply'
      | 'thread'
      | 'react'
      | 'edit'
      | 'delete'
      | 'forward'
      | 'pin'
      | 'copy-link'
      | 'quoted'
      | 'author',
  ): Promise<void>;
  /** Opens the only link of the newest message, which holds this text. */
  follows(text: string): Promise<void>;
  /** @returns what was copied last; a browser's context needs the permission for it */
  copied(): Promise<string>;
  /** Writes into the dialog's field and takes what is found first. */
  picks(text: string, found: string): Promise<void>;
  /** Picks the dialog's entry of this name. */
  chooses(label: string): Promise<void>;
  /** Fills the dialog's fields in, in their order, and submits. */
  fills(values: readonly string[]): Promise<void>;
  /** Fills in the dialog's field that has the focus first, leaves the others as they are, and submits. */
  completes(value: string): Promise<void>;
  /** Says yes to the question. */
  confirms(): Promise<void>;
  /** Closes the dialog in front. @param what a text that the dialog shows */
  closes(what: string): Promise<void>;
  /** Everything that can be read. */
  text(): Promise<string>;
  /** Opens the room of this name. */
  opens(room: string): Promise<void>;
  /** Looks at something else, so that nothing is read; and back. */
  looksAway(): Promise<void>;
  looksBack(): Promise<void>;
  searches(text: string): Promise<void>;
  endsSearch(): Promise<void>;
}

/** Words of a notice, which a terminal breaks between columns. */
export function notice(words: string): RegExp {
  return new RegExp(words.split(' ').join('[\\s\\S]{1,200}?'));
}

/** Waits until everything that is wanted can be read on a screen, and nothing that isn't. */
export async function shows(
  screen: ChatScreen,
  wanted: readonly (string | RegExp)[],
  gone: readonly (string | RegExp)[] = [],
): Promise<void> {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const text = await screen.text();
    const has = (what: string | RegExp) => (typeof what === 'string' ? text.includes(what) : what.test(text));
    const missing = wanted.filter((what) => !has(what));
    const left = gone.filter(has);
    if (missing.length === 0 && left.length === 0) return;
    if (Date.now() > end)
      throw new Error(
        `${screen.name} does not show ${missing.join(' | ')}${left.length > 0 ? ` and still shows ${left.join(' | ')}` : ''} in:\n${text}`,
      );
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

/** The full-screen client in tmux. */
export class TerminalChat implements ChatScreen {
  readonly name: string;
  readonly screen: TmuxScreen;
  readonly #folder: string;

  /** @param folder where its files are */
  constructor(name: string, screen: TmuxScreen, folder: string) {
    this.name = name;
    this.screen = screen;
    this.#folder = folder;
  }

  async text(): Promise<string> {
    return (await this.screen.rows()).join('\n');
  }

  async says(text: string): Promise<void> {
    await this.writes(text);
    await this.screen.press('Enter');
  }

  async writes(text: string): Promise<void> {
    await this.#leavesReading();
    await this.screen.press('C-e', 'C-u');
    const lines = text.split('\n');
    for (const [i, line] of lines.entries()) {
      if (line !== '') await this.screen.type(line);
      if (i < lines.length - 1) await this.screen.press('C-j');
    }
  }

  async pastes(text: string): Promise<void> {
    await this.screen.paste(text);
  }

  async attaches(name: string, content: string, text: string): Promise<void> {
    const path = join(this.#folder, name);
    await writeFile(path, content);
    await this.says(`/send ${path} -- ${text}`);
  }

  async saves(): Promise<string> {
    await this.says('/save');
    await shows(this, ['Saved as ']);
    const [, path = ''] = /Saved as (\S+)/.exec(await this.text()) ?? [];
    return readFile(path, 'utf8');
  }

  async exports(): Promise<string> {
    await this.says('/export txt');
    await shows(this, ['The room is saved as ']);
    const [, path = ''] = /The room is saved as (.+?\.txt)/.exec(await this.text()) ?? [];
    return readFile(path, 'utf8');
  }

  async backsUp(passphrase: string): Promise<Buffer> {
    await this.says('/backup');
    await shows(this, ['Save a backup']);
    // Where there is a recovery link, it is chosen first.
    if ((await this.text()).includes('Opened by')) {
      await this.screen.press('Down');
      await this.screen.press('Tab');
    }
    await this.fills([passphrase]);
    await shows(this, ['The backup is saved as ']);
    const [, path = ''] = /The backup is saved as (.+?\.age)/.exec(await this.text()) ?? [];
    return readFile(path);
  }

  async restores(name: string, backup: Buffer): Promise<void> {
    const path = join(this.#folder, name);
    await writeFile(path, backup);
    await this.says(`/restore ${path}`);
  }

  async on(text: string, command: Parameters<ChatScreen['on']>[1]): Promise<void> {
    await shows(this, [text]);
    await this.#leavesReading();
    await this.screen.press('M-Up');
    const keys = {
      reply: 'r',
      thread: 't',
      react: '+',
      edit: 'e',
      delete: 'd',
      forward: 'f',
      pin: 'P',
      'copy-link': 'Y',
      quoted: 'Q',
      author: 'v',
    };
    await this.screen.press(keys[command]);
  }

  async follows(text: string): Promise<void> {
    await shows(this, [text]);
    await this.#leavesReading();
    await this.screen.press('M-Up');
    await this.screen.press('o');
  }

  copied(): Promise<string> {
    return this.screen.copied();
  }

  /** While a message has the focus there is no cursor, and letters are commands. */
  async #leavesReading(): Promise<void> {
    if ((await this.screen.cursor()) !== undefined) return;
    await this.screen.press('Escape');
    const end = Date.now() + WAIT_MS;
    while ((await this.screen.cursor()) === undefined)
      if (Date.now() > end) throw new Error(`${this.name} can't write: ${await this.text()}`);
  }

  async picks(text: string, found: string): Promise<void> {
    await this.screen.type(text);
    await shows(this, [new RegExp(`${found}.*${text}|[│|]\\s*[▌>›].*${found}`)]);
    await this.screen.press('Enter');
  }

  async chooses(label: string): Promise<void> {
    await shows(this, [label]);
    const rows = await this.screen.rows();
    const marked = rows.findIndex((row) => /[│|]\s*[▌>›]/.test(row));
    const wanted = rows.findIndex((row) => row.includes(label));
    for (let i = Math.min(marked, wanted); i < Math.max(marked, wanted) && marked !== -1; i++)
      await this.screen.press(wanted > marked ? 'Down' : 'Up');
    await this.screen.press('Enter');
  }

  async fills(values: readonly string[]): Promise<void> {
    for (const [i, value] of values.entries()) {
      await this.screen.press('C-e', 'C-u');
      if (value !== '') await this.screen.type(value);
      if (i < values.length - 1) await this.screen.press('Tab');
    }
    await this.screen.press('Enter');
  }

  async completes(value: string): Promise<void> {
    await this.fills([value]);
  }

  async confirms(): Promise<void> {
    // A question about what can't be undone begins on its second answer, which is to leave it.
    if (/\? ─/.test(await this.text())) await this.screen.press('BTab');
    await this.screen.press('Enter');
  }

  async closes(what: string): Promise<void> {
    await shows(this, [what]);
    await this.screen.press('Escape');
    // Esc directly followed by a key is another key.
    await shows(this, [], [what]);
  }

  async opens(room: string): Promise<void> {
    await this.#leavesReading();
    await this.screen.press('C-g');
    await shows(this, ['Go to a room']);
    await this.screen.type(room);
    await this.screen.press('Enter');
    await shows(this, [new RegExp(`^ ${room}`)], ['Go to a room']);
  }

  async looksAway(): Promise<void> {
    // The sequence by which a terminal reports that it lost the focus.
    await this.screen.type('\u001b[O');
  }

  async looksBack(): Promise<void> {
    await this.screen.type('\u001b[I');
  }

  async searches(text: string): Promise<void> {
    await this.screen.press('C-s');
    await this.screen.type(text);
    await this.screen.press('Enter');
  }

  async endsSearch(): Promise<void> {
    await this.screen.press('Escape');
    await shows(this, [], ['search: ']);
  }
}

/** The web client in Chromium. */
export class WebChat implements ChatScreen {
  readonly name: string;
  readonly person: BrowserPerson;

  constructor(name: string, person: BrowserPerson) {
    this.name = name;
    this.person = person;
  }

  get #page() {
    return this.person.page;
  }

  /** The text of the page, with the labels of its controls. */
  async text(): Promise<string> {
    return this.#page.evaluate(() => {
      const labels = [...document.querySelectorAll('.presence.here + .name')].map(
        (name) => `here: ${name.textContent}`,
      );
      return `${document.body.innerText}\n${[...document.querySelectorAll('.timeline .hidden, .chat > header .hidden')].map((e) => e.textContent).join('\n')}\n${labels.join('\n')}\n${document.querySelector('textarea')?.value ?? ''}`;
    });
  }

  async says(text: string): Promise<void> {
    await this.writes(text);
    await this.#page.keyboard.press('Enter');
  }

  async writes(text: string): Promise<void> {
    const field = this.#page.locator('#composer');
    await field.focus();
    await field.fill(text);
  }

  async pastes(text: string): Promise<void> {
    await this.#page.locator('#composer').focus();
    await this.#page.evaluate((pasted) => {
      const data = new DataTransfer();
      data.setData('text/plain', pasted);
      document.activeElement?.dispatchEvent(
        new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
      );
    }, text);
  }

  async attaches(name: string, content: string, text: string): Promise<void> {
    const asked = this.#page.waitForEvent('filechooser');
    await this.says('/send');
    await (await asked).setFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(content) });
    await shows(this, [name]);
    await this.says(text);
  }

  saves(): Promise<string> {
    return this.#downloads('/save');
  }

  exports(): Promise<string> {
    return this.#downloads('/export txt');
  }

  async backsUp(passphrase: string): Promise<Buffer> {
    await this.says('/backup');
    const dialog = this.#page.getByRole('dialog', { name: 'Save a backup' });
    await dialog.waitFor();
    // Where there is a recovery link, it is chosen first.
    const by = dialog.getByLabel('Opened by');
    if ((await by.count()) > 0) await by.selectOption('a passphrase');
    const file = await this.#downloaded(() => this.fills([passphrase]));
    await shows(this, ['The backup is saved as ']);
    return file;
  }

  async restores(name: string, backup: Buffer): Promise<void> {
    const asked = this.#page.waitForEvent('filechooser');
    await this.says('/restore');
    await (await asked).setFiles({ name, mimeType: 'application/octet-stream', buffer: backup });
  }

  async #downloads(command: string): Promise<string> {
    return (await this.#downloaded(() => this.says(command))).toString('utf8');
  }

  async #downloaded(what: () => Promise<void>): Promise<Buffer> {
    // A browser that asks where to shows a window of its own.
    await this.#page.evaluate(() => Object.assign(globalThis, { showSaveFilePicker: undefined }));
    const begun = this.#page.waitForEvent('download');
    await what();
    return readFile(await (await begun).path());
  }

  async on(text: string, command: Parameters<ChatScreen['on']>[1]): Promise<void> {
    const row = this.#page.locator('article', { hasText: text }).last();
    await row.waitFor();
    await row.focus();
    const keys = {
      reply: 'r',
      thread: 't',
      react: '+',
      edit: 'e',
      delete: 'd',
      forward: 'f',
      pin: 'p',
      'copy-link': 'l',
      quoted: '>',
      author: 'v',
    };
    await this.#page.keyboard.press(keys[command]);
  }

  async follows(text: string): Promise<void> {
    await this.#page.locator('article', { hasText: text }).last().locator('.body a').click();
  }

  async copied(): Promise<string> {
    return this.#page.evaluate(() => navigator.clipboard.readText());
  }

  async picks(text: string, found: string): Promise<void> {
    await this.#page.locator('dialog input').first().fill(text);
    await this.#page.locator('dialog [role=option]', { hasText: found }).first().waitFor();
    await this.#page.keyboard.press('Enter');
  }

  async chooses(label: string): Promise<void> {
    await this.#page
      .locator('dialog :is(:is(.list, .answers) button, [role=option])', { hasText: label })
      .first()
      .click();
  }

  async fills(values: readonly string[]): Promise<void> {
    const fields = this.#page.locator('dialog input');
    await fields.first().waitFor();
    for (const [i, value] of values.entries()) await fields.nth(i).fill(value);
    await this.confirms();
  }

  async completes(value: string): Promise<void> {
    await this.#page.locator('dialog input:focus').fill(value);
    await this.confirms();
  }

  async confirms(): Promise<void> {
    await this.#page.locator('dialog button[type=submit]').click();
  }

  async closes(what: string): Promise<void> {
    await this.#page.locator('dialog', { hasText: what }).waitFor();
    await this.#page.keyboard.press('Escape');
    await this.#page.locator('dialog', { hasText: what }).waitFor({ state: 'detached' });
  }

  async opens(room: string): Promise<void> {
    await this.#page.locator(`nav button.room[title="${room}"]`).click();
  }

  async looksAway(): Promise<void> {
    await this.#page.evaluate(() => {
      document.hasFocus = () => false;
      dispatchEvent(new Event('blur'));
    });
  }

  async looksBack(): Promise<void> {
    await this.#page.evaluate(() => {
      document.hasFocus = () => true;
      dispatchEvent(new Event('focus'));
    });
  }

  async searches(text: string): Promise<void> {
    await this.#page.keyboard.press('Control+f');
    const field = this.#page.locator('.search input');
    await field.fill(text);
    await field.press('Enter');
  }

  async endsSearch(): Promise<void> {
    await this.#page.locator('.search input').press('Escape');
  }
}
