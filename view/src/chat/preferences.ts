import type { MemberInfo } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/profile-connection';
import type { Preferences } from '@gochat/client/settings';

/** Whether a person is ignored, with all devices. An older version of this software kept device keys. */
export function isIgnored({ ignored }: Preferences, member: MemberInfo): boolean {
  return keysOf(member).some((key) => ignored.includes(key));
}

/** @returns what the preferences list when a person is ignored, or no longer */
export function withIgnored(preferences: Preferences, member: MemberInfo, on: boolean): readonly string[] {
  const keys = keysOf(member);
  const others = preferences.ignored.filter((key) => !keys.includes(key));
  return on ? [...others, member.identity] : others;
}

function keysOf({ identity, devices }: MemberInfo): readonly string[] {
  return [identity, ...devices.map(({ key }) => key)];
}

/** The setting of the screen that says whether a recovery link was offered. */
export const RECOVERY_OFFERED = 'recovery-offered';

/** The profile's preferences. A change shows at once, and is then written. */
export class PreferenceStore {
  readonly #profile: Pick<Profile, 'call'>;
  readonly #changed: () => void;
  #current: Preferences = {
    name: undefined,
    verified: [],
    ignored: [],
    asks: 'all',
    pictures: 'always',
    screen: {},
  };

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
