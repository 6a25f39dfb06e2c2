import { sanitizeLine } from '../text/sanitize.ts';
import type { Format } from './format.ts';
import { type ExportText, eventSentence, type Hand, remarksOn, textOf } from './written.ts';

/** Whatever some program takes for the end of a line. */
const LINE_ENDS = /[\n\u2028\u2029]/g;

const HAND: Hand = {
  name: (name) => `<${sanitizeLine(name).replaceAll('<', '‹').replaceAll('>', '›')}>`,
  line: sanitizeLine,
};

/**
 * Plain text. A message begins with its time and its author in angle brackets; two spaces come before each further line of it, and `--`
 * before what is said about it: no text and no name can imitate another message.
 */
export function textFormat(words: ExportText): Format {
  const { own } = words;
  return {
    head: ({ room, at }) => {
      const said = own.head(own.stamp(at), HAND.name(room.as), HAND.line(room.server));
      const topic = room.topic === '' ? '' : `-- ${HAND.line(room.topic)}\n`;
      return `-- ${HAND.line(room.name)}\n${topic}-- ${said}\n\n`;
    },
    line: (item, answered) => {
      const stamp = own.stamp(item.at);
      if (item.kind !== 'text') return `${stamp} -- ${eventSentence(words, item, HAND)}\n`;
      const action = item.me === true ? '* ' : '';
      const said = textOf(item).replace(LINE_ENDS, (end) => `${end}  `);
      const head = `${stamp} ${action}${HAND.name(item.from)} ${said}`.trimEnd();
      const remarks = remarksOn(words, item, answered, HAND).map((remark) => `-- ${remark}`);
      return [head, ...remarks, ''].join('\n');
    },
    end: '',
  };
}
