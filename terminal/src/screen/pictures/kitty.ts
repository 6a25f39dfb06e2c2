import { deflateSync } from 'node:zlib';
import { type Line, type Size, span } from '../draw/frame.ts';
import { passedThrough } from '../terminal/passthrough.ts';
import { type Pixels, scaledInto } from './pixels.ts';

/*
 * Pictures by kitty's graphics protocol, placed by text: https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders
 * The low byte of a picture's id is the colour of its placeholders, by the 256 colours, which tmux passes on everywhere; the high
 * byte is their third mark.
 */

type Env = Readonly<Record<string, string | undefined>>;

const ESC = '\u001b';
const PLACEHOLDER = '\u{10eeee}';
/** The most characters of base64 in one sequence. */
const CHUNK = 4096;
/** More pixels for a cell are not seen on most screens. */
const CELL = { width: 10, height: 20 };

/** Combining characters; the place of each is the number that it means: `rowcolumn-diacritics.txt` of kitty. Each pair is the first and the last of a range. */
const MARK_RANGES: readonly number[] = [
  0x305, 0x305, 0x30d, 0x30e, 0x310, 0x310, 0x312, 0x312, 0x33d, 0x33f, 0x346, 0x346, 0x34a, 0x34c, 0x350,
  0x352, 0x357, 0x357, 0x35b, 0x35b, 0x363, 0x36f, 0x483, 0x487, 0x592, 0x595, 0x597, 0x599, 0x59c, 0x5a1,
  0x5a8, 0x5a9, 0x5ab, 0x5ac, 0x5af, 0x5af, 0x5c4, 0x5c4, 0x610, 0x617, 0x657, 0x65b, 0x65d, 0x65e, 0x6d6,
  0x6dc, 0x6df, 0x6e2, 0x6e4, 0x6e4, 0x6e7, 0x6e8, 0x6eb, 0x6ec, 0x730, 0x730, 0x732, 0x733, 0x735, 0x736,
  0x73a, 0x73a, 0x73d, 0x73d, 0x73f, 0x741, 0x743, 0x743, 0x745, 0x745, 0x747, 0x747, 0x749, 0x74a, 0x7eb,
  0x7f1, 0x7f3, 0x7f3, 0x816, 0x819, 0x81b, 0x823, 0x825, 0x827, 0x829, 0x82d, 0x951, 0x951, 0x953, 0x954,
  0xf82, 0xf83, 0xf86, 0xf87, 0x135d, 0x135f, 0x17dd, 0x17dd, 0x193a, 0x193a, 0x1a17, 0x1a17, 0x1a75, 0x1a7c,
  0x1b6b, 0x1b6b, 0x1b6d, 0x1b73, 0x1cd0, 0x1cd2, 0x1cda, 0x1cdb, 0x1ce0, 0x1ce0, 0x1dc0, 0x1dc1, 0x1dc3,
  0x1dc9, 0x1dcb, 0x1dcc, 0x1dd1, 0x1de6, 0x1dfe, 0x1dfe, 0x20d0, 0x20d1, 0x20d4, 0x20d7, 0x20db, 0x20dc,
  0x20e1, 0x20e1, 0x20e7, 0x20e7, 0x20e9, 0x20e9, 0x20f0, 0x20f0, 0x2cef, 0x2cf1, 0x2de0, 0x2dff, 0xa66f,
  0xa66f, 0xa67c, 0xa67d, 0xa6f0, 0xa6f1, 0xa8e0, 0xa8f1, 0xaab0, 0xaab0, 0xaab2, 0xaab3, 0xaab7, 0xaab8,
  0xaabe, 0xaabf, 0xaac1, 0xaac1, 0xfe20, 0xfe26, 0x10a0f, 0x10a0f, 0x10a38, 0x10a38, 0x1d185, 0x1d189,
  0x1d1aa, 0x1d1ad, 0x1d242, 0x1d244,
];

function marks(): readonly string[] {
  const made: string[] = [];
  for (let i = 0; i < MARK_RANGES.length; i += 2)
    for (let code = MARK_RANGES[i] ?? 0; code <= (MARK_RANGES[i + 1] ?? 0); code++)
      made.push(String.fromCodePoint(code));
  return made;
}

export const MARKS = marks();

/** The id of a picture: both bytes are from 1 to 255. */
export interface PictureId {
  readonly high: number;
  readonly low: number;
}

function numberOf({ high, low }: PictureId): number {
  return high * 2 ** 24 + low;
}

/** The text that shows a picture. Each cell names its row and column, so that a part of a line shows the same as in the whole. */
export function placeholders(id: PictureId, { columns, rows }: Size): Line[] {
  return Array.from({ length: Math.min(rows, MARKS.length) }, (_, row) => {
    const cells = Array.from(
      { length: Math.min(columns, MARKS.length) },
      (_, column) => `${PLACEHOLDER}${MARKS[row]}${MARKS[column]}${MARKS[id.high]}`,
    );
    return [span(cells.join(''), { picture: id.low })];
  });
}

/** The output that gives a picture to the terminal, which shows it wherever its placeholders are. It is only ever sent pixels, so that no file of other people reaches its decoders. */
export function transmission(id: PictureId, pixels: Pixels, box: Size, env: Env): string {
  const most = { width: box.columns * CELL.width, height: box.rows * CELL.height };
  const { rgba, width, height } = scaledInto(pixels, most);
  const data = deflateSync(rgba).toString('base64');
  const head = `a=T,U=1,q=2,f=32,o=z,s=${width},v=${height},i=${numberOf(id)},c=${box.columns},r=${box.rows},`;
  let out = '';
  for (let at = 0; at < data.length; at += CHUNK) {
    const more = at + CHUNK < data.length ? 1 : 0;
    out += command(`${at === 0 ? head : 'q=2,'}m=${more};${data.slice(at, at + CHUNK)}`, env);
  }
  return out;
}

/** The output that makes the terminal forget a picture. */
export function deletion(id: PictureId, env: Env): string {
  return command(`a=d,d=I,q=2,i=${numberOf(id)}`, env);
}

const QUERY_ID = 31;

/** The output that asks whether the terminal has the protocol: it answers with {@link isConfirmation}, or not at all. */
export function query(env: Env): string {
  return command(`i=${QUERY_ID},s=1,v=1,a=q,t=d,f=24;AAAA`, env);
}

export function isConfirmation(sequence: string): boolean {
  return sequence === `${ESC}_Gi=${QUERY_ID};OK${ESC}\\`;
}

function command(inside: string, env: Env): string {
  return passedThrough(`${ESC}_G${inside}${ESC}\\`, env);
}
