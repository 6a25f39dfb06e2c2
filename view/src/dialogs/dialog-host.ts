import type { Flashes } from '../chat/flashes.ts';
import type { Dialog } from './dialog.ts';
import { FieldError, fieldOf } from './field-error.ts';

type Bare<D extends Dialog> = D extends Dialog ? Omit<D, 'tick'> : never;

/** A dialog with what its answers do. What they throw is shown in the dialog, or else as a flash. */
export interface DialogRequest<D extends Dialog = Dialog> {
  readonly dialog: Bare<D>;
  readonly submit?: (
    values: Readonly<Record<string, string>>,
    handle: DialogHandle<D>,
  ) => void | Promise<void>;
  readonly pick?: (name: string, handle: DialogHandle<D>) => void | Promise<void>;
  readonly filter?: (text: string, handle: DialogHandle<D>) => void;
  /** What happens when the person closes the dialog, in place of closing it. */
  readonly leave?: (handle: DialogHandle<D>) => void;
}

/** A dialog that was shown. It can be changed and closed while it is in front. */
export interface DialogHandle<D extends Dialog> {
  /** Whether it is in front. If not, the person has closed it, and what its work brings must not show another dialog or room. */
  readonly isOpen: boolean;
  update(change: Partial<Bare<D>>): void;
  close(): void;
}

/** The dialog in front, if any. */
export class DialogHost {
  readonly #flashes: Pick<Flashes, 'failed' | 'textOf' | 'end'>;
  readonly #changed: () => void;
  #now:
    | { dialog: Dialog; readonly request: DialogRequest; readonly handle: DialogHandle<Dialog> }
    | undefined;
  #tick = 0;

  /** @param changed is called after each change of {@link dialog}. */
  constructor(flashes: Pick<Flashes, 'failed' | 'textOf' | 'end'>, changed: () => void) {
    this.#flashes = flashes;
    this.#changed = changed;
  }

  get dialog(): Dialog | undefined {
    return this.#now?.dialog;
  }

  /** Shows a dialog in place of the one in front. A flash ends with the dialog, or the page, that it was shown on. */
  show<D extends Dialog>(request: DialogRequest<D>): DialogHandle<D> {
    this.#flashes.end();
    this.#tick += 1;
    const tick = this.#tick;
    const isOpen = () => this.#now?.dialog.tick === tick;
    const handle: DialogHandle<D> = {
      get isOpen() {
        return isOpen();
      },
      update: (change) => {
        if (this.#now === undefined || !isOpen()) return;
        this.#now.dialog = { ...this.#now.dialog, ...change } as Dialog;
        this.#changed();
      },
      close: () => {
        if (isOpen()) this.close();
      },
    };
    this.#now = {
      dialog: { ...request.dialog, tick } as unknown as Dialog,
      request: request as unknown as DialogRequest,
      handle: handle as unknown as DialogHandle<Dialog>,
    };
    this.#changed();
    return handle;
  }

  close(): void {
    if (this.#now === undefined) return;
    this.#flashes.end();
    this.#now = undefined;
    this.#changed();
  }

  /** The person closes the dialog. */
  leave(): void {
    const now = this.#now;
    if (now?.request.leave === undefined) this.close();
    else now.request.leave(now.handle);
  }

  submit(values: Readonly<Record<string, string>>): void {
    const now = this.#now;
    if (now?.request.submit === undefined) return;
    if ('busy' in now.dialog && now.dialog.busy) return;
    const { submit } = now.request;
    this.#attempt(() => submit(values, now.handle), values);
  }

  pick(name: string): void {
    const now = this.#now;
    if (now?.request.pick === undefined) return;
    const { pick } = now.request;
    this.#attempt(() => pick(name, now.handle));
  }

  filter(text: string): void {
    this.#now?.request.filter?.(text, this.#now.handle);
  }

  #attempt(work: () => void | Promise<void>, values: Readonly<Record<string, string>> = {}): void {
    const now = this.#now;
    const busy = (on: boolean, error: string, field = '') => {
      if (this.#now !== now || now === undefined || !('busy' in now.dialog)) return false;
      const fields = 'fields' in now.dialog && {
        fields: now.dialog.fields.map((f) => ({ ...f, value: values[f.name] ?? f.value })),
      };
      const isOfForm = fields !== false && fields.fields.some(({ name }) => name === field);
      now.dialog = {
        ...now.dialog,
        busy: on,
        ...('error' in now.dialog && { error }),
        ...(fields && { ...fields, errorField: isOfForm ? field : '' }),
      } as Dialog;
      this.#changed();
      return true;
    };
    void (async () => {
      try {
        const working = work();
        if (working !== undefined) busy(true, '');
        await working;
        busy(false, '');
      } catch (error) {
        const text = error instanceof FieldError ? error.text : this.#flashes.textOf(error);
        if (!busy(false, text, fieldOf(error)) || (now !== undefined && !('error' in now.dialog)))
          this.#flashes.failed(error);
      }
    })();
  }
}
