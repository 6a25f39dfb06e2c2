const ESCAPES =
  // CSI, OSC and the other string sequences, in their 7-bit and 8-bit forms; then a lone ESC with its parameters.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it matches
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?/g;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it matches
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * Invisible characters that a script needs: the tags of a flag such as Scotland's, a variant of an ideograph or of a Mongolian letter, the
 * separator between Mongolian letters, and the place where a line of Thai, Lao, Khmer or Burmese may break.
 */
const NEEDED =
  /\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{1,6}\u{e007f}|\p{Script=Han}[\u{e0100}-\u{e01ef}]|\p{Script=Mongolian}[\u180b-\u180d\u180f]|[\u1820-\u18aa]\u180e(?=[\u1820-\u18aa])|[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]\u200b(?=[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}])/u
    .source;

/** Bidi controls, zero-width and other invisible characters, tags, line and paragraph separators. */
const INVISIBLE =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: each is matched alone, anywhere
  /[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00\ufeff\uffa0\ufff0-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/u
    .source;

const HAS_INVISIBLE = new RegExp(INVISIBLE, 'u');
const NEEDED_OR_INVISIBLE = new RegExp(`(${NEEDED})|${INVISIBLE}`, 'gu');

/** More marks on one letter than any language has: they would cover the lines around. */
const FLOODS = /(\p{M}{8})\p{M}+/gu;

/** Text of another person without anything that could disturb a screen. Line feeds and tabs stay; other controls are removed. */
export function sanitizeText(text: string): string {
  const visible = text
    .replace(/\p{Cs}/gu, '\ufffd')
    .replace(/\r\n?/g, '\n')
    .replace(ESCAPES, '')
    .replace(CONTROLS, '')
    .replace(FLOODS, '$1');
  return HAS_INVISIBLE.test(visible)
    ? visible.replace(NEEDED_OR_INVISIBLE, '$1').replace(FLOODS, '$1')
    : visible;
}

/** Longer than every name and topic can be: a screen shortens what it has no space for. */
const LINE_CHARS = 512;

/** The same for one line, such as a name or a topic. */
export function sanitizeLine(text: string): string {
  const line = sanitizeText(text).replace(/\s+/gu, ' ').trim();
  const chars = [...line];
  return chars.length > LINE_CHARS ? `${chars.slice(0, LINE_CHARS - 1).join('')}…` : line === '' ? '?' : line;
}
