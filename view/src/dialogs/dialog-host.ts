import type { Dialog } from './dialog.ts';

type Bare<D extends Dialog> = D extends Dialog ? Omit<D, 'tick'> : never;

/** A dialog with what its answers do. What they throw is shown in the dialog, or else told as a flash. */
export interface DialogRequest<D extends Dialog = Dialog> {
  readonly dialog: Bare<D>;
  readonly submit?: (
    values: Readonly<Record<string, string>>,
    shown: DialogHandle<D>,
  ) => void | Promise<void>;
  readonly pick?: (name: string, shown: DialogHandle<D>) => void | Promise<void>;
  readonly filter?: (text: string, shown: DialogHandle<D>) => void;
}

/** A dialog that was shown: it can be changed and closed while it stands. */
export interface DialogHandle<D extends Dialog> {
  update(change: Partial<Bare<D>>): void;
  close(): void;
}

export interface DialogHostParts {
  readonly changed: () => void;
  /** Shows an error that has no dialog to be shown in. */
  readonly failed: (error: unknown) => void;
  readonly errorText: (error: unknown) => string;
}

/** The dialog in front, if any. */
export class DialogHost {
  readonly #parts: DialogHostParts;
  #now: { dialog: Dialog; readonly asking: DialogRequest; readonly shown: DialogHandle<Dialog> } | undefined;
  #tick = 0;

  constructor(parts: DialogHostParts) {
    this.#parts = parts;
  }

  get dialog(): Dialog | undefined {
    return this.#now?.dialog;
  }

  show<D extends Dialog>(asking: DialogRequest<D>): DialogHandle<D> {
    this.#tick += 1;
    const tick = this.#tick;
    const shown: DialogHandle<D> = {
      update: (change) => {
        if (this.#now?.dialog.tick !== tick) return;
        this.#now.dialog = { ...this.#now.dialog, ...change } as Dialog;
        this.#parts.changed();
      },
      close: () => {
        if (this.#now?.dialog.tick === tick) this.close();
      },
    };
    this.#now = {
      dialog: { ...asking.dialog, tick } as unknown as Dialog,
      asking: asking as unknown as DialogRequest,
      shown: shown as unknown as DialogHandle<Dialog>,
    };
    this.#parts.changed();
    return shown;
  }

  close(): void {
    if (this.#now === undefined) return;
    this.#now = undefined;
    this.#parts.changed();
  }

  submit(values: Readonly<Record<string, string>>): void {
    const now = this.#now;
    if (now?.asking.submit === undefined) return;
    if ('busy' in now.dialog && now.dialog.busy) return;
    const { submit } = now.asking;
    this.#attempt(() => submit(values, now.shown), values);
  }

  pick(name: string): void {
    const now = this.#now;
    if (now?.asking.pick === undefined) return;
    const { pick } = now.asking;
    this.#attempt(() => pick(name, now.shown));
  }

  filter(text: string): void {
    this.#now?.asking.filter?.(text, this.#now.shown);
  }

  #attempt(work: () => void | Promise<void>, values: Readonly<Record<string, string>> = {}): void {
    const now = this.#now;
    const busy = (on: boolean, error: string) => {
      if (this.#now !== now || now === undefined || !('busy' in now.dialog)) return false;
      const fields = 'fields' in now.dialog && {
        fields: now.dialog.fields.map((f) => ({ ...f, value: values[f.name] ?? f.value })),
      };
      now.dialog = { ...now.dialog, busy: on, ...('error' in now.dialog && { error }), ...fields } as Dialog;
      this.#parts.changed();
      return true;
    };
    void (async () => {
      try {
        const working = work();
        if (working !== undefined) busy(true, '');
        await working;
        busy(false, '');
      } catch (error) {
        const text = this.#parts.errorText(error);
        if (!busy(false, text) || (now !== undefined && !('error' in now.dialog))) this.#parts.failed(error);
      }
    })();
  }
}
