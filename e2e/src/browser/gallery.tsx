import type { Actions } from '@gochat/view/actions';
import { DIALOG_KINDS } from '@gochat/view/dialog';
import { highlight } from '@gochat/view/internal/text/highlight';
import type { Snapshot } from '@gochat/view/snapshot';
import type { View } from '@gochat/view/view';
import { webEnglish } from '@gochat/view/web-words';
import { Words } from '@gochat/view/words';
import { Failed, Lacking, Opening } from '@gochat/web/ui/before';
import { draw, mount, PanelLoader } from '@gochat/web/ui/mount';
import { FILE_SAMPLES } from '../screens/file-samples.ts';
import { pseudo, pseudoText } from '../screens/pseudo-language.ts';
import { pseudoSnapshot } from '../screens/pseudo-snapshot.ts';
import { asking, DIALOGS, SAMPLES } from '../screens/samples.ts';

/** The sample of that name or of a dialog's kind; undefined if there is none. Only what is asked for is made. */
function sampleOf(name: string): Snapshot | undefined {
  if (Object.hasOwn(SAMPLES, name)) return SAMPLES[name as keyof typeof SAMPLES];
  if (Object.hasOwn(FILE_SAMPLES, name)) return FILE_SAMPLES[name as keyof typeof FILE_SAMPLES];
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

/** The bytes of files by `ROW INDEX WHICH`, which a test gives; of the others a picture and a sound that are made here. */
const given = new Map<string, Uint8Array>();

const BYTES: Partial<
  Record<keyof Actions, (row: string, index: number, which?: string) => Promise<unknown>>
> = {
  picture: async (row, index, which) => given.get(`${row} ${index} ${which}`) ?? madePicture(index, which),
  recording: async (row, index) => given.get(`${row} ${index}`) ?? madeSound(),
};

const ANSWERS: Partial<Record<keyof Actions, unknown>> = {
  editLast: false,
  recall: false,
  cancel: false,
  back: false,
};

/** A view that shows the snapshot it is given. It performs no action; it records them. */
class Gallery implements View {
  readonly calls: [action: string, ...args: unknown[]][] = [];
  readonly #listeners = new Set<() => void>();
  #snapshot: Snapshot;

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  readonly actions = new Proxy({} as Actions, {
    get: (_, name: keyof Actions) =>
      name === 'highlight'
        ? highlight
        : (...args: unknown[]) => {
            this.calls.push([name, ...args]);
            const bytes = BYTES[name];
            return bytes?.(...(args as Parameters<typeof bytes>)) ?? ANSWERS[name];
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

if (name === 'page' || /^#\/(?:join|link|recover)\//.test(location.hash) || history.state !== null) {
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
Object.assign(globalThis, { galleryIsDrawn: true, given });

function pseudoSampleOf(sample: string): Snapshot | undefined {
  const given = sampleOf(sample);
  return given && pseudoSnapshot(given);
}

/** A meadow under a sky, as JPEG; the third one is upright. */
async function madePicture(index: number, which = 'preview'): Promise<Uint8Array> {
  const long = which === 'whole' ? 1600 : 640;
  const [width, height] = index === 2 ? [(long * 9) / 16, long] : [long, (long * 3) / 4];
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('the browser gives no canvas to draw on');
  const sky = context.createLinearGradient(0, 0, width, height);
  for (const [at, colour] of ['#3a6fb0', '#f2b880', '#3d6b34'].entries()) sky.addColorStop(at / 2, colour);
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);
  context.fillStyle = '#2c4a27';
  context.beginPath();
  context.ellipse(width * 0.3, height, width * 0.7, height * 0.35, 0, 0, 7);
  context.fill();
  const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 });
  return new Uint8Array(await blob.arrayBuffer());
}

/** Two seconds of a low tone, as WAV. */
function madeSound(): Uint8Array {
  const rate = 8000;
  const samples = 2 * rate;
  const bytes = new Uint8Array(44 + samples);
  const view = new DataView(bytes.buffer);
  const put = (at: number, text: string) => bytes.set(new TextEncoder().encode(text), at);
  put(0, 'RIFF');
  put(8, 'WAVEfmt ');
  put(36, 'data');
  const numbers = [
    [4, 36 + samples],
    [16, 16],
    [24, rate],
    [28, rate],
    [40, samples],
  ] as const;
  for (const [at, number] of numbers) view.setUint32(at, number, true);
  for (const [at, number] of [
    [20, 1],
    [22, 1],
    [32, 1],
    [34, 8],
  ] as const)
    view.setUint16(at, number, true);
  for (let i = 0; i < samples; i++) bytes[44 + i] = 128 + Math.round(20 * Math.sin(i / 6));
  return bytes;
}
