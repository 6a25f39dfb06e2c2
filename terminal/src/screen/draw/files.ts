import type { FileRow } from '@gochat/view/row';
import { type Line, span } from './frame.ts';
import { oneLine } from './one-line.ts';
import type { Symbols } from './symbols.ts';
import { wrap } from './wrap.ts';

/** Files, each as a line: `name · size · state`. */
export function fileLines(files: readonly FileRow[], width: number, { dot }: Pick<Symbols, 'dot'>): Line[] {
  return files.flatMap(({ name, size, length, text }) =>
    wrap(
      [
        span(oneLine(name), { fg: 'accent' }),
        span(
          [size, length, text].flatMap((part) => (part === '' ? [] : [` ${dot} ${oneLine(part)}`])).join(''),
          {
            fg: 'dim',
          },
        ),
      ],
      width,
    ),
  );
}
