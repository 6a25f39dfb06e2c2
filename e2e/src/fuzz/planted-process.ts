import type { FromFuzzer, ToFuzzer } from './fuzz-process.ts';

/** Replaces the fuzzer's process: it reports a crash, then dies, then hangs, then is done. */
const say = (message: FromFuzzer): void => void process.send?.(message);

process.once('message', ({ from }: ToFuzzer) => {
  const at = from.planted ?? 0;
  say({ kind: 'alive', target: 'planted', at, cases: 0 });
  if (at === 0) {
    say({ kind: 'crash', target: 'planted', at: 7, error: 'planted', bytes: 'AA' });
    say({ kind: 'alive', target: 'planted', at: 10, cases: 10 });
    process.kill(process.pid, 'SIGSEGV');
  } else if (at < 2_000) {
    say({ kind: 'alive', target: 'planted', at: at + 10, cases: 10 });
    // As a loop without an end, but it leaves the processor to others.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  } else {
    const done: FromFuzzer = { kind: 'done', memory: { before: 100 * 2 ** 20, after: 101 * 2 ** 20 } };
    process.send?.(done, () => process.disconnect());
  }
});
