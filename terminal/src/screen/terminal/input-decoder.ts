import { emitKeypressEvents, type Interface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** An input event of a terminal. */
export type Input =
  /** `name` as in key bindings: `C-a`, `M-enter`, `S-tab`, `up`, or the character. `text` is the character that it types, or empty. */
  | { readonly kind: 'key'; readonly name: string; readonly text: string }
  | {
      readonly kind: 'mouse';
      readonly what: 'press' | 'release' | 'wheel-up' | 'wheel-down' | 'other';
      /** From 0. */
      readonly row: number;
      readonly column: number;
    }
  | { readonly kind: 'focus'; readonly on: boolean }
  | { readonly kind: 'paste'; readonly text: string };

const ESC = '\u001b';
/** An escape sequence that is incomplete after this time was the Esc key. */
const ESCAPE_MS = 30;
/** Longer pastes are cut: the view accepts at most 60 kB. */
const PASTE_CHARS = 1_000_000;
const PASTE_BEGIN = `${ESC}[200~`;
const PASTE_END = `${ESC}[201~`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
const TAKEN = /\u001b\[(?:<(\d{1,4});(\d{1,4});(\d{1,4})([Mm])|([IO])|200~)/;
/** The beginning of such a sequence, at the end of the input so far. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
const BEGUN = /\u001b(?:\[(?:<[\d;]{0,14}|2(?:0(?:0)?)?)?)?$/;

interface Keypress {
  readonly name?: string;
  readonly sequence?: string;
  readonly ctrl?: boolean;
  readonly meta?: boolean;
  readonly shift?: boolean;
}

/** Decodes a terminal's bytes, however they are split: mouse, focus and pastes here, keys by Node.js. */
export class InputDecoder {
  readonly #decoder = new StringDecoder('utf8');
  readonly #keys = new PassThrough();
  readonly #take: (input: Input) => void;
  #held = '';
  #pasted: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param take is called for each event, in order. */
  constructor(take: (input: Input) => void) {
    this.#take = take;
    // Node.js waits for the rest of a sequence too, but this class has waited already.
    emitKeypressEvents(this.#keys, { escapeCodeTimeout: 1 } as unknown as Interface);
    this.#keys.on('keypress', (text: string | undefined, key: Keypress) => {
      const made = keyOf(text, key);
      if (made !== undefined) take(made);
    });
  }

  /** Decodes bytes from the terminal. */
  write(bytes: Buffer): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#read(this.#held + this.#decoder.write(bytes));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#keys.destroy();
  }

  #read(given: string): void {
    let text = given;
    this.#held = '';
    while (text !== '') {
      if (this.#pasted !== undefined) {
        text = this.#paste(this.#pasted, text);
        continue;
      }
      const found = TAKEN.exec(text);
      if (found === null) break;
      this.#type(text.slice(0, found.index));
      text = text.slice(found.index + found[0].length);
      if (found[0] === PASTE_BEGIN) this.#pasted = '';
      else if (found[5] !== undefined) this.#take({ kind: 'focus', on: found[5] === 'I' });
      else this.#take(mouse(Number(found[1]), Number(found[2]), Number(found[3]), found[4] === 'M'));
    }
    if (this.#pasted !== undefined) return;
    const begun = BEGUN.exec(text);
    this.#type(begun === null ? text : text.slice(0, begun.index));
    if (begun === null) return;
    this.#held = begun[0];
    this.#timer = setTimeout(() => {
      const held = this.#held;
      this.#held = '';
      this.#type(held);
    }, ESCAPE_MS);
  }

  /** @returns the text after the paste. */
  #paste(before: string, text: string): string {
    const pasted = before + text;
    // The end marker may be split.
    const end = pasted.indexOf(PASTE_END, Math.max(0, before.length - PASTE_END.length));
    if (end === -1) {
      const tail = pasted.slice(-PASTE_END.length);
      this.#pasted =
        pasted.length > PASTE_CHARS + PASTE_END.length ? pasted.slice(0, PASTE_CHARS) + tail : pasted;
      return '';
    }
    this.#pasted = undefined;
    this.#take({ kind: 'paste', text: pasted.slice(0, Math.min(end, PASTE_CHARS)).replace(/\r\n?/g, '\n') });
    return pasted.slice(end + PASTE_END.length);
  }

  #type(text: string): void {
    if (text !== '') this.#keys.write(text);
  }
}

function mouse(button: number, column: number, row: number, pressed: boolean): Input {
  const wheel = { 64: 'wheel-up', 65: 'wheel-down' } as const;
  const left = (button & 0b1110_0011) === 0;
  const what =
    button === 64 || button === 65 ? wheel[button] : !left ? 'other' : pressed ? 'press' : 'release';
  return { kind: 'mouse', what, row: row - 1, column: column - 1 };
}

const NAMED: Readonly<Record<string, string>> = {
  return: 'enter',
  // Ctrl+J sends a line feed.
  enter: 'C-j',
  '\u001f': 'C-_',
  '\u001c': 'C-\\',
  '\u001d': 'C-]',
  '\u0000': 'C-space',
  space: ' ',
};
const BASE = new Set([
  'up',
  'down',
  'left',
  'right',
  'home',
  'end',
  'pageup',
  'pagedown',
  'insert',
  'delete',
  'backspace',
  'tab',
  'escape',
  'return',
  'enter',
  'space',
  'f1',
  'f2',
  'f3',
  'f4',
  'f5',
  'f6',
  'f7',
  'f8',
  'f9',
  'f10',
  'f11',
  'f12',
]);

/** @returns undefined for a sequence of no known key */
function keyOf(text: string | undefined, key: Keypress): Input | undefined {
  const { name, sequence = '', ctrl = false, shift = false } = key;
  // Some terminals send Esc before the key for Alt.
  const meta = key.meta === true || sequence.startsWith(ESC + ESC);
  if (name === 'escape') return { kind: 'key', name: 'escape', text: '' };
  if (name !== undefined && BASE.has(name)) {
    const control = ctrl && name !== 'enter' ? 'C-' : '';
    const mods = `${control}${meta ? 'M-' : ''}${shift && name !== 'space' ? 'S-' : ''}`;
    const plain = mods === '' && name === 'space';
    return { kind: 'key', name: `${mods}${NAMED[name] ?? name}`, text: plain ? ' ' : '' };
  }
  const bare = meta && sequence.startsWith(ESC) ? sequence.slice(1) : sequence;
  if (ctrl && name !== undefined) return { kind: 'key', name: `C-${meta ? 'M-' : ''}${name}`, text: '' };
  const named = NAMED[bare];
  if (named !== undefined) return { kind: 'key', name: `${meta ? 'M-' : ''}${named}`, text: '' };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what isn't a character is no text
  if (bare === '' || /[\u0000-\u001f\u007f]/.test(bare) || bare.startsWith('[')) return undefined;
  if (meta) return { kind: 'key', name: `M-${bare}`, text: '' };
  return { kind: 'key', name: bare, text: text ?? bare };
}
