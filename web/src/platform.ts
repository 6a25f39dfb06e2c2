import type { Field } from '@gochat/view/dialog';
import type { Platform } from '@gochat/view/platform';
import type { WebText } from '@gochat/view/web-words';
import { deviceName } from './device-name.ts';
import { browserFiles } from './files/platform-files.ts';
import { closeNotice, showNotice } from './notices.ts';
import { keyNames } from './ui/command-key.ts';
import { keysOf } from './ui/page/keys.ts';

/** What the browser does for the view. */
export function browserPlatform(text: WebText['web']): Platform {
  return {
    now: Date.now,
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    copy: (copied) =>
      navigator.clipboard.writeText(copied).then(
        () => true,
        () => false,
      ),
    openLink: (href) => {
      open(href, '_blank', 'noopener,noreferrer');
    },
    notify: (notice) => {
      const wanted = document.documentElement.dataset.notify === 'on';
      if (wanted && 'Notification' in window && Notification.permission === 'granted') showNotice(notice);
    },
    closeNotice,
    files: browserFiles,
    pickText: async () => (await import('./files/pick.ts')).pickText(),
    keepsProfile,
    deviceName: deviceName(text.deviceName),
    quit: () => undefined,
    restart: () => location.reload(),
    keysOf,
    writingKeys: text.writing.map((line) => ({ ...line, keys: keyNames(line.keys) })),
    settings: settingsOf(text.settings),
  };
}

function settingsOf(text: WebText['web']['settings']): Platform['settings'] {
  return [
    choice('density', text.density, [
      { value: 'comfortable', label: text.comfortable },
      { value: 'compact', label: text.compact },
    ]),
    choice('enter', text.enter, [
      { value: 'send', label: text.enterSends },
      { value: 'newline', label: keyNames(text.enterBreaks) },
    ]),
    choice('letters', text.letters, [
      { value: 'on', label: text.lettersOn },
      { value: 'off', label: text.lettersOff },
    ]),
    { name: 'notify', label: text.notify, value: '', hint: '', type: 'toggle', choices: [] },
  ];
}

/** The first choice is the default. */
function choice(name: string, label: string, choices: Field['choices']): Field {
  return { name, label, value: choices[0]?.value ?? '', hint: '', type: 'choice', choices };
}

/** See `Platform.keepsProfile`. */
async function keepsProfile(ask: boolean): Promise<boolean> {
  const { storage } = navigator as Partial<Navigator>;
  try {
    return (await (ask ? storage?.persist?.() : storage?.persisted?.())) === true;
  } catch {
    // Some browsers refuse to say it in a private window.
    return false;
  }
}
