import type { FileRow } from '@gochat/view/row';
import { type Line, type Span, span } from './frame.ts';
import type { Look } from './look.ts';
import { oneLine } from './one-line.ts';
import { wrap } from './wrap.ts';

/** The files of a message: pictures where the terminal shows them, what they say of themselves, and each as a line `name · size · state`. @param row the key of the message's row */
export function fileLines(row: string, files: readonly FileRow[], width: number, look: Look): Line[] {
  return files.flatMap((file) => [
    ...pictureLines(row, file, width, look),
    ...waveLines(file, width, look),
    ...altLines(file, width),
    ...wrap(factSpans(file, look), width),
  ]);
}

/** The place of a picture is as large before it has come as after. */
function pictureLines(row: string, file: FileRow, width: number, { pictures }: Look): readonly Line[] {
  const box = pictures?.boxInText(file, width);
  return box === undefined || pictures === undefined ? [] : pictures.inText(row, file, box);
}

/** The most cells that the loudness of a recording takes. */
const WAVE_CELLS = 32;

function waveLines({ wave }: FileRow, width: number, { symbols }: Look): Line[] {
  const cells = Math.min(wave.length, WAVE_CELLS, width);
  if (cells === 0 || symbols.levels.length === 0) return [];
  const bars = Array.from({ length: cells }, (_, i) => {
    const part = wave.slice(
      Math.floor((i * wave.length) / cells),
      Math.max(Math.floor((i * wave.length) / cells) + 1, Math.floor(((i + 1) * wave.length) / cells)),
    );
    const level = Math.min(1, Math.max(0, ...part)) * (symbols.levels.length - 1);
    return symbols.levels[Math.round(level)] ?? '';
  });
  return [[span(bars.join(''), { fg: 'accent' })]];
}

export function altLines({ alt }: FileRow, width: number): Line[] {
  return alt === '' ? [] : wrap([span(oneLine(alt), { italic: true })], width);
}

/** `name · size · state` */
export function factSpans({ name, size, length, text }: FileRow, { symbols }: Look): Span[] {
  const facts = [size, length, text].filter((fact) => fact !== '');
  return [
    span(oneLine(name), { fg: 'accent' }),
    ...facts.map((fact) => span(` ${symbols.dot} ${oneLine(fact)}`, { fg: 'dim' })),
  ];
}
