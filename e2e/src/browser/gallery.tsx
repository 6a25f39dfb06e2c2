import type { Actions } from '@gochat/view/actions';
import { DIALOG_KINDS } from '@gochat/view/dialog';
import { highlight } from '@gochat/view/internal/text/highlight';
import type { Snapshot } from '@gochat/view/snapshot';
import type { View } from '@gochat/view/view';
import { webEnglish } from '@gochat/view/web-words';
import { Words } from '@gochat/view/words';
import { Failed, Lacking, Opening } from '@gochat/web/ui/before';
import { draw, mount, PanelLoader } from '@gochat/web/ui/mount';
import { pseudo, pseudoText } from '../screens/pseudo-language.ts';
import { pseudoSnapshot } from '../screens/pseudo-snapshot.ts';
import { asking, DIALOGS, SAMPLES } from '../screens/samples.ts';

const ALL: Readonly<Record<string, Snapshot>> = {
  ...SAMPLES,
  ...Object.fromEntries(DIALOG_KINDS.map((kind) => [kind, asking(DIALOGS[kind])])),
};

/** The screens that the page shows before it has a view. */
const BEFORE: Readonly<Record<string, Parameters<typeof draw>[0]>> = {
  opening: <Opening />,
  insecure: <Lacking what="insecure" />,
  locks: <Lacking what="locks" />,
  indexeddb: <Lacking what="indexeddb" />,
  failed: <Failed reason={pseudoText('the reason')} />,
};

const ANSWERS: Partial<Record<keyof Actions, unknown>> = {
  editLast: false,
  recall: false,
  cancel: false,
  back: false,
};

/** A view that shows the snapshot it is given. It performs no action; it records them. */
class Gallery implements View {
  readonly calls: [action: string, ...given: unknown[]][] = [];
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
            this.calls.push([name, ...given]);
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

/**
 * The address's fragment: a sample's name, or `pseudo/` and a sample's name, or `page` for the whole page over a real view. An invite
 * link leads to the whole page too, also after a reload.
 */
const { language, name } = /^#(?:(?<language>pseudo)\/)?(?<name>\w*)$/.exec(location.hash)?.groups ?? {};
const catalogue = language === undefined ? webEnglish : pseudo(webEnglish);
const words = new Words(language === undefined ? 'en-GB' : navigator.language, catalogue);
const before = BEFORE[name ?? ''];

if (name === 'page' || location.hash.startsWith('#/join/') || history.state !== null) {
  const { start } = await import('@gochat/web/start');
  await start(document.body, catalogue);
} else if (before !== undefined) {
  draw(before, words, document.body);
} else {
  const shown = language === undefined ? ALL : pseudoSamples();
  const gallery = new Gallery(shown[name ?? ''] ?? SAMPLES.talking);
  Object.assign(globalThis, { gallery, samples: shown });
  const panels = new PanelLoader();
  await panels.load();
  mount(gallery, panels, words, document.body);
}
Object.assign(globalThis, { galleryIsDrawn: true });

function pseudoSamples(): Readonly<Record<string, Snapshot>> {
  return Object.fromEntries(Object.entries(ALL).map(([sample, given]) => [sample, pseudoSnapshot(given)]));
}
