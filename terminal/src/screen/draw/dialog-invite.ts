import type { InviteDialog } from '@gochat/view/dialog';
import { type BoxContent, busyLine, DIM, errorLines, paragraphs } from './box.ts';
import { type Line, lineWidth, type Size, type Style, span } from './frame.ts';
import type { Look } from './look.ts';
import { oneLine } from './one-line.ts';
import type { Symbols } from './symbols.ts';
import { wrap } from './wrap.ts';

/** The whole link, so that it can be selected, and its QR code if all of it fits. */
export function inviteContent(dialog: InviteDialog, width: number, size: Size, look: Look): BoxContent {
  const { symbols, text: words } = look;
  const text = paragraphs(dialog.text, width);
  if (dialog.link === '') {
    return {
      head: [],
      body: [...text, ...(dialog.busy ? [busyLine(look)] : []), ...errorLines(dialog.error, width)],
      foot: [],
    };
  }
  const linked: Style = { fg: 'link', link: oneLine(dialog.link) };
  const besideCode = (cells: number): Line[] => [
    ...paragraphs(dialog.text, cells),
    [],
    ...wrap([span(oneLine(dialog.link), linked)], cells),
    [],
    ...paragraphs([keysFor(dialog, words.dialogs)], cells, DIM),
  ];
  const code = qrLines(dialog.qr, symbols);
  const head = besideCode(width);
  const codeWidth = code[0] === undefined ? 0 : lineWidth(code[0]);
  const below = code.length + head.length + 2 <= size.rows && codeWidth <= width;
  if (code.length > 0 && below)
    return {
      head,
      body: code.map((line) => [span(' '.repeat(Math.floor((width - codeWidth) / 2))), ...line]),
      foot: [],
    };
  const spare = width - codeWidth - 2;
  const beside = besideCode(Math.max(1, spare));
  if (code.length > 0 && spare >= 24 && Math.max(code.length, beside.length) + 2 <= size.rows) {
    const rows = Math.max(code.length, beside.length);
    const blank = [span(' '.repeat(codeWidth))];
    return {
      head: [],
      body: Array.from({ length: rows }, (_, i) => [...(code[i] ?? blank), span('  '), ...(beside[i] ?? [])]),
      foot: [],
    };
  }
  const needed = words.dialogs.qrNeeds(codeWidth + 30, code.length + 2);
  return { head, body: code.length === 0 ? [] : paragraphs([needed], width, DIM), foot: [] };
}

function keysFor({ mayRevoke, paper }: InviteDialog, words: Look['text']['dialogs']): string {
  if (paper !== undefined) return words.copyOnly;
  return mayRevoke ? words.revokeLink : words.copyLink;
}

/** A QR code with its light margin; a row of characters has two rows of modules. */
function qrLines(qr: InviteDialog['qr'], symbols: Symbols): Line[] {
  if (qr.length === 0 || symbols.line === '-') return [];
  const size = qr.length + 2;
  const dark = (row: number, column: number) => qr[row - 1]?.[column - 1] === true;
  const style: Style = { fg: 'paper', bg: 'paper' };
  return Array.from({ length: Math.ceil(size / 2) }, (_, half): Line => {
    const cells = Array.from({ length: size }, (_, column) => {
      const upper = dark(half * 2, column);
      const lower = half * 2 + 1 >= size ? true : dark(half * 2 + 1, column);
      return upper ? (lower ? ' ' : '▄') : lower ? '▀' : '█';
    });
    return [span(cells.join(''), style)];
  });
}
