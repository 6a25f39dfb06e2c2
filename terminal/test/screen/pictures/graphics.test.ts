import { describe, expect, test } from 'vitest';
import { GraphicsProbe } from '../../../src/screen/pictures/graphics.ts';

const ESC = '\u001b';
const OK = `${ESC}_Gi=31;OK${ESC}\\`;
const name = (words: string) => `${ESC}P>|${words}${ESC}\\`;
const KITTY = name('kitty(0.32.0)');
const CELL = `${ESC}[6;18;9t`;
const SIXEL = `${ESC}[?62;4;22c`;

function after(env: Readonly<Record<string, string>>, replies: readonly string[]): string {
  const probe = new GraphicsProbe(env);
  for (const reply of replies) probe.take(reply);
  const { inline, over } = probe.graphics;
  return over === undefined ? inline : `${inline}, ${over.kind} ${over.cell.width}x${over.cell.height}`;
}

describe('pictures are shown, when', () => {
  test.each([
    ['nothing answers', {}, [], 'blocks'],
    ['kitty answers', {}, [OK, KITTY], 'kitty'],
    ['Ghostty answers, in another order', {}, [name('ghostty 1.1.3'), OK], 'kitty'],
    ['kitty does not confirm the protocol', {}, [KITTY], 'blocks'],
    ['the protocol is confirmed without placeholders', {}, [OK, name('WezTerm 20240203')], 'blocks'],
    ['a name only begins alike', {}, [OK, name('kittyish 1')], 'blocks'],
    ['tmux passes the answer on', { TMUX: 'x', KITTY_WINDOW_ID: '1' }, [OK, name('tmux 3.4')], 'kitty'],
    ['tmux passes nothing on', { TMUX: 'x', KITTY_WINDOW_ID: '1' }, [name('tmux 3.4')], 'blocks'],
    ['tmux is in an unknown terminal', { TMUX: 'x' }, [OK, name('tmux 3.4')], 'blocks'],
    ['the terminal has sixel', {}, [CELL, SIXEL], 'blocks, sixel 9x18'],
    ['the size of a cell is unknown', {}, [SIXEL], 'blocks'],
    ['the size of a cell is absurd', {}, [`${ESC}[6;0;9t`, `${ESC}[6;5000;9t`, SIXEL], 'blocks'],
    ['4 is a part of another number', {}, [CELL, `${ESC}[?64;14;22c`], 'blocks'],
    ['it is iTerm2', { TERM_PROGRAM: 'iTerm.app' }, [], 'blocks, iterm2 10x20'],
    ['it is WezTerm with sixel', { TERM_PROGRAM: 'WezTerm' }, [CELL, SIXEL, OK], 'blocks, iterm2 9x18'],
    ['iTerm2 is around tmux', { TERM_PROGRAM: 'iTerm.app', TMUX: 'x' }, [], 'blocks'],
    ['none are wanted', { GOCHAT_PICTURES: 'none' }, [OK, KITTY], 'none'],
    ['blocks are wanted', { GOCHAT_PICTURES: 'blocks' }, [OK, KITTY, CELL, SIXEL], 'blocks'],
    ['placeholders are wanted', { GOCHAT_PICTURES: 'kitty' }, [], 'kitty'],
    ['sixel is wanted', { GOCHAT_PICTURES: 'sixel' }, [CELL], 'blocks, sixel 9x18'],
    ['iTerm2’s are wanted', { GOCHAT_PICTURES: 'iterm2', TMUX: 'x' }, [], 'blocks, iterm2 10x20'],
  ] as const)('%s', (_what, env, replies, shown) => {
    expect(after(env, replies)).toBe(shown);
  });
});

test('each reply says whether something has changed', () => {
  const probe = new GraphicsProbe({});
  expect([KITTY, OK, OK, SIXEL].map((reply) => probe.take(reply))).toEqual([false, true, false, false]);
});

test('nothing is asked where no pictures are wanted', () => {
  expect(new GraphicsProbe({ GOCHAT_PICTURES: 'none' }).query).toBe('');
  expect(new GraphicsProbe({}).query).toContain(`${ESC}[c`);
  expect(new GraphicsProbe({ STY: '1.pts' }).query).not.toContain(`${ESC}_`);
});

test('another choice is refused', () => {
  expect(() => new GraphicsProbe({ GOCHAT_PICTURES: 'all' })).toThrow(
    /GOCHAT_PICTURES must be one of none, blocks/,
  );
});
