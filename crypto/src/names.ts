/** Combining class 9 of Unicode 14: after these a joiner changes the form of the letter (RFC 5892, appendices A.1 and A.2). */
const AFTER_VIRAMA =
  /([\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d3b\u0d3c\u0d4d\u0dca\u0e3a\u0eba\u0f84\u1039\u103a\u1714\u1715\u1734\u17d2\u1a60\u1b44\u1baa\u1bab\u1bf2\u1bf3\u2d7f\ua806\ua82c\ua8c4\ua953\ua9c0\uaaf6\uabed\u{10a3f}\u{11046}\u{11070}\u{1107f}\u{110b9}\u{11133}\u{11134}\u{111c0}\u{11235}\u{112ea}\u{1134d}\u{11442}\u{114c2}\u{115bf}\u{1163f}\u{116b6}\u{1172b}\u{11839}\u{1193d}\u{1193e}\u{119e0}\u{11a34}\u{11a47}\u{11a99}\u{11c3f}\u{11d44}\u{11d45}\u{11d97}])[\u200c\u200d]/gu;

/** Between letters of cursive scripts a non-joiner breaks their connection (RFC 5892, appendix A.1). */
const BETWEEN_CURSIVE =
  /([\u0620-\u064a\u066e-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06ff\u0710-\u07ea\u0840-\u08c9\u1807-\u18aa\ua840-\ua872]\p{M}*)\u200c(?=[\u0620-\u064a\u066e-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06ff\u0710-\u07ea\u0840-\u08c9\u1807-\u18aa\ua840-\ua872])/gu;

const BETWEEN_EMOJI =
  /(\p{Extended_Pictographic}|\ufe0f|[\u{1f3fb}-\u{1f3ff}])\u200d(?=\p{Extended_Pictographic})/gu;
const EMOJI_STYLE = /([\p{Extended_Pictographic}#*0-9])\ufe0f/gu;
/** The tags of the flags of England, Scotland and Wales. */
const FLAG = /\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{3,6}\u{e007f}/gu;

/** Controls, format characters, half surrogate pairs, private use, and letters that are drawn as nothing. */
const BARRED = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}]|\ufe0f|\u034f|[\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]/u;

/** Whether a name holds a character that it must not. Joiners are barred except where they change what is drawn. */
export function hasBarred(name: string): boolean {
  const rest = name
    .replace(AFTER_VIRAMA, '$1')
    .replace(BETWEEN_CURSIVE, '$1')
    .replace(BETWEEN_EMOJI, '$1')
    .replace(FLAG, '')
    .replace(EMOJI_STYLE, '$1');
  return BARRED.test(rest);
}

/** Whether nothing of a name is drawn: it has marks and invisible characters only. */
export function isInvisible(name: string): boolean {
  return /^[\p{M}\p{Default_Ignorable_Code_Point}\p{Z}\u2800]*$/u.test(name);
}
