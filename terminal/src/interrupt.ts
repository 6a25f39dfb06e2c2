import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** The exit code that shells give to a process that a signal ended. */
export function codeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** A signal ended the wait. */
export class Interrupted {
  readonly code: number;
  constructor(signal: (typeof SIGNALS)[number]) {
    this.code = codeOfSignal(signal);
  }
}

/** Waits for `end`, or for Ctrl-C or a SIGTERM. A second signal ends the process. */
export async function untilInterrupted<T>(end: Promise<T>): Promise<T | Interrupted> {
  let stop: () => void = () => undefined;
  const interrupted = new Promise<Interrupted>((resolve) => {
    const done = (signal: (typeof SIGNALS)[number]) => {
      stop();
      resolve(new Interrupted(signal));
    };
    for (const signal of SIGNALS) process.on(signal, done);
    stop = () => {
      for (const signal of SIGNALS) process.off(signal, done);
    };
  });
  try {
    return await Promise.race([end, interrupted]);
  } finally {
    stop();
  }
}
