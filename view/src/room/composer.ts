import { isBlank } from '@gochat/client/blank';
import type { TextItem } from '@gochat/client/history';
import { MESSAGE_BYTES } from '@gochat/client/message-size';
import type { Params } from '@gochat/client/methods';
import type { Completion, Composer } from '../chat/snapshot.ts';
import type { EmojiBook } from '../text/emoji.ts';
import { mentionsIn } from '../text/markdown.ts';
import { baseName, callableOf } from '../text/mentions.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import { keyOf } from '../timeline/lines.ts';
import type { Quote } from '../timeline/row.ts';
import { quoteOf } from '../timeline/rows.ts';
import type { ViewWords } from '../words/english.ts';
import type { CompletionParts } from './completion.ts';
import { completionAt, wantsEmoji } from './completion.ts';
import type { RoomViewModel } from './room-view-model.ts';

export type Content = Params<'queue'>['content'];

const SENT_KEPT = 50;

export interface ComposerParts {
  readonly room: RoomViewModel;
  readonly words: ViewWords;
  readonly completing: () => CompletionParts;
  readonly emoji: () => Promise<EmojiBook>;
  readonly changed: () => void;
}

/** The message field of one room. */
export class ComposerViewModel {
  readonly #parts: ComposerParts;
  #text: string;
  #tick = 1;
  #undoable = false;
  #reply: TextItem | undefined;
  #edit: TextItem | undefined;
  /** The text in the field before an edit. */
  #draft = '';
  #completion: Completion | undefined;
  #sent: string[] = [];
  #recalled: number | undefined;
  #cached: { readonly of: readonly unknown[]; readonly composer: Composer } | undefined;

  constructor(parts: ComposerParts) {
    this.#parts = parts;
    const { draft, draftReply } = parts.room.settings;
    this.#text = draft;
    if (draftReply !== undefined) void this.#restoreReply(draftReply.seq, draftReply.id);
  }

  async #restoreReply(seq: string, id: string): Promise<void> {
    const found = await this.#parts.room.find(seq, id);
    if (found === undefined || this.#edit !== undefined) return;
    this.#reply = found;
    this.#parts.changed();
  }

  get text(): string {
    return this.#text;
  }

  get completion(): Completion | undefined {
    return this.#completion;
  }

  get isEditing(): boolean {
    return this.#edit !== undefined;
  }

  snapshot(): Composer {
    const { room, words } = this.#parts;
    const closed = room.closed;
    const { context } = room;
    const of = [this.#text, this.#tick, this.#reply, this.#edit, this.#completion, closed, context];
    if (this.#cached?.of.every((value, i) => value === of[i]) === true) return this.#cached.composer;
    const mode = closed !== '' ? 'closed' : this.#edit === undefined ? 'new' : 'edit';
    const hint = { closed, edit: words.text.composer.edit, new: words.text.composer.write }[mode];
    const reply: Quote | undefined =
      this.#reply && quoteOf(this.#reply, this.#reply.seq, keyOf(this.#reply), context);
    const composer: Composer = {
      mode,
      hint,
      text: this.#text,
      tick: this.#tick,
      undoable: this.#undoable,
      reply,
      completion: this.#completion,
      note: mode === 'closed' ? '' : this.#note(),
      ...this.#space(),
    };
    this.#cached = { of, composer };
    return composer;
  }

  /** How much space the text leaves, once it is nearly used up. */
  #space(): Pick<Composer, 'space' | 'tooLong'> {
    const text = this.#text;
    // No character of UTF-16 has more than three bytes in UTF-8.
    const used = text.length * 3 < SPACE_SHOWN_AT ? 0 : new TextEncoder().encode(text).length;
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
    this.#completion = completionAt(text, cursor, this.#parts.completing());
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

  /** Sets another text into the field. */
  put(text: string): void {
    this.#set(text, false);
  }

  /** Changes the text in the field by a step that the person can undo. */
  revise(text: string): void {
    this.#set(text, true);
  }

  #set(text: string, undoable: boolean): void {
    this.#text = text;
    this.#undoable = undoable;
    this.#tick += 1;
    this.#completion = undefined;
    this.#saveDraft();
    this.#parts.changed();
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
    this.#reply = item;
    this.#saveDraft();
    this.#parts.changed();
  }

  edit(item: TextItem): void {
    if (this.#edit === undefined) this.#draft = this.#text;
    this.#edit = item;
    this.#reply = undefined;
    // A slash at the start is doubled, as it was when it was written.
    this.put(item.me === true ? `/me ${item.text}` : item.text.replace(/^(\s*)\//, '$1//'));
  }

  /** @returns whether there was something to cancel. */
  cancel(): boolean {
    if (this.#completion !== undefined) this.#completion = undefined;
    else if (this.#edit !== undefined) {
      this.#edit = undefined;
      this.put(this.#draft);
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

  /** Takes the text out of the field to send it, as it was written. @returns undefined when the field shows nothing. */
  take(text: string, me: boolean): { readonly content: Content; readonly restore: () => void } | undefined {
    const edit = this.#edit;
    const reply = this.#reply;
    if (isBlank(text)) return undefined;
    const mentions = this.#mentions(text);
    const called = mentions.length > 0 && { mentions };
    const content: Content =
      edit === undefined
        ? {
            kind: 'text',
            text,
            ...(me && { me: true as const }),
            ...(reply && { reply: { seq: reply.seq, id: reply.id } }),
            ...called,
          }
        : { kind: 'edit', of: { seq: edit.seq, id: edit.id }, text, ...called };
    const typed = this.#text;
    this.clear();
    return {
      content,
      restore: () => {
        if (this.#text !== '') return;
        this.#edit = edit;
        this.#reply = reply;
        this.put(typed);
      },
    };
  }

  /** Empties the field and keeps its text for {@link recall}. */
  clear(): void {
    if (this.#text.trim() !== '' && this.#edit === undefined)
      this.#sent = [...this.#sent.filter((old) => old !== this.#text), this.#text].slice(-SENT_KEPT);
    this.#recalled = undefined;
    const draft = this.#edit === undefined ? '' : this.#draft;
    this.#edit = undefined;
    this.#reply = undefined;
    this.put(draft);
    this.#parts.room.presence.typing(false);
  }

  /** The device keys of those whom a text mentions. */
  #mentions(text: string): string[] {
    return text.includes('@') ? mentionsIn(text, callableOf(this.#parts.room.members)) : [];
  }

  /** Says so when a name in the text mentions several members. */
  #note(): string {
    const devices = new Set(this.#mentions(this.#text));
    const people = new Map<string, Set<string>>();
    for (const { name, device, identity } of this.#parts.room.members) {
      if (!devices.has(device)) continue;
      const base = baseName(name);
      people.set(base, (people.get(base) ?? new Set()).add(identity));
    }
    const several = [...people].filter(([, identities]) => identities.size > 1);
    const { mentionsAll } = this.#parts.words.text.composer;
    return several.map(([name, { size }]) => mentionsAll(sanitizeLine(name), size)).join(' ');
  }

  #saveDraft(): void {
    if (this.#edit !== undefined) return;
    const reply = this.#reply;
    this.#parts.room.change({
      draft: this.#text,
      draftReply: reply && { seq: reply.seq, id: reply.id },
    });
  }
}

/** From here on the space is shown. */
const SPACE_SHOWN_AT = MESSAGE_BYTES * 0.9;
