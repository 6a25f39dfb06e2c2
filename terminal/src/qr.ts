import { renderUnicodeCompact } from 'uqr';
import { type Io, note } from './io.ts';

/** A link as a QR code: lines of block characters. */
export function qrLines(link: string): readonly string[] {
  return renderUnicodeCompact(link, { border: 1 }).split('\n');
}

/** Prints a link as a QR code to standard error; only when both outputs are a terminal. */
export function showQr(io: Io, link: string): void {
  if (io.stderr.isTTY === true && io.stdout.isTTY === true) note(io, qrLines(link).join('\n'));
}
