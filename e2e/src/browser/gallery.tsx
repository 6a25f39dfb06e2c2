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

/** The sample of that name or of a dialog's kind; undefined if there is none. Only what is asked for is made. */
function sampleOf(name: string): Snapshot | undefined {
  if (Object.hasOwn(SAMPLES, name)) return SAMPLES[name as keyof typeof SAMPLES];
  const kind = DIALOG_KINDS.find((one) => one === name);
  return kind && asking(DIALOGS[kind]);
}

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

interface Fragment {
  readonly isPseudo: boolean;
  readonly name: string;
}

/**
 * The address's fragment: a sample's name, or `pseudo/` and a sample's name, or `page` for the whole page over a real view. An invite
 * link leads to the whole page too, also after a reload.
 */
function parsed(fragment: string): Fragment {
  const { language, name } = /^#(?:(?<language>pseudo)\/)?(?<name>\w*)$/.exec(fragment)?.groups ?? {};
  return { isPseudo: language !== undefined, name: name ?? '' };
}

const { isPseudo, name } = parsed(location.hash);
const catalogue = isPseudo ? pseudo(webEnglish) : webEnglish;
const words = new Words(isPseudo ? navigator.language : 'en-GB', catalogue);
const before = BEFORE[name];

if (name === 'page' || location.hash.startsWith('#/join/') || history.state !== null) {
  const { start } = await import('@gochat/web/start');
  await start(document.body, catalogue);
} else if (before !== undefined) {
  draw(before, words, document.body);
} else {
  const shown = isPseudo ? pseudoSampleOf : sampleOf;
  const panels = new PanelLoader();
  await panels.load();
  const open = (sample: Snapshot) => {
    const gallery = new Gallery(sample);
    Object.assign(globalThis, { gallery });
    mount(gallery, panels, words, document.body);
  };
  open(shown(name) ?? SAMPLES.talking);
  /** Draws the sample of another fragment as a load of the page would. @returns whether it did: not every fragment and state allows it */
  const reopen = (fragment: string): boolean => {
    const next = parsed(fragment);
    const sample = shown(next.name);
    if (next.isPseudo !== isPseudo || sample === undefined || history.state !== null) return false;
    draw(undefined, words, document.body);
    history.replaceState(null, '', fragment);
    open(sample);
    return true;
  };
  Object.assign(globalThis, { sampleOf: shown, reopen });
}
Object.assign(globalThis, { galleryIsDrawn: true });

function pseudoSampleOf(sample: string): Snapshot | undefined {
  const given = sampleOf(sample);
  return given && pseudoSnapshot(given);
}
