const BLANK = /^[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]*$/u;

/** Whether a text shows nothing: it is empty, or has only white space, control characters and invisible characters. */
export function isBlank(text: string): boolean {
  return BLANK.test(text);
}
