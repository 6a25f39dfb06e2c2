import { isBlank } from '@gochat/client/blank';
import { hasExpired, type TextItem } from '@gochat/client/history';
import { MESSAGE_BYTES, messageBytes } from '@gochat/client/message-size';
import type { Params } from '@gochat/client/methods';
import type { RoomNotes } from '@gochat/client/settings';
import type { Platform } from '../chat/platform.ts';
import type { PlatformFiles } from '../chat/platform-files.ts';
import type { Completion, Composer } from '../chat/snapshot.ts';
import { Tray, type TrayParts } from '../files/tray.ts';
import type { EmojiBook } from '../text/emoji.ts';
import { mentionsIn } from '../text/markdown.ts';
import { baseName, callableOf } from '../text/mentions.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import { keyOf } from '../timeline/lines.ts';
import type { Quote } from '../timeline/row.ts';
import { quoteOf } from '../timeline/rows.ts';
import type { ViewWords } from '../words/english.ts';
import type { CompletionParts } from './completion.ts';
import { completionAt, wantsEmoji, wantsPaths } from './completion.ts';
import type { RoomViewModel } from './room-view-model.ts';

export type Content = Params<'queue'>['content'];

const SENT_KEPT = 50;
const SECOND_MS = 1000;

export interface ComposerParts {
  readonly room: RoomViewModel;
  readonly words: ViewWords;
  readonly completing: () => Omit<CompletionParts, 'paths'>;
  readonly emoji: () => Promise<EmojiBook>;
  readonly clock: Pick<Platform, 'now' | 'after'>;
  readonly files: Pick<TrayParts, 'files' | 'makePreview'> & Pick<PlatformFiles, 'paths'>;
  /** Sends what is in the field, when the files for which it waited are prepared. */
  readonly send: () => void;
  readonly changed: () => void;
}

/** The message field of one room. */
export class ComposerViewModel {
  readonly tray: Tray;
  readonly #parts: ComposerParts;
  #text: string;
  #tick = 1;
  #undoable = false;
  #reply: TextItem | undefined;
  #edit: TextItem | undefined;
  /** What has disappeared that the text in the field was to change or to answer, until the screen has said so. */
  #lost: 'edit' | 'reply' | undefined;
  /** What was being written before an edit. */
  #before: Written = NOTHING;
  /** What the room's settings hold of this field, as {@link inSettings} writes it. */
  #known = '';
  #completion: Completion | undefined;
  #sent: string[] = [];
  #recalled: number | undefined;
  /** Those that were read last. */
  #paths: CompletionParts['paths'];
  /** The person has sent it, and its files are not prepared yet. */
  #waitsForFiles = false;
  #stopTurn: (() => void) | undefined;
  #cached: { readonly of: readonly unknown[]; readonly composer: Composer } | undefined;

