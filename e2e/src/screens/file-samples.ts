import type { FileRow } from '@gochat/view/row';
import type { Snapshot, TrayItem } from '@gochat/view/snapshot';
import { ANA, BEN, EMPTY_COMPOSER, message, PICTURE, snapshot } from './samples.ts';

/** Screens with files in every state, for a page that draws them. */

/** ThumbHashes of a meadow under a sky, and of something upright. */
const MEADOW = 'n6cNTYh2d3d_eHiHiFiIeYZwWPdk';
const UPRIGHT = 'YTgGVApwR3d4eIeIeHeGj-j4iA';
const WAVE = Array.from({ length: 64 }, (_, i) => Math.abs(Math.sin(i / 3) * Math.cos(i / 11)));

/** A file as a row has it: `PICTURE` with other parts. */
function file(index: number, parts: Partial<FileRow> = {}): FileRow {
  const { name, size, text, alt } = { ...PICTURE, alt: '', ...parts };
  const said = [name, size, text].filter((part) => part !== '').join(', ');
  return {
    ...PICTURE,
    id: `file-${index}-${name}`,
    index,
    alt: '',
    thumb: MEADOW,
    spoken: alt === '' ? said : `${said}: ${alt}`,
    ...parts,
  };
}

function other(index: number, name: string, parts: Partial<FileRow> = {}): FileRow {
  return file(index, {
    kind: 'other',
    name,
    type: 'application/octet-stream',
    width: undefined,
    height: undefined,
    thumb: undefined,
    preview: false,
    ...parts,
  });
}

const VOICE: Partial<FileRow> = { kind: 'voice', type: 'audio/webm', length: '0:42', wave: WAVE };

const ONE = [file(0, { alt: 'a meadow in the evening' })];
const SEVERAL = [0, 1, 2, 3].map((i) =>
  file(
    i,
    i === 2 ? { name: 'door.png', width: 900, height: 1600, thumb: UPRIGHT } : { name: `hill${i}.jpg` },
  ),
);
const LINES = [
  other(0, 'minutes of the meeting on a very long afternoon.pdf', { size: '312 kB' }),
  other(1, 'backup.tar.gz', {
    state: 'fetching',
    progress: 0.4,
    size: '80 MB',
    text: 'fetching 32 of 80 MB',
  }),
  other(2, 'old.zip', { state: 'gone', text: 'was kept until 3 May 2026 at 14:03' }),
  other(3, 'notes.txt', { state: 'failed', text: 'damaged: these are not the bytes that ben sent' }),
  other(4, 'song.mp3', { kind: 'audio', type: 'audio/mpeg', size: '4.1 MB', length: '3:12' }),
];

const ROWS = [
  message('1.0', BEN, 'look at this evening', { files: ONE }),
  message('2.0', BEN, '', { body: [], files: SEVERAL, first: false }),
  message('3.0', BEN, 'all that I have', { files: LINES }),
  message('4.0', ANA, '', { body: [], files: [other(0, 'voice.webm', VOICE)] }),
  message('5.0', BEN, '', { body: [], files: [other(0, 'voice.webm', VOICE)] }),
  message('6.0', BEN, 'the dance', {
    files: [file(0, { kind: 'video', name: 'dance.mp4', type: 'video/mp4', length: '0:12', text: '' })],
  }),
  message('7.0', BEN, '', {
    body: [],
    files: [
      file(0, { name: 'later.jpg', state: 'there', asks: true, text: 'not fetched yet' }),
      file(1, { name: 'lost.jpg', state: 'gone', text: 'no longer on the server', preview: false }),
    ],
  }),
  message('8.0', ANA, 'on its way', {
    seq: '',
    delivery: 'waiting',
    deliveryText: 'waiting to be sent',
    files: [
      file(0, { state: 'sending', progress: 0.25, text: 'sending 3 of 12 MB', width: 900, height: 1600 }),
    ],
  }),
];

function trayItem(key: string, parts: Partial<TrayItem>): TrayItem {
  return {
    key,
    name: 'dinner.jpg',
    size: '2.4 MB',
    kind: 'picture',
    alt: '',
    state: 'ready',
    progress: undefined,
    note: '',
    error: '',
    spoken: `${parts.name ?? 'dinner.jpg'}, 2.4 MB`,
    ...parts,
  };
}

const TRAY = [
  trayItem('a', { alt: 'a table with four plates' }),
  trayItem('b', {
    name: 'walk.heic',
    note: 'GoChat can’t remove from this file what it may say about its making: where, when, by whom and with which device',
  }),
  trayItem('c', {
    name: 'a film with a name that is longer than any box.mp4',
    kind: 'video',
    state: 'preparing',
    progress: 0.6,
  }),
  trayItem('d', {
    name: 'disk.img',
    kind: 'other',
    state: 'failed',
    error: 'can’t be sent: it is too large',
  }),
];

export const FILE_SAMPLES: Readonly<Record<'files' | 'tray', Snapshot>> = {
  files: snapshot(ROWS),
  tray: snapshot(ROWS, {}, { composer: { ...EMPTY_COMPOSER, tick: 1, text: 'from today', tray: TRAY } }),
};
