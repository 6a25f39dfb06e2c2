/** Node.js has it, browsers don't. Taken before a test replaces it. */
const immediate = 'setImmediate' in globalThis ? setImmediate : undefined;

/** Resolves after the platform had a turn for what waits: a page is drawn, input is taken, other connections are served. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (immediate !== undefined) {
      immediate(resolve);
      return;
    }
    // Unlike a timer, a message is never delayed on purpose.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
