import type { PollRow } from '@gochat/view/row';
import { sanitizeLine } from '@gochat/view/sanitize';
import type { DrawContext } from './blocks.ts';
import { type Line, PLAIN, type Style, span } from './frame.ts';
import { textSpans } from './inline-spans.ts';
import { wrap } from './wrap.ts';

const DIM: Style = { fg: 'dim' };
/** The cells of a full bar. */
const BAR = 10;

/** The answers of a poll with their numbers, which `/vote` takes, and how many chose each. */
export function pollLines({ rule, answers, total }: PollRow, width: number, context: DrawContext): Line[] {
  const { symbols, text } = context;
  return [
    ...wrap([...textSpans(rule, DIM)], width),
    ...answers.flatMap(({ text: answer, count, share, own, by }, i): Line[] => {
      const style: Style = own ? { fg: 'accent', bold: true } : PLAIN;
      const sign = `${own ? symbols.radioOn : symbols.radioOff} ${text.count(i + 1)} `;
      const bar = (symbols.levels.at(-1) ?? '').repeat(Math.round(share * BAR));
      const votes =
        count === 0 ? [] : [span(`  ${bar} ${text.count(count)}`, DIM), span(`  ${sanitizeLine(by)}`, DIM)];
      const [first = [], ...rest] = wrap(
        [...textSpans(answer, style), ...votes],
        Math.max(1, width - sign.length),
      );
      const hang = span(' '.repeat(sign.length));
      return [[span(sign, style), ...first], ...rest.map((line) => [hang, ...line])];
    }),
    ...wrap([...textSpans(total, DIM)], width),
  ];
}