  constructor(parts: ComposerParts) {
    this.#parts = parts;
    const { room, words, files } = parts;
    this.tray = new Tray({ ...files, room: room.info.id, words, changed: () => this.#trayChanged() });
    const { settings } = room;
    this.#text = settings.draft;
    this.#known = inSettings(settings);
    void this.#restore();
  }

  /** Takes over what another screen of the profile has written or sent. */
  follow(): void {
    const { settings } = this.#parts.room;
    const known = inSettings(settings);
    if (known === this.#known) return;
    this.#known = known;
    this.#reply = undefined;
    this.#edit = undefined;
    this.#show(settings.draft, false);
    void this.#restore();
    this.#parts.changed();
  }

  /** Fetches the message that the draft answers, and the one that is edited. */
  async #restore(): Promise<void> {
    const { room, changed } = this.#parts;
    const { draftReply, draftEdit } = room.settings;
    if (draftReply === undefined && draftEdit === undefined) return;
    const known = this.#known;
    const find = (ref: RoomNotes['draftReply']) => ref && room.find(ref.seq, ref.id).catch(() => undefined);
    const [reply, edited] = await Promise.all([find(draftReply), find(draftEdit?.of)]);
    // Something was written meanwhile.
    if (this.#known !== known) return;
    this.#reply = reply;
    if (draftEdit !== undefined && edited?.deleted === undefined && edited?.own === true) {
      this.#before = { text: this.#text, reply };
      this.#reply = undefined;
      this.#edit = edited;
      this.#show(draftEdit.text, false);
    } else if (draftEdit !== undefined) this.giveBack(draftEdit.text);
    changed();
  }

  get text(): string {
    return this.#text;
  }

  get completion(): Completion | undefined {
    return this.#completion;
  }

  /** The row of the message that is being answered. */
  get answered(): string | undefined {
    return this.#reply && keyOf(this.#reply);
  }

  get isEditing(): boolean {
    return this.#edit !== undefined;
  }

  /** Whether a message in the third person is being edited. */
  get isEditingAction(): boolean {
    return this.#edit?.me === true;
  }

  #write(): string {
    const { room, words } = this.#parts;
    const { history, rules, silence, direct, name } = room.info;
    if (direct?.state === 'asked') return words.text.composer.asked(sanitizeLine(name));
    if (direct?.state === 'left') return words.text.composer.hasLeft(sanitizeLine(name));
    const { composer, rules: text } = words.text;
    if (silence !== undefined) return composer.silenced;
    return composer.write({ history, expire: rules.expire, slow: text.slow(rules) });
  }

  snapshot(): Composer {
    const { room, words } = this.#parts;
    const closed = room.closed;
    const { context } = room;
    const answered = this.#reply && this.#now(this.#reply);
    const tray = this.tray.items();
    const waits = this.#waitsForFiles;
    const { history, rules, silence } = room.info;
    const turn = closed === '' ? this.#turn() : '';
    const of = [
      this.#text,
      this.#tick,
      answered,
      this.#edit,
      this.#completion,
      closed,
      context,
      tray,
      waits,
      history,
      rules.slow,
      rules.expire,
      silence,
      room.thread,
      turn,
    ];
    if (this.#cached?.of.every((value, i) => value === of[i]) === true) return this.#cached.composer;
    const mode = closed !== '' ? 'closed' : this.#edit === undefined ? 'new' : 'edit';
    const write = room.thread === undefined ? this.#write() : words.text.composer.thread;
    const hint = { closed, edit: words.text.composer.edit, new: write }[mode];
    const reply: Quote | undefined = answered && quoteOf(answered, answered.seq, keyOf(answered), context);
    const composer: Composer = {
      mode,
      silenced: silence !== undefined,
      hint,
      text: this.#text,
      tick: this.#tick,
      undoable: this.#undoable,
      reply,
      completion: this.#completion,
      note: mode === 'closed' ? '' : this.#note(),
      turn,
      ...this.#space(),
      tray,
    };
    this.#cached = { of, composer };
    return composer;
  }

  /** How long until the next message is sent. While this is shown, the view changes each second. */
  #turn(): string {
    const { room, words, clock, changed } = this.#parts;
    const ms = (room.info.turn ?? 0) - clock.now();
    if (ms <= 0 || room.info.silence !== undefined) return '';
    this.#stopTurn ??= clock.after(ms % SECOND_MS || SECOND_MS, () => {
      this.#stopTurn = undefined;
      changed();
    });
    return words.text.rules.turn(Math.ceil(ms / SECOND_MS));
  }

  /** The screen ends. */
  close(): void {
    this.#stopTurn?.();
  }

