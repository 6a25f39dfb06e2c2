import type { Profile } from '@gochat/client/profile-connection';
import type { Preferences } from '@gochat/client/settings';

/** The profile's preferences. A change shows at once, and is then written. */
export class PreferenceStore {
  readonly #profile: Pick<Profile, 'call'>;
  readonly #changed: () => void;
  #current: Preferences = { name: undefined, verified: [], ignored: [], screen: {} };

  /** @param changed is called after each change of {@link current}. */
  constructor(profile: Pick<Profile, 'call'>, changed: () => void) {
    this.#profile = profile;
    this.#changed = changed;
  }

  get current(): Preferences {
    return this.#current;
  }

  /** Takes over what the profile has. */
  replace(preferences: Preferences): void {
    this.#current = preferences;
    this.#changed();
  }

  /** @throws ChatError */
  async change(change: Partial<Preferences>): Promise<void> {
    this.replace({ ...this.#current, ...change });
    this.replace(await this.#profile.call('prefer', { change }));
  }

  /** Changes settings of the screen. @throws ChatError */
  changeScreen(settings: Preferences['screen']): Promise<void> {
    return this.change({ screen: { ...this.#current.screen, ...settings } });
  }
}
