import type { Platform } from '@gochat/view/platform';
import { keysOf } from './ui/keys.ts';
import { WORDS } from './ui/words.ts';

const FILE_BYTES = 1_000_000;
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
  notify: ({ title, body, room }) => {
    if (!('Notification' in window) || Notification.permission !== 'granted') return;
    const notice = new Notification(title, { body, tag: room, icon: './assets/icon.svg' });
    notice.onclick = () => {
      focus();
      notice.close();
    };
  },
  pickText: () => pickFile(),
  quit: () => undefined,
  keysOf,
  writingKeys: WORDS.writing.map(([keys, text]) => ({ keys, usage: '', text })),
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
        { value: 'on', label: 'on' },
        { value: 'off', label: 'off' },
      ],
    },
    { name: 'notify', label: FIELDS.notify, value: '', hint: '', type: 'toggle', choices: [] },
  ],
  locale: navigator.language,
  timeZone: undefined,
};

function pickFile(): Promise<{ readonly name: string; readonly text: string } | undefined> {
  return new Promise((resolve) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.oncancel = () => resolve(undefined);
    input.onchange = () => {
      const file = input.files?.[0];
      if (file === undefined || file.size > FILE_BYTES) resolve(undefined);
      else void readText(file).then(resolve);
    };
    input.click();
  });
}

async function readText(file: File): Promise<{ name: string; text: string } | undefined> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
    return { name: file.name, text };
  } catch {
    // It is no text.
    return undefined;
  }
}
