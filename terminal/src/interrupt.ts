/** Waits for `end`. @returns undefined when Ctrl-C or a SIGTERM came first */
export async function untilInterrupted<T>(end: Promise<T>): Promise<T | undefined> {
  let stop: () => void = () => undefined;
  const interrupted = new Promise<undefined>((resolve) => {
    const done = () => resolve(undefined);
    process.once('SIGINT', done);
    process.once('SIGTERM', done);
    stop = () => {
      process.off('SIGINT', done);
      process.off('SIGTERM', done);
    };
  });
  try {
    return await Promise.race([end, interrupted]);
  } finally {
    stop();
  }
}
