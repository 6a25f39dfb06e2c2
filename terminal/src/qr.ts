import { renderUnicodeCompact } from 'uqr';
import { type Io, note } from './io.ts';

/** Prints a link as a QR code to standard error; only when both outputs are a terminal. */
export function showQr(io: Io, link: string): void {
  if (io.stderr.isTTY === true && io.stdout.isTTY === true)
    note(io, renderUnicodeCompact(link, { border: 1 }));
}
