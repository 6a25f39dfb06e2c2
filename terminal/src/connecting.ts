import type { Profile } from '@gochat/client/open';
import type { Io } from './io.ts';

/** How long a request may take before the user sees what it waits for. */
const QUIET_MS = 500;
const CLEAR_LINE = '\r\u001b[2K';

/** The same profile; on a terminal, standard error says that it is connecting while a request that needs a server takes long. */
export function showConnecting(io: Io, profile: Profile): Profile {
  if (io.stderr.isTTY !== true) return profile;
  return {
    on: (listener) => profile.on(listener),
    close: () => profile.close(),
    closed: profile.closed,
    files: profile.files,
    async call(method, params) {
      if (!('waitMs' in params)) return profile.call(method, params);
      let isShown = false;
      const timer = setTimeout(() => {
        isShown = true;
        // The line of a file may be there.
        io.stderr.write(`${CLEAR_LINE}${io.words.text.lines.connecting}`);
      }, QUIET_MS);
      try {
        return await profile.call(method, params);
      } finally {
        clearTimeout(timer);
        if (isShown) io.stderr.write(CLEAR_LINE);
      }
    },
  };
}
