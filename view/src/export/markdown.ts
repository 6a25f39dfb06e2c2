import { sanitizeLine } from '../text/sanitize.ts';
import type { Format } from './format.ts';
import { type ExportText, eventSentence, type Hand, remarksOn, textOf } from './written.ts';

/** What has a meaning within a line of Markdown, or of one of its extensions. No text of a member begins a line. */
const MEANINGFUL = /[\\`*_{}[\]<>#+|~&$@^=!:]/g;

const HAND: Hand = {
  name: (name) => `**${HAND.line(name)}**`,
  line: (text) => sanitizeLine(text).replace(MEANINGFUL, '\\$&'),
};

/**
 * Markdown. The text of a message is in a code block whose fence is longer than any in the text: it is shown as it was written, no text
 * ends the block, and no picture in it is fetched from anywhere when the file is opened.
 */
export function markdownFormat(words: ExportText): Format {
  const { own } = words;
  return {
    head: ({ room, at }) => {
      const topic = room.topic === '' ? '' : `*${HAND.line(room.topic)}*\n\n`;
      const said = own.head(own.stamp(at), HAND.name(room.as), HAND.line(room.server));
      return `# ${HAND.line(room.name)}\n\n${topic}${said}\n`;
    },
    line: (item, answered) => {
      const stamp = own.stamp(item.at);
      if (item.kind !== 'text') return `\n${stamp} · *${eventSentence(words, item, HAND)}*\n`;
      const action = item.me === true ? ` · ${own.action}` : '';
      const remarks = remarksOn(words, item, answered, HAND);
      const said = textOf(item);
      return [
        `\n${HAND.name(item.from)} · ${stamp}${action}\n`,
        ...(said === '' ? [] : [`\n${fenced(said)}\n`]),
        ...(remarks.length === 0 ? [] : ['\n', ...remarks.map((remark) => `- ${remark}\n`)]),
      ].join('');
    },
    end: '',
  };
}

function fenced(text: string): string {
  const longest = [...text.matchAll(/`+/g)].reduce((most, [run]) => Math.max(most, run.length), 2);
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
