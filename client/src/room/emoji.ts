const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Whether the text is exactly one emoji. */
export function isEmoji(text: string): boolean {
  return (
    text.length <= 32 &&
    [...graphemes.segment(text)].length === 1 &&
    /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u.test(text)
  );
}
