/** Waits for the end of something, or for Ctrl-C or a SIGTERM, which end it with undefined. */
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
