import type { Io } from './io.ts';

const CTRL_C = '\u0003';

/**
 * Calls `act` for each Ctrl+C on a terminal in raw mode, even after the beginning of a control sequence: Node.js takes Ctrl+C for its
 * last character.
 * @returns what ends it
 */
export function onCtrlC(stdin: Io['stdin'], act: () => void): () => void {
  const take = (chunk: Buffer | string) => {
    if (chunk.includes(CTRL_C)) act();
  };
  stdin.on('data', take);
  return () => {
    stdin.off('data', take);
  };
}
