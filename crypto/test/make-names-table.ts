/**
 * The Joining_Type of letters (DerivedJoiningType.txt), which no JavaScript engine exposes: hexadecimal code points and ranges. From the data
 * of Unicode 18.0, without the code points that Unicode 17.0 does not assign.
 * Transparent code points are missing: they are the nonspacing and enclosing marks, and U+1E94B.
 */
const JOINING = {
  D: `
    620 626 628 62a-62e 633-63f 641-647 649-64a 66e-66f 678-687 69a-6bf 6c1-6c2 6cc 6ce 6d0-6d1 6fa-6fc
    6ff 712-714 71a-71d 71f-727 729 72b 72d-72e 74e-758 75c-76a 76d-770 772 775-777 77a-77f 7ca-7ea
    841-845 848 84a-853 855 860 862-865 868 886 889-88d 88f 8a0-8a9 8af-8b0 8b3-8b8 8ba-8c8 1807
    1820-1878 1887-18a8 18aa a840-a871 10ac0-10ac4 10ad3-10ad6 10ad8-10adc 10ade-10ae0 10aeb-10aee 10b80
    10b82 10b86-10b88 10b8a-10b8b 10b8d 10b90 10bad-10bae 10d01-10d21 10d23 10ec3-10ec4 10ec6-10ec7
    10f30-10f32 10f34-10f44 10f51-10f53 10f70-10f73 10f76-10f81 10fb0 10fb2-10fb3 10fb8 10fbb-10fbc
    10fbe-10fbf 10fc1 10fc4 10fca 1e900-1e943`,
  R: `
    622-625 627 629 62f-632 648 671-673 675-677 688-699 6c0 6c3-6cb 6cd 6cf 6d2-6d3 6d5 6ee-6ef 710
    715-719 71e 728 72a 72c 72f 74d 759-75b 76b-76c 771 773-774 778-779 840 846-847 849 854 856-858 867
    869-86a 870-882 88e 8aa-8ac 8ae 8b1-8b2 8b9 10ac5 10ac7 10ac9-10aca 10ace-10ad2 10add 10ae1 10ae4
    10aef 10b81 10b83-10b85 10b89 10b8c 10b8e-10b8f 10b91 10ba9-10bac 10d22 10ec2 10f33 10f54
    10f74-10f75 10fb4-10fb6 10fb9-10fba 10fbd 10fc2-10fc3 10fc9`,
  L: `
    a872 10acd 10ad7 10d00 10fcb`,
};

/** U+1E94B is a letter (Lm) that joins like a mark. */
const TRANSPARENT_LETTER = 0x1e94b;

/** Drawn as nothing although no property says so, and the placeholder of an embedded object (U+FFFC). */
const BLANK = new Set([0x2800, 0xfffc, 0x1d159, 0x13441, 0x13442]);

const joining = new Map<number, string>();
for (const [kind, list] of Object.entries(JOINING)) {
  for (const range of list.trim().split(/\s+/)) {
    const [first, last = first] = range.split('-').map((hex) => Number.parseInt(hex, 16));
    for (let point = first as number; point <= (last as number); point += 1) joining.set(point, kind);
  }
}

const MARK_OF_CLASS_8 = 0x3099;
const MARK_OF_CLASS_10 = 0x5b0;

/** Whether a mark's canonical combining class is 9 (virama): canonical order puts it after a mark of class 8 and before one of class 10. */
function isVirama(point: number): boolean {
  if (point === MARK_OF_CLASS_8 || point === MARK_OF_CLASS_10) return false;
  const [mark, low, high] = [point, MARK_OF_CLASS_8, MARK_OF_CLASS_10].map((p) => String.fromCodePoint(p));
  return (
    `a${mark}${low}`.normalize('NFD') === `a${low}${mark}` &&
    `a${high}${mark}`.normalize('NFD') === `a${mark}${high}`
  );
}

/** @returns the letter of a code point's kind, as crypto/src/names.ts defines them, by the Unicode data of this engine. */
function kindOf(point: number): string {
  if (point === 0x20) return 'S';
  const char = String.fromCodePoint(point);
  if (BLANK.has(point) || /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u.test(char)) return 'X';
  if (/\p{Mc}/u.test(char)) return isVirama(point) ? 'W' : 'C';
  if (/\p{M}/u.test(char)) return isVirama(point) ? 'V' : 'M';
  if (point === TRANSPARENT_LETTER) return 'T';
  if (/\p{Unified_Ideograph}/u.test(char)) return 'H';
  if (/\p{Extended_Pictographic}/u.test(char) && /\p{Emoji}/u.test(char)) return 'E';
  return joining.get(point) ?? 'A';
}

/** @returns the runs of kinds from U+0000 to U+10FFFF, each as its letter and its length in base 36. The length 1 is left out. */
export function makeNamesTable(): string {
  let table = '';
  let [kind, start] = [kindOf(0), 0];
  for (let point = 1; point <= 0x110000; point += 1) {
    const next = point === 0x110000 ? '' : kindOf(point);
    if (next === kind) continue;
    table += point - start === 1 ? kind : kind + (point - start).toString(36);
    [kind, start] = [next, point];
  }
  return table;
}
