import { safeJson } from '../text/safe-json.ts';
import { factsOf } from './facts.ts';
import type { Format } from './format.ts';

/** One object with one line of the history on each line: a program may read it whole, or line by line. */
export function jsonFormat(): Format {
  let before = '\n';
  return {
    head: ({ room: { id, name, topic, server, as, status }, at }) => {
      const room = safeJson({ room: id, name, topic, server, as, status, exported: at });
      return `${room.slice(0, -1)},"items":[`;
    },
    line: (item) => {
      const { identity } = item;
      const line = `${before}${safeJson({ ...factsOf(item), ...(identity !== '' && { identity }) })}`;
      before = ',\n';
      return line;
    },
    end: '\n]}\n',
  };
}
