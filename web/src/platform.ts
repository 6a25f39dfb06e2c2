import type { Notice, Platform } from '@gochat/view/platform';
import { readText } from './ui/composer/text-file.ts';
import { NOTICE_CLICKED } from './ui/page/hooks.ts';
import { keysOf } from './ui/page/keys.ts';
import { WORDS } from './ui/words.ts';

const { settingsFields: FIELDS } = WORDS;

/** What the browser does for the view. */
export const browserPlatform: Platform = {
  now: Date.now,
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  copy: (text) =>
    navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    ),
  openLink: (href) => {
    open(href, '_blank', 'noopener,noreferrer');
  },
  notify: (notice) => {
    const asked = document.documentElement.dataset.notify === 'on';
    if (asked && 'Notification' in window && Notification.permission === 'granted') show(notice);
  },
  pickText: () => pickFile(),
  quit: () => undefined,
  keysOf,
  writingKeys: WORDS.writing,
  settings: [
    {
      name: 'density',
      label: FIELDS.density,
      value: 'comfortable',
      hint: '',
      type: 'choice',
      choices: [
        { value: 'comfortable', label: FIELDS.comfortable },
        { value: 'compact', label: FIELDS.compact },
      ],
    },
    {
      name: 'enter',
      label: FIELDS.enter,
      value: 'send',
      hint: '',
      type: 'choice',
      choices: [
        { value: 'send', label: FIELDS.enterSends },
        { value: 'newline', label: FIELDS.enterBreaks },
      ],
    },
    {
      name: 'letters',
      label: FIELDS.letters,
      value: 'on',
      hint: '',
      type: 'choice',
      choices: [
        { value: 'on', label: FIELDS.lettersOn },
        { value: 'off', label: FIELDS.lettersOff },
      ],
    },
    { name: 'notify', label: FIELDS.notify, value: '', hint: '', type: 'toggle', choices: [] },
  ],
};

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
    // Phones have them only by way of the worker.
    void navigator.serviceWorker.ready.then((worker) => worker.showNotification(title, options));
  }
}

function pickFile(): Promise<{ readonly name: string; readonly text: string } | undefined> {
  return new Promise((resolve) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.oncancel = () => resolve(undefined);
    input.onchange = () => {
      const file = input.files?.[0];
      resolve(file === undefined ? undefined : readText(file));
    };
    input.click();
  });
}
