import type { Field } from '@gochat/view/dialog';
import type { Notice, Platform } from '@gochat/view/platform';
import { NO_FILES, type PlatformFiles } from '@gochat/view/platform-files';
import type { WebText } from '@gochat/view/web-words';
import { keyNames } from './ui/command-key.ts';
import { attached, readText } from './ui/composer/text-file.ts';
import { NOTICE_CLICKED } from './ui/page/hooks.ts';
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
      if (wanted && 'Notification' in window && Notification.permission === 'granted') show(notice);
    },
    files: browserFiles(),
    pickText: () => pickFile(),
    keepsProfile,
    quit: () => undefined,
    keysOf,
    writingKeys: text.writing.map((line) => ({ ...line, keys: keyNames(line.keys) })),
    settings: settingsOf(text.settings),
  };
}

/** Nothing is opened or played here, and no picture is made smaller. */
function browserFiles(): PlatformFiles {
  return {
    ...NO_FILES,
    pick: async (camera = false) => (await picked({ many: true, camera })).map(attached),
    save: async (name, _type, bytes) => {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      for await (const part of bytes) parts.push(new Uint8Array(part));
      // As a plain stream of bytes no browser shows it, whatever it holds.
      const url = URL.createObjectURL(new Blob(parts, { type: 'application/octet-stream' }));
      const link = Object.assign(document.createElement('a'), { href: url, download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      return name;
    },
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

function show({ title, body, room }: Notice): void {
  const options = { body, tag: room };
  try {
    const shown = new Notification(title, options);
    shown.onclick = () => {
      focus();
      dispatchEvent(new CustomEvent(NOTICE_CLICKED, { detail: room }));
      shown.close();
    };
  } catch {
    // On phones only the service worker can show notifications.
    void navigator.serviceWorker.ready.then((worker) => worker.showNotification(title, options));
  }
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

async function pickFile(): Promise<{ readonly name: string; readonly text: string } | undefined> {
  const [file] = await picked({ many: false, camera: false });
  return file && readText(file);
}

function picked(from: { readonly many: boolean; readonly camera: boolean }): Promise<readonly File[]> {
  return new Promise((resolve) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.multiple = from.many;
    if (from.camera) Object.assign(input, { accept: 'image/*', capture: 'environment' });
    input.oncancel = () => resolve([]);
    input.onchange = () => resolve([...(input.files ?? [])]);
    input.click();
  });
}
