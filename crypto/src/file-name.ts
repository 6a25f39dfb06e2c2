import { cleanSpaces, kindOf, withoutBarred } from './names.ts';
import { utf8 } from './utf8.ts';

/** The longest name of a file in most file systems, in bytes of UTF-8. */
const NAME_BYTES = 255;
/** A longer ending is no type of file, and may be cut. */
const EXTENSION_BYTES = 32;
/** No name of a file has more; it limits what is read of a hostile one. */
const READ_CHARS = 1024;
const NAMELESS = 'file';

/** Names that Windows gives to devices, whatever follows the first dot. */
const DEVICES =
  /^(con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])[. ]*(\.|$)/i;
/** Signs that Windows allows in no name. */
const SIGNS = /[<>:"|?*]/g;

/**
 * Makes any text a name under which a file may be saved and shown, on every system: what follows the last `/` or `\`, without what
 * names must not contain (see `cleanName`), without dots and blanks at the ends, at most 255 bytes in UTF-8, and no device of Windows.
 * The extension stays. A name that begins with `-` would be an option of a command.
 * @returns never an empty text; the same for a name that is clean
 */
export function cleanFileName(text: string): string {
  const last = text.split(/[/\\]/).findLast((part) => /[^\s.]/.test(part)) ?? '';
  const read = last.length > READ_CHARS ? shortened(last, READ_CHARS, (part) => part.length) : last;
  const shown = trimmed(withoutBarred(cleanSpaces(read).replace(SIGNS, '_')));
  if (!isVisible(shown)) return NAMELESS;
  const safe = DEVICES.test(shown) || shown.startsWith('-') ? `_${shown.replace(/^-/, '')}` : shown;
  return safe.length > 0 && utf8(safe).length > NAME_BYTES ? cut(safe) : safe;
}

/** Until nothing changes any more: a cut may leave a joiner or a blank at its place. */
function cut(name: string): string {
  return cleanFileName(shortened(name, NAME_BYTES, (part) => utf8(part).length));
}

/** Cuts before the extension. */
function shortened(name: string, most: number, lengthOf: (part: string) => number): string {
  const dot = name.lastIndexOf('.');
  const ending = dot > 0 && lengthOf(name.slice(dot)) <= EXTENSION_BYTES ? name.slice(dot) : '';
  let length = lengthOf(ending);
  let start = '';
  for (const char of name.slice(0, name.length - ending.length)) {
    length += lengthOf(char);
    if (length > most) break;
    start += char;
  }
  return start + ending;
}

function trimmed(name: string): string {
  return cleanSpaces(name).replace(/^[. ]+|[. ]+$/g, '');
}

/** Whether something of it is seen: neither marks nor blanks alone. */
function isVisible(name: string): boolean {
  return [...name].some((char) => /[^XMCVWS]/.test(kindOf(char.codePointAt(0) as number)));
}
