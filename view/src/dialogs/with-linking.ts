import type { Linking } from '@gochat/client/methods';
import type { DeviceParts } from './device-given.ts';

/**
 * Calls `act` with what the profile does at this moment to link devices. Whoever follows the events from there on misses nothing: what
 * has changed since the profile answered, as while code was loaded, is asked for again. @throws ChatError
 */
export async function withLinking(
  profile: DeviceParts['profile'],
  act: (linking: Linking) => void,
): Promise<void> {
  let changes = 0;
  const stop = profile.on((event) => {
    if (event.kind === 'linking') changes += 1;
  });
  try {
    for (;;) {
      const before = changes;
      const linking = await profile.call('linking', {});
      if (changes !== before) continue;
      act(linking);
      return;
    }
  } finally {
    stop();
  }
}
