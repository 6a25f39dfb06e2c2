import { emitKeypressEvents, type Interface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { isShort, nextPart, OPENERS } from './escape-sequences.ts';

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
  | { readonly kind: 'paste'; readonly text: string }
  /** What the terminal answers to a question about itself, as a whole escape sequence. */
  | { readonly kind: 'reply'; readonly sequence: string };

const ESC = '\u001b';
/** An escape sequence that is incomplete after this time was the Esc key. */
const ESCAPE_MS = 30;
/** Longer pastes are cut: the view accepts at most 60 kB. */
const PASTE_CHARS = 1_000_000;
const FOCUS_IN = `${ESC}[I`;
const FOCUS_OUT = `${ESC}[O`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
const MOUSE = /^\u001b\[<(\d{1,4});(\d{1,4});(\d{1,4})([Mm])$/;
/** Answers: of kitty's graphics protocol, the terminal's name, its attributes, the size of a cell. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
const REPLY = /^\u001b(?:_G.*|P>\|.*|\[\?[\d;]*c|\[6;\d{1,5};\d{1,5}t)/;
/** The sequences that Node.js reads whole: keys. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
const KEY = /^\u001b+(?:\[\[[A-E]|\[(?:\d{1,3}|\d{1,2};\d)?[A-Za-z~^$]|O\d?[A-Za-z])$/;
const PASTE_BEGIN = `${ESC}[200~`;
const PASTE_END = `${ESC}[201~`;
const CTRL_C = '\u0003';
/** A paste of which nothing has come for this time has no end. */
const PASTE_GAP_MS = 1000;
/** A longer sequence that is incomplete after this time has no end. */
const SEQUENCE_MS = 300;

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
  /** When the first byte of {@link #held} came, by `performance.now()`. */
  #heldSince = 0;
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
    const wasHeld = this.#held !== '';
    let text = given;
    this.#held = '';
    while (text !== '') {
      if (this.#pasted !== undefined) {
        text = this.#paste(this.#pasted, text);
        continue;
      }
      const { kind, length } = nextPart(text);
      const part = text.slice(0, length);
      if (kind === 'open') {
        this.#hold(part, wasHeld);
        return;
      }
      text = text.slice(length);
      if (kind === 'text') this.#type(part);
      else if (kind === 'alt') this.#alt(part);
      else if (kind === 'sequence') this.#sequence(part);
    }
    if (this.#pasted !== undefined) this.#timer = setTimeout(() => this.#endPaste(), PASTE_GAP_MS);
  }

  #sequence(sequence: string): void {
    const mouseReport = MOUSE.exec(sequence);
    if (sequence === PASTE_BEGIN) this.#pasted = '';
    else if (sequence === FOCUS_IN || sequence === FOCUS_OUT)
      this.#take({ kind: 'focus', on: sequence === FOCUS_IN });
    else if (mouseReport !== null)
      this.#take(
        mouse(Number(mouseReport[1]), Number(mouseReport[2]), Number(mouseReport[3]), mouseReport[4] === 'M'),
      );
    else if (REPLY.test(sequence)) this.#take({ kind: 'reply', sequence });
    // Node.js would take the rest of any other sequence for typed text.
    else if (KEY.test(sequence)) this.#type(sequence);
  }

  /** Waits for the rest of a sequence, which may never come. */
  #hold(part: string, wasHeld: boolean): void {
    const now = performance.now();
    if (!wasHeld) this.#heldSince = now;
    this.#held = part;
    const waitMs = isShort(part) ? ESCAPE_MS : Math.max(0, this.#heldSince + SEQUENCE_MS - now);
    this.#timer = setTimeout(() => {
      this.#held = '';
      if (isShort(part)) this.#alt(part);
      else if (KEY.test(part)) this.#type(part);
    }, waitMs);
  }

  /** Esc, or Esc before a character, as terminals send Alt. */
  #alt(part: string): void {
    const char = part.slice(1);
    if (char === '' || char === ESC) this.#take({ kind: 'key', name: 'escape', text: '' });
    else if (OPENERS.includes(char)) this.#take({ kind: 'key', name: `M-${char}`, text: '' });
    else this.#type(part);
  }

  /** Takes what has come of a paste. */
  #endPaste(): void {
    const pasted = this.#pasted ?? '';
    this.#pasted = undefined;
    if (pasted === '') return;
    this.#take({ kind: 'paste', text: pasted.slice(0, PASTE_CHARS).replace(/\r\n?/g, '\n') });
  }

  /** @returns the text after the paste. */
  #paste(before: string, text: string): string {
    const pasted = before + text;
    // The end marker may be split.
    const end = pasted.indexOf(PASTE_END, Math.max(0, before.length - PASTE_END.length));
    if (end === -1 && text.endsWith(CTRL_C)) {
      this.#pasted = pasted.slice(0, -CTRL_C.length);
      this.#endPaste();
      return CTRL_C;
    }
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
  if (bare === '' || /[\u0000-\u001f\u007f]/.test(bare)) return undefined;
  // The rest of an unknown sequence after its Esc. A typed `[` has no Esc.
  if (bare !== sequence && bare.startsWith('[')) return undefined;
  if (meta) return { kind: 'key', name: `M-${bare}`, text: '' };
  return { kind: 'key', name: bare, text: text ?? bare };
}
