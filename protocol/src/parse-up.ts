import { FrameError, parse, type Schemas } from './codec.ts';
import { LIMITS } from './limits.ts';
import { type Up, up } from './up.ts';

/** More objects, and more lists, than any frame of a client has: the frame itself, its lists, and an object per invite. */
const MAX_CONTAINERS = 2 * LIMITS.invitesPerRoom;

/** Whether `mark` occurs in `text` more than `most` times. */
function occursMoreThan(text: string, mark: string, most: number): boolean {
  let seen = 0;
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
    seen += 1;
    if (seen > most) return true;
  }
  return false;
}

const ups: Schemas<Up> = new Map(up.options.map((frame) => [frame.entries.type.literal, frame]));

/** Parses a frame of a client. @throws FrameError */
export function parseUp(text: string): Up {
  // Checked before parsing: a million nested arrays fit into the largest frame, and would take a hundred times its memory.
  if (occursMoreThan(text, '{', MAX_CONTAINERS) || occursMoreThan(text, '[', MAX_CONTAINERS)) {
    throw new FrameError('malformed', 'too many objects or lists');
  }
  return parse(ups, text);
}
