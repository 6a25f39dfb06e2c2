import type { PictureDialog } from '@gochat/view/dialog';
import { DIM, type DialogView, paragraphs } from './box.ts';
import { altLines, factSpans } from './files.ts';
import { fit, type Line, lineWidth, type Size, span } from './frame.ts';
import type { Look } from './look.ts';
import { oneLine } from './one-line.ts';
import { wrap } from './wrap.ts';

/** The lines below a picture are no more than these. */
const MOST_ALT = 3;
const MOST_FACTS = 2;
const MOST_KEYS = 2;

/** Draws one picture on the whole screen. Without graphics only its text is shown. */
export function pictureView(dialog: PictureDialog, size: Size, look: Look): DialogView {
  const { columns, rows } = size;
  const { file } = dialog;
  const head = headLine(dialog, columns);
  const alt = altLines(file, columns - 2).slice(0, MOST_ALT);
  const foot = [
    ...wrap(factSpans(file, look), columns - 2).slice(0, MOST_FACTS),
    ...paragraphs([look.text.dialogs.picture], columns - 2, DIM).slice(0, MOST_KEYS),
  ];
  const height = Math.max(0, rows - 1 - foot.length - alt.length);
  const box = look.pictures?.boxAlone(file, { columns, rows: height });
  const picture = box && look.pictures?.alone(dialog.row, file, box);
  const top = 1 + Math.floor((height - (box?.rows ?? 0)) / 2);
  const left = Math.floor((columns - (box?.columns ?? 0)) / 2);
  const body = Array.from({ length: height }, (_, i): Line => {
    const line = picture?.lines[i + 1 - top];
    return line === undefined ? [] : [span(' '.repeat(left)), ...line];
  });
  const below = [...alt, ...foot].map((line): Line => [span(' '), ...line]);
  const lines = [head, ...body, ...below].slice(0, rows).map((line) => fit(line, columns));
  return {
    lines,
    top: 0,
    left: 0,
    cursor: undefined,
    items: lines.map(() => undefined),
    mostScroll: 0,
    over:
      picture?.over === undefined || box === undefined
        ? undefined
        : { row: top, column: left, rows: box.rows, sequence: picture.over },
  };
}

function headLine({ text, position }: PictureDialog, columns: number): Line {
  const place = position === '' || position.length > columns / 3 ? '' : ` ${oneLine(position)} `;
  const who = fit([span(` ${oneLine(text)}`)], Math.max(0, columns - place.length)).map((one) => ({
    text: one.text,
    style: { ...one.style, bg: 'bar' as const },
  }));
  const line: Line = [...who, span(place, { bg: 'bar', fg: 'dim' })];
  return lineWidth(line) > columns ? fit(line, columns) : line;
}
