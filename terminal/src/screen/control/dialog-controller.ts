import type { Actions } from '@gochat/view/actions';
import type { Dialog, FormDialog, MenuDialog } from '@gochat/view/dialog';
import type { ScreenContext } from '../context.ts';
import { dialogClick, dialogKey } from '../input/dialog-keys.ts';
import type { Input } from '../terminal/input-decoder.ts';

type DialogAnswers = Pick<Actions, 'submit' | 'pick' | 'filter' | 'close'>;

/** The field of a form of the screen's own. */
export const TEXT_FIELD = 'text';

/** The dialog in front: one of the view's, or one of the screen's own. */
export class DialogController {
  readonly #context: ScreenContext;
  #pick: (name: string) => void = () => undefined;
  #submit: (text: string) => void = () => undefined;

  constructor(context: ScreenContext) {
    this.#context = context;
  }

  get dialog(): Dialog | undefined {
    return this.#context.ui.current.menu ?? this.#context.view.getSnapshot().dialog;
  }

  /** Shows a menu of the screen's own. */
  ask(menu: MenuDialog, pick: (name: string) => void): void {
    this.#pick = pick;
    this.#context.ui.set({ menu });
  }

  /** Shows a form of the screen's own, with one text field. */
  askText(form: FormDialog, submit: (text: string) => void): void {
    this.#submit = submit;
    this.#context.ui.set({ menu: form });
  }

  /** A key or a paste while a dialog is in front. */
  input(input: Extract<Input, { kind: 'key' | 'paste' }>): void {
    const { host, ui, drawing } = this.#context;
    const { dialog } = this;
    const state = ui.current.dialog;
    if (dialog === undefined || state === undefined) return;
    const scroll = drawing()?.dialog?.mostScroll ?? 0;
    const page = Math.max(1, host.size().rows - 4);
    const next = dialogKey(dialog, state, input, this.#answers, { scroll, page });
    // The key may have closed the dialog.
    if (this.dialog?.tick === dialog.tick) ui.set({ dialog: next });
  }

  /** A click. @param item its number in the dialog; undefined where there is none */
  click(item: number | undefined): void {
    const { ui } = this.#context;
    const { dialog } = this;
    const state = ui.current.dialog;
    if (dialog === undefined || state === undefined || item === undefined) return;
    const next = dialogClick(dialog, state, item, this.#answers);
    if (this.dialog?.tick === dialog.tick) ui.set({ dialog: next });
  }

  close(): void {
    this.#answers.close();
  }

  get #answers(): DialogAnswers {
    const { ui, view } = this.#context;
    if (ui.current.menu === undefined) return view.actions;
    const end = () => ui.set({ menu: undefined, dialog: undefined });
    const pick = (name: string) => {
      end();
      this.#pick(name);
    };
    const submit = (values: Readonly<Record<string, string>>) => {
      end();
      this.#submit(values[TEXT_FIELD] ?? '');
    };
    return { submit, pick, filter: () => undefined, close: end };
  }
}
