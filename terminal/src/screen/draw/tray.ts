import type { TrayItem } from '@gochat/view/snapshot';
import { fit, type Line, type Span, span } from './frame.ts';
import type { Look } from './look.ts';
import { oneLine } from './one-line.ts';
import { wrap } from './wrap.ts';

/** A description of a file takes no more lines than this. */
const MOST_NOTE = 2;

/** The files that are sent with the text, above its field: each a line `name · size · state`, then what to know of it. */
export function trayLines(
  tray: readonly TrayItem[],
  { columns, most, keys }: { readonly columns: number; readonly most: number; readonly keys: string },
  look: Look,
): Line[] {
  if (tray.length === 0 || most < 1) return [];
  const { text, symbols } = look;
  const lines = tray.flatMap((item) => [
    fit([span(` ${symbols.bar} `, { fg: 'accent' }), ...itemSpans(item, look)], columns),
    ...noteLines(item, columns),
  ]);
  const hint = fit([span(` ${text.tray.keys(keys)}`, { fg: 'dim' })], columns);
  if (lines.length + 1 <= most) return [...lines, hint];
  return [
    ...lines.slice(0, most - 1),
    fit([span(` ${text.tray.more(keys, tray.length)}`, { fg: 'dim' })], columns),
  ];
}

function itemSpans({ name, size, alt, state, progress }: TrayItem, { symbols, text }: Look): Span[] {
  const done = progress === undefined ? '' : ` ${text.tray.percent(progress)}`;
  const facts = [
    size,
    state === 'preparing' ? `${text.tray.preparing}${done}` : '',
    alt === '' ? '' : oneLine(alt),
  ].filter((fact) => fact !== '');
  return [
    span(oneLine(name), { fg: state === 'failed' ? 'bad' : 'accent' }),
    ...facts.map((fact) => span(` ${symbols.dot} ${fact}`, { fg: 'dim' })),
  ];
}

function noteLines({ note, error }: TrayItem, columns: number): Line[] {
  const said = error === '' ? note : error;
  if (said === '') return [];
  return wrap([span(oneLine(said), { fg: error === '' ? 'warn' : 'bad' })], Math.max(1, columns - 4))
    .slice(0, MOST_NOTE)
    .map((line) => fit([span('   '), ...line], columns));
}
