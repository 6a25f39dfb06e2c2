import type { Actions } from '@gochat/view/actions';
import { DIALOG_KINDS } from '@gochat/view/dialog';
import { highlight } from '@gochat/view/internal/text/highlight';
import type { Snapshot } from '@gochat/view/snapshot';
import type { View } from '@gochat/view/view';
import { webEnglish } from '@gochat/view/web-words';
import { Words } from '@gochat/view/words';
import { mount } from '@gochat/web/ui/mount';
import { asking, DIALOGS, SAMPLES } from '../screens/samples.ts';

const ALL: Readonly<Record<string, Snapshot>> = {
  ...SAMPLES,
  ...Object.fromEntries(DIALOG_KINDS.map((kind) => [kind, asking(DIALOGS[kind])])),
};

const ANSWERS: Partial<Record<keyof Actions, unknown>> = {
  editLast: false,
  recall: false,
  cancel: false,
  back: false,
};

/** A view that shows what it is set to and does nothing but keep what it was told. */
class Gallery implements View {
  readonly told: [action: string, ...given: unknown[]][] = [];
  readonly #listeners = new Set<() => void>();
  #snapshot: Snapshot;

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  readonly actions = new Proxy({} as Actions, {
    get: (_, name: keyof Actions) =>
      name === 'highlight'
        ? highlight
        : (...given: unknown[]) => {
            this.told.push([name, ...given]);
            return ANSWERS[name];
          },
  });

  getSnapshot(): Snapshot {
    return this.#snapshot;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {}

  show(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    for (const listener of this.#listeners) listener();
  }
}

const chosen = () => ALL[location.hash.slice(1)] ?? SAMPLES.talking;
const gallery = new Gallery(chosen());
addEventListener('hashchange', () => gallery.show(chosen()));
Object.assign(globalThis, { gallery, samples: ALL });
mount(gallery, new Words('en-GB', webEnglish), document.body);
