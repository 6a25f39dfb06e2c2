const ESC = '\u001b';

/** Wraps a sequence so that tmux, in which `TMUX` is set, passes it to the outer terminal if its settings allow it. */
export function passedThrough(
  sequence: string,
  { TMUX }: { readonly [name: string]: string | undefined; readonly TMUX?: string | undefined },
): string {
  return TMUX === undefined ? sequence : `${ESC}Ptmux;${sequence.replaceAll(ESC, ESC + ESC)}${ESC}\\`;
}
