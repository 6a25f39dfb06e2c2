import type { Snapshot } from '@gochat/view/snapshot';
import { type Line, span } from './frame.ts';
import type { Look } from './look.ts';
import { widthOf } from './width.ts';
import { wrap } from './wrap.ts';

/** What is drawn in place of a timeline when no room is open: the keys to begin with. */
export function welcomeLines(
  snapshot: Snapshot,
  width: number,
  height: number,
  { text }: Look,
  keysOf: (command: string) => string,
): readonly Line[] {
  const words = text.welcome;
  const none = snapshot.rooms.length === 0;
  const keys: readonly (readonly [key: string, action: string])[] = [
    ...(none ? [] : [['1-9', words.open] as const]),
    ['c', words.create],
    ['j', words.join],
    ...(none ? [['d', words.link] as const, ['r', words.recover] as const] : []),
    [keysOf('palette'), words.palette],
    [keysOf('help'), words.help],
    ['q', words.quit],
  ];
  const keyWidth = Math.max(...keys.map(([key]) => widthOf(key))) + 2;
  const all: Line[] = [
    [span(none ? words.noRooms : words.noneOpen, { bold: true })],
    [],
    ...keys.map(
      ([key, action]): Line => [span(key.padEnd(keyWidth), { fg: 'accent', bold: true }), span(action)],
    ),
  ];
  if (snapshot.waiting !== '') all.splice(1, 0, [], [span(snapshot.waiting, { fg: 'accent' })]);
  const lines = all.flatMap((line) => wrap(line, Math.max(8, width - 4)));
  const above = Math.max(0, Math.floor((height - lines.length) / 2));
  return [
    ...Array.from({ length: above }, (): Line => []),
    ...lines.map((line): Line => [span('  '), ...line]),
  ];
}
