/** @returns the six digits that somebody has typed, however they were set apart; undefined if these are no six digits */
export function typedDigits(text: string): string | undefined {
  const digits = text.normalize('NFKC').replace(/[\s\p{Pd}\p{Cf}.,·•'’]/gu, '');
  return /^\d{6}$/.test(digits) ? digits : undefined;
}
