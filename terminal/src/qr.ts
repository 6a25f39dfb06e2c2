import { renderUnicodeCompact } from 'uqr';
import { type Io, note } from './io.ts';

/** Draws a link as a QR code beside the result, on a terminal only. */
export function showQr(io: Io, link: string): void {
  if (io.stderr.isTTY === true && io.stdout.isTTY === true)
    note(io, renderUnicodeCompact(link, { border: 1 }));
}
