import { isLinkLike } from '@gochat/client/validate-input';
import type { RoomScreen } from '@gochat/view/snapshot';
import type { ScreenContext } from '../context.ts';
import { EDITS, type EditName, type Editor, EMPTY, insert, move, replace } from '../edit/editor.ts';
import { moveRow } from '../edit/field.ts';

/** The field at the bottom: the message that is being written, or the text of a search. */
export class FieldController {
  readonly #context: ScreenContext;
  /** The unsent text that was in the field before an older message was recalled. */
  #draft: string | undefined;

  constructor(context: ScreenContext) {
    this.#context = context;
  }

  get editor(): Editor {
    return this.#context.ui.current.editor;
  }

  /** Replaces the field's content, and reports it to the view unless nobody can write in the room. */
  write(editor: Editor): void {
    const { text, cursor } = this.editor;
    this.#context.ui.set({ editor });
    if (!this.isWritable) return;
    if (editor.text !== text || editor.cursor !== cursor)
      this.#context.view.actions.type(editor.text, editor.cursor);
  }

  /** Runs an editing command, on the text of the search while that is being written. */
  edit(name: EditName): void {
    const { ui } = this.#context;
    if (ui.current.mode === 'search') ui.set({ searchEditor: EDITS[name](ui.current.searchEditor) });
    else this.write(EDITS[name](this.editor));
  }

  /** Inserts typed characters. */
  type(text: string): void {
    const { ui } = this.#context;
    const { mode, searchEditor } = ui.current;
    if (mode === 'search') ui.set({ searchEditor: insert(searchEditor, text, 'type') });
    else if (this.isWritable) this.write(insert(this.editor, text, 'type'));
  }

  /** Inserts a paste; without a room, an invite link is opened. */
  paste(text: string): void {
    const { ui, view } = this.#context;
    const { mode, searchEditor, editor } = ui.current;
    if (mode === 'search') ui.set({ searchEditor: insert(searchEditor, text.replaceAll('\n', ' ')) });
    else if (this.#room === undefined) {
      if (isLinkLike(text)) view.actions.openLink(text.trim());
    } else if (this.isWritable) {
      ui.set({ mode: 'write', focus: undefined });
      view.actions.paste(text, editor.cursor);
    }
  }

  /** Sends the message, or inserts the suggestion that was chosen. */
  send(): void {
    const { actions } = this.#context.view;
    const composer = this.#room?.composer;
    this.#draft = undefined;
    if (composer?.completion?.selected !== undefined) {
      actions.complete();
      return;
    }
    // An edit without text is refused with a reason.
    const has = this.editor.text.trim() !== '' || composer?.mode === 'edit' || composer?.tray.length;
    if (this.isWritable && has) actions.send();
  }

  /** Up: the completion, then the row above in the field, then older sent messages. */
  up(): void {
    const { actions } = this.#context.view;
    if (this.#selects(-1) || this.#movesRow(-1) || this.#room?.composer.mode !== 'new') return;
    const { text } = this.editor;
    if (text === '' && actions.editLast()) return;
    if (this.#draft === undefined) this.#draft = text;
    if (!actions.recall(-1) && this.#draft === text) this.#draft = undefined;
  }

  /** Down: the completion, then the row below in the field, then newer sent messages, and last the draft. */
  down(): void {
    const { actions } = this.#context.view;
    if (this.#selects(1) || this.#movesRow(1)) return;
    if (this.#draft === undefined || !actions.recall(1)) return;
    if (this.#room?.composer.text === '' && this.#draft !== '') this.write(replace(EMPTY, this.#draft));
    if (this.#room?.composer.text === '') this.#draft = undefined;
  }

  /** Opens the text in the user's editor. */
  async editExternally(): Promise<void> {
    const { host, ui, text: words } = this.#context;
    if (this.#room?.composer.mode === 'closed') return;
    const text = await host.edit(this.editor.text);
    if (text === undefined) ui.note(words.notes.editorFailed);
    else this.write(replace(this.editor, text));
  }

  /** Vim's normal mode: the cursor steps onto a character. */
  toNormalMode(): void {
    this.#context.ui.set({ mode: 'normal', editor: move(this.editor, this.editor.cursor) });
  }

  /** False while nobody can write in the open room. */
  get isWritable(): boolean {
    return this.#room?.composer.mode !== 'closed';
  }

  get #room(): RoomScreen | undefined {
    return this.#context.view.getSnapshot().room;
  }

  #selects(by: 1 | -1): boolean {
    if (this.#room?.composer.completion === undefined) return false;
    this.#context.view.actions.select(by);
    return true;
  }

  #movesRow(by: 1 | -1): boolean {
    const moved = moveRow(this.editor, this.#context.drawing()?.fieldColumns ?? 80, by);
    if (moved !== undefined) this.write(moved);
    return moved !== undefined;
  }
}
