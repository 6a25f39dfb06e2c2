import type { WatchWakes } from '../schedule/wake.ts';

/** The device has a network again, or the page is shown or continued after a sleep. */
export const watchBrowserWakes: WatchWakes = (listener) => {
  const ended = new AbortController();
  const { signal } = ended;
  const shown = () => {
    if (document.visibilityState === 'visible') listener();
  };
  for (const event of ['online', 'pageshow']) addEventListener(event, listener, { signal });
  document.addEventListener('resume', listener, { signal });
  document.addEventListener('visibilitychange', shown, { signal });
  return () => ended.abort();
};