  /** How much space the text leaves, once it is nearly used up. */
  #space(): Pick<Composer, 'space' | 'tooLong'> {
    const text = this.#text;
    // No character of UTF-16 takes more than six bytes.
    const used = text.length * 6 < SPACE_SHOWN_AT ? 0 : messageBytes(text);
    if (used < SPACE_SHOWN_AT) return { space: '', tooLong: false };
    const { left, over } = this.#parts.words.text.composer;
    // What is left holds as many characters as the text has in as many bytes.
    const characters = Math.ceil((Math.abs(MESSAGE_BYTES - used) * text.length) / used);
    const tooLong = used > MESSAGE_BYTES;
    return { space: (tooLong ? over : left)(characters), tooLong };
  }

  /** The text in the screen's field has changed. */
  type(text: string, cursor: number): void {
    const changed = text !== this.#text;
    this.#text = text;
    if (changed) this.#recalled = undefined;
    if (changed) this.#waitsForFiles = false;
    this.#completion = completionAt(text, cursor, { ...this.#parts.completing(), paths: this.#paths });
    this.#readPaths(text, cursor);
    if (wantsEmoji(text) && this.#parts.completing().emoji === undefined)
      void this.#parts.emoji().then(() => {
        if (this.#text === text) this.type(text, cursor);
      });
    if (changed) {
      this.#saveDraft();
      this.#parts.room.presence.typing(!isBlank(text) && !text.startsWith('/'));
    }
    this.#parts.changed();
  }

  /** Reads the paths that complete the text, if it needs some that were not read. */
  #readPaths(text: string, cursor: number): void {
    const { completing, files } = this.#parts;
    const start = wantsPaths(text.slice(0, cursor), completing().commands);
    if (start === undefined || this.#paths?.(start) !== undefined) return;
    void files.paths(start).then((found) => {
      this.#paths = (wanted) => (wanted === start ? found : undefined);
      if (this.#text === text) this.type(text, cursor);
    });
  }

  /** Sets another text into the field. */
  put(text: string): void {
    this.#set(text, false);
  }

  /** Changes the text in the field by a step that the person can undo. */
  revise(text: string): void {
    this.#set(text, true);
  }

  /** Puts a text back that was not sent. What was written since stays below it. */
  giveBack(text: string): void {
    const since = this.#edit === undefined ? this.#text : this.#before.text;
    const joined = since === '' ? text : `${text}\n${since}`;
    if (this.#edit === undefined) {
      this.put(joined);
      return;
    }
    this.#before = { ...this.#before, text: joined };
    this.#saveDraft();
  }

  #set(text: string, undoable: boolean): void {
    this.#show(text, undoable);
    this.#saveDraft();
    this.#parts.changed();
  }

  #show(text: string, undoable: boolean): void {
    this.#text = text;
    this.#undoable = undoable;
    this.#tick += 1;
    this.#completion = undefined;
  }

  insert(text: string, cursor: number): void {
    this.revise(this.#text.slice(0, cursor) + text + this.#text.slice(cursor));
  }

  complete(index: number | undefined): void {
    const completion = this.#completion;
    const item = completion?.items[index ?? completion.selected ?? 0];
    if (completion === undefined || item === undefined) return;
    this.revise(this.#text.slice(0, completion.from) + item.insert + this.#text.slice(completion.to));
  }

  select(by: 1 | -1): void {
    const completion = this.#completion;
    if (completion === undefined) return;
    const { items, selected } = completion;
    const next = selected === undefined ? (by === 1 ? 0 : -1) : selected + by;
    this.#completion = { ...completion, selected: (next + items.length) % items.length };
    this.#parts.changed();
  }

  replyTo(item: TextItem): void {
    if (this.#edit !== undefined) this.cancel();
    this.#lost = undefined;
    this.#reply = item;
    this.#saveDraft();
    this.#parts.changed();
  }

  edit(item: TextItem): void {
    if (this.#edit === undefined) this.#before = { text: this.#text, reply: this.#reply };
    this.#edit = item;
    this.#lost = undefined;
    this.#reply = undefined;
    this.put(asWritten(item));
  }

  /** Ends the edit of a message that was deleted meanwhile, and keeps its text. @returns whether there was one */
  dropLostEdit(): boolean {
    if (this.#edit === undefined || this.#now(this.#edit).deleted === undefined) return false;
    const text = this.#text;
    this.cancel();
    this.giveBack(text);
    return true;
  }

  /**
   * The text in the field is a new message now, which the person has to know before it is sent.
   * @returns what has disappeared that the text was to change or to answer; once
   */
  takeLost(): 'edit' | 'reply' | undefined {
    const lost = this.#lost;
    this.#lost = undefined;
    return lost;
  }

  /** Refers to nothing any more that has disappeared by now, in milliseconds since 1970. What the person writes stays. */
  expire(now: number): void {
    const isGone = (item: TextItem | undefined) => item !== undefined && hasExpired(item, now);
    const { reply, ...before } = this.#before;
    if (isGone(reply)) this.#before = { ...before, reply: undefined };
    if (isGone(this.#edit)) {
      const text = this.#text;
      this.#completion = undefined;
      this.cancel();
      this.giveBack(text);
      this.#lost = 'edit';
    } else if (isGone(this.#reply)) {
      if (!isBlank(this.#text)) this.#lost = 'reply';
      this.#reply = undefined;
      this.#saveDraft();
      this.#parts.changed();
    }
  }

  /** A message as it is now: it may have been changed or deleted since it was chosen. */
  #now(item: TextItem): TextItem {
    return this.#parts.room.message(keyOf(item)) ?? item;
  }

  /** @returns whether there was something to cancel. */
  cancel(): boolean {
    if (this.#completion !== undefined) this.#completion = undefined;
    else if (this.#waitsForFiles) this.#waitsForFiles = false;
    else if (this.#edit !== undefined) {
      this.#edit = undefined;
      this.#reply = this.#before.reply;
      this.put(this.#before.text);
    } else if (this.#reply !== undefined) {
      this.#reply = undefined;
      this.#saveDraft();
    } else return false;
    this.#parts.changed();
    return true;
  }

  recall(by: 1 | -1): boolean {
    const at = (this.#recalled ?? this.#sent.length) + by;
    const text = at === this.#sent.length ? '' : this.#sent[at];
    if (text === undefined || at < 0) return false;
    this.put(text);
    this.#recalled = at;
    return true;
  }

  /**
   * Sends what is in the field as soon as all files are prepared, unless the person writes on. If something of them has to be known first,
   * it waits to be sent once more.
   */
  sendWhenReady(): void {
    this.#waitsForFiles = true;
    this.#trayChanged();
  }

  #trayChanged(): void {
    if (this.#waitsForFiles && (this.tray.isReady || this.tray.failed !== undefined)) {
      this.#waitsForFiles = false;
      if (!this.tray.hasNotes) this.#parts.send();
    }
    this.#parts.changed();
  }

  /** Whether the message that is edited has files: then its text may be empty. */
  get isEditingFiles(): boolean {
    return this.#edit?.files !== undefined;
  }

  /** Takes the text and the files out of the field to send them, the text as it was written. @returns undefined when there is nothing to send */
  take(text: string, me: boolean): { readonly content: Content; readonly restore: () => void } | undefined {
    const edit = this.#edit;
    const reply = this.#reply ?? this.#parts.room.thread;
    const isEmpty = isBlank(text);
    if (isEmpty && (edit === undefined ? this.tray.isEmpty : edit.files === undefined)) return undefined;
    const said = isEmpty ? '' : text;
    const tray = edit === undefined && !this.tray.isEmpty ? this.tray.take() : undefined;
    const mentions = this.#mentions(text);
    const called = mentions.length > 0 && { mentions };
    const content: Content =
      edit === undefined
        ? {
            kind: 'text',
            text: said,
            ...(me && { me: true as const }),
            ...(reply && { reply: { seq: reply.seq, id: reply.id } }),
            ...called,
            ...(tray && { files: [...tray.contents] }),
          }
        : { kind: 'edit', of: { seq: edit.seq, id: edit.id }, text: said, ...called };
    const restore = this.clear();
    return {
      content,
      restore: () => {
        tray?.restore();
        restore();
      },
    };
  }

  /**
   * Empties the field and keeps its text for {@link recall}.
   * @param keepsReply whether the message that is being answered stays chosen
   * @returns what restores what was in it
   */
  clear(keepsReply = false): () => void {
    const typed = this.#text;
    const edited = this.#edit;
    const answered = this.#reply;
    if (this.#text.trim() !== '' && this.#edit === undefined)
      this.#sent = [...this.#sent.filter((old) => old !== this.#text), this.#text].slice(-SENT_KEPT);
    this.#recalled = undefined;
    this.#lost = undefined;
    const { text, reply } = this.#edit === undefined ? NOTHING : this.#before;
    this.#edit = undefined;
    this.#reply = keepsReply ? (answered ?? reply) : reply;
    this.put(text);
    this.#parts.room.presence.typing(false);
    return () => {
      if (this.#text !== '' || this.#edit !== undefined) {
        this.giveBack(typed);
        return;
      }
      this.#edit = edited;
      this.#reply = answered;
      this.put(typed);
    };
  }

  /** The identity keys of those whom a text mentions. */
  #mentions(text: string): string[] {
    return text.includes('@') ? mentionsIn(text, callableOf(this.#parts.room.members)) : [];
  }

  /** Why nothing can be written, or that it waits for files, or that a name in the text mentions several members. */
  #note(): string {
    const { room, words } = this.#parts;
    const { silence } = room.info;
    if (silence !== undefined) return words.text.rules.silence[silence];
    if (this.#waitsForFiles) return words.text.files.tray.waits;
    const mentioned = new Set(this.#mentions(this.#text));
    const counts = new Map<string, number>();
    for (const { name, identity } of this.#parts.room.members) {
      if (!mentioned.has(identity)) continue;
      const base = baseName(name);
      counts.set(base, (counts.get(base) ?? 0) + 1);
    }
    const several = [...counts].filter(([, count]) => count > 1);
    const { mentionsAll } = this.#parts.words.text.composer;
    return several.map(([name, count]) => mentionsAll(sanitizeLine(name), count)).join(' ');
  }

  #saveDraft(): void {
    const edit = this.#edit;
    const { text, reply } = edit === undefined ? { text: this.#text, reply: this.#reply } : this.#before;
    const draft = {
      draft: text,
      draftReply: reply && { seq: reply.seq, id: reply.id },
      draftEdit: edit && { of: { seq: edit.seq, id: edit.id }, text: this.#text },
    };
    this.#known = inSettings(draft);
    this.#parts.room.change(draft);
  }
}

/** A text, and the message that it answers. */
interface Written {
  readonly text: string;
  readonly reply: TextItem | undefined;
}

const NOTHING: Written = { text: '', reply: undefined };

/** What settings hold of a message field, in one text to compare. */
function inSettings({ draft, draftReply, draftEdit }: Pick<RoomNotes, 'draft' | 'draftReply' | 'draftEdit'>) {
  const { of, text } = draftEdit ?? {};
  return JSON.stringify([draft, draftReply?.seq, draftReply?.id, of?.seq, of?.id, text]);
}

/** How a message is written in the field: a slash at the start is doubled, since a single one begins a command. */
export function asWritten({ text, me }: { readonly text: string; readonly me?: true | undefined }): string {
  return me === true ? `/me ${text}` : text.replace(/^(\s*)\//, '$1//');
}

/** From here on the space is shown. */
const SPACE_SHOWN_AT = MESSAGE_BYTES * 0.9;
