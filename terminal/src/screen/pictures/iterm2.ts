import type { Size } from '../draw/frame.ts';

/** The output that draws a picture at the cursor: https://iterm2.com/documentation-images.html. @param file a JPEG or PNG file that we have written: no bytes of other people reach the terminal's decoders */
export function iterm2Sequence(file: Uint8Array, { columns, rows }: Size): string {
  const data = Buffer.from(file).toString('base64');
  return `\u001b]1337;File=inline=1;size=${file.length};width=${columns};height=${rows};preserveAspectRatio=1;doNotMoveCursor=1:${data}\u0007`;
}
