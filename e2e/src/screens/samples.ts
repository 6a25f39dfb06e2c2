import type { Dialog, MenuItem } from '@gochat/view/dialog';
import { isLarge, parseMarkdown } from '@gochat/view/markdown';
import { callableOf } from '@gochat/view/mentions';
import type { Block } from '@gochat/view/rich';
import type { Author, FileRow, MessageRow, Quote, Row } from '@gochat/view/row';
import type { Composer, MemberRow, RoomEntry, RoomScreen, Snapshot, TrayItem } from '@gochat/view/snapshot';
import { encode } from 'uqr';

/** Snapshots as they could come from a view, for whoever draws them: every kind of row, dialog, block and state at least once. */

export const ANA: Author = { identity: 'dev-ana', name: 'ana', colour: 0, own: true, verified: true };
export const BEN: Author = { identity: 'dev-ben', name: 'ben', colour: 5, own: false, verified: true };
const CLEO: Author = {
  identity: 'dev-cleo',
  name: 'cleo the third of that name',
  colour: 9,
  own: false,
  verified: false,
};

const DATE = 'Monday, November 23, 2026';

function paragraph(text: string): Block {
  return { kind: 'paragraph', inside: [{ kind: 'text', text }] };
}

/** A message that says `text`, with whatever else is given. */
export function message(
  key: string,
  author: Author,
  text: string,
  more: Partial<Omit<MessageRow, 'kind'>> = {},
): MessageRow {
  return {
    kind: 'message',
    key,
    seq: key.split('.')[0] ?? key,
    author,
    time: '14:03',
    date: `${DATE} at 14:03:00`,
    first: true,
    me: false,
    body: [paragraph(text)],
    large: false,
    source: text,
    edited: '',
    shared: '',
    timeMark: '',
    reply: undefined,
    files: [],
    replies: '',
    reactions: [],
    poll: undefined,
    forwarded: '',
    newer: '',
    delivery: author.own ? 'sent' : undefined,
    deliveryText: author.own ? 'sent' : '',
    mentioned: false,
    spoken: `${author.name}, 14:03; ${text}`,
    ...more,
  };
}

/** A picture as a row of the timeline has it. */
export const PICTURE: FileRow = {
  id: 'file-1',
  index: 0,
  kind: 'picture',
  name: 'dinner.jpg',
  type: 'image/jpeg',
  size: '2.4 MB',
  alt: 'a table with four plates',
  width: 1600,
  height: 1200,
  thumb: undefined,
  preview: true,
  length: '',
  wave: [],
  state: 'here',
  progress: undefined,
  asks: false,
  text: '',
  spoken: 'picture dinner.jpg, 2.4 MB: a table with four plates',
};

const QUOTE: Quote = { seq: '12', key: '12.0', from: 'ben', colour: 5, text: 'shall we cook tonight?' };

const CODE = `export function greet(name: string): string {
  // says hello
  return \`hello, \${name}\`;
}`;

const RICH: readonly Block[] = [
  { kind: 'heading', level: 2, inside: [{ kind: 'text', text: 'Shopping' }] },
  {
    kind: 'paragraph',
    inside: [
      { kind: 'text', text: 'Please ' },
      { kind: 'strong', inside: [{ kind: 'text', text: 'do not' }] },
      { kind: 'text', text: ' forget ' },
      { kind: 'emphasis', inside: [{ kind: 'text', text: 'the salt' }] },
      { kind: 'text', text: ', ' },
      { kind: 'strike', inside: [{ kind: 'text', text: 'pepper' }] },
      { kind: 'text', text: ' and ' },
      { kind: 'code', text: 'npm install' },
      { kind: 'break' },
      { kind: 'mention', text: '@ana', self: true },
      { kind: 'text', text: ' see ' },
      {
        kind: 'link',
        href: 'https://example.org/recipes?page=2',
        inside: [{ kind: 'text', text: 'the recipes' }],
      },
    ],
  },
  {
    kind: 'list',
    start: undefined,
    items: [
      [paragraph('bread')],
      [paragraph('cheese'), { kind: 'list', start: 1, items: [[paragraph('brie')], [paragraph('gouda')]] }],
    ],
  },
  { kind: 'quote', inside: [paragraph('hunger is the best cook')] },
  { kind: 'rule' },
  { kind: 'code', language: 'ts', text: CODE },
];

/** Every kind of row, in an order that a room could have. */
export const ROWS: readonly Row[] = [
  {
    kind: 'start',
    key: 'start',
    text: 'Your history of this room starts here. You can’t read messages sent before you joined.',
    invite: '',
    back: '',
    spoken: 'Your history of this room starts here.',
  },
  { kind: 'day', key: 'day.2026-11-22', text: 'Yesterday', spoken: 'Yesterday' },
  {
    kind: 'notice',
    key: '10.0',
    time: '09:12',
    text: 'ben and cleo joined by invite',
    details: [
      { time: '09:11', text: 'ben joined by invite' },
      { time: '09:12', text: 'cleo joined by invite' },
    ],
    spoken: '09:12: ben and cleo joined by invite',
  },
  message('12.0', BEN, 'shall we cook tonight?', { time: '09:13' }),
  message('13.0', BEN, 'I have the time', { time: '09:13', first: false }),
  message('own.a', ANA, 'yes! at seven', {
    time: '09:15',
    reply: QUOTE,
    delivery: 'read',
    deliveryText: 'read by ben and cleo',
    reactions: [
      { emoji: '🎉', count: 2, own: false, by: 'ben and cleo' },
      { emoji: '👍🏽', count: 1, own: true, by: 'you' },
    ],
  }),
  message('15.0', CLEO, 'waves', { me: true, time: '09:20' }),
  {
    kind: 'deleted',
    key: '16.0',
    author: CLEO,
    time: '09:21',
    first: false,
    text: 'cleo deleted this message',
    spoken: '09:21: cleo deleted this message',
  },
  {
    kind: 'ignored',
    key: '17.0',
    text: '3 messages from dora (ignored)',
    spoken: '3 messages from dora (ignored)',
  },
  { kind: 'day', key: 'day.2026-11-23', text: 'Today', spoken: 'Today' },
  message('20.0', CLEO, 'a list for you', {
    body: RICH,
    source: '## Shopping\n…',
    mentioned: true,
    edited: 'edited 14:05',
    shared: 'shared by ana; its author is no member now',
    timeMark: 'The server’s time is 12 minutes later than the sender’s clock',
  }),
  {
    kind: 'warning',
    key: '21.0',
    time: '14:06',
    text: 'A message of ben could not be read: it was sealed for keys that this device no longer has. Ask ben to send it again.',
    spoken: 'Warning, 14:06: a message of ben could not be read',
  },
  { kind: 'unread', key: 'unread', text: 'New messages', spoken: 'New messages' },
  message('22.0', BEN, 'who brings the wine?', {
    time: '14:08',
    reply: {
      seq: '3',
      key: undefined,
      from: '',
      colour: 0,
      text: 'a message that is not on this device',
    },
  }),
  message('own.b', ANA, 'I do', { time: '14:09', delivery: 'sent' }),
  message('own.c', ANA, 'red or white?', {
    seq: '',
    time: '14:09',
    first: false,
    delivery: 'waiting',
    deliveryText: 'waiting to be sent',
  }),
];

function member(author: Author, more: Partial<MemberRow> = {}): MemberRow {
  const { identity, name, colour, own, verified } = author;
  return {
    identity,
    id: identity.padEnd(8, '0').slice(0, 8),
    name,
    colour,
    self: own,
    role: own ? 'admin' : 'member',
    office: own ? 'you, admin' : '',
    verified,
    ignored: false,
    here: own,
    spoken: name,
    ...more,
  };
}

const DORA: Author = { identity: 'dev-dora', name: 'dora', colour: 3, own: false, verified: false };

function entry(number: number, name: string, more: Partial<RoomEntry> = {}): RoomEntry {
  return {
    id: `room-${number}`,
    number,
    name,
    heading: '',
    preview: '',
    unread: 0,
    mentions: 0,
    muted: false,
    open: false,
    ended: '',
    spoken: name,
    ...more,
  };
}

const ROOMS: readonly RoomEntry[] = [
  entry(1, 'kitchen', { open: true, preview: 'ana: red or white?', unread: 1 }),
  entry(2, 'a garden with a very long name', { unread: 12, mentions: 2, preview: 'eve: look, @ana' }),
  entry(3, 'noise', { unread: 140, muted: true }),
  entry(4, 'old flat', { ended: 'You were removed from this room.' }),
  entry(5, 'eve', { heading: 'People', preview: 'eve: just between us' }),
];

export const EMPTY_COMPOSER: Composer = {
  mode: 'new',
  silenced: false,
  hint: 'Write a message',
  text: '',
  tick: 0,
  undoable: false,
  reply: undefined,
  completion: undefined,
  note: '',
  space: '',
  turn: '',
  tooLong: false,
  tray: [],
};

function room(rows: readonly Row[], more: Partial<RoomScreen> = {}): RoomScreen {
  const unreadKey = rows.find(({ kind }) => kind === 'unread')?.key;
  return {
    id: 'room-1',
    name: 'kitchen',
    topic: 'what we eat, and when',
    server: 'chat.example.org',
    lock: {
      state: 'sealed',
      text: 'End-to-end encrypted, confirmed by ben. Compare safety numbers to verify who the members are.',
      epoch: '7',
    },
    timeline: { rows, more: false, loading: false, unreadKey, unread: 1, target: undefined },
    composer: EMPTY_COMPOSER,
    members: [member(ANA), member(BEN, { here: true }), member(CLEO), member(DORA, { ignored: true })],
    knocks: '',
    ended: '',
    commands: [
      item('invite', 'Invite'),
      item('invites', 'Invites'),
      item('rename', 'Name and topic'),
      item('code', 'Compare the room code'),
      item('notify', 'Notifications'),
      item('mute', 'Mute'),
      item('privacy', 'Privacy'),
      item('export', 'Save the conversation'),
      item('inspect', 'What the server sees'),
      item('leave', 'Leave', '', true),
    ],
    typing: '',
    search: undefined,
    notify: 'all',
    admin: true,
    rules: [],
    ...more,
  };
}

/** A room with these rows, with whatever else is given. */
export function snapshot(
  rows: readonly Row[],
  more: Partial<Snapshot> = {},
  inRoom: Partial<RoomScreen> = {},
): Snapshot {
  return {
    me: { name: 'ana', identity: 'a1b2c3d4' },
    rooms: ROOMS,
    room: room(rows, inRoom),
    connection: { state: 'live', text: '', progress: '', queued: 0 },
    dialog: undefined,
    flash: undefined,
    requests: '',
    waiting: '',
    unread: { messages: 13, mentions: 2 },
    settings: {},
    ...more,
  };
}

const LINK =
  'http://127.0.0.1:4040/#/join/AAAAAAAAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBB.CCCCCCCCCCCCCCCCCCCCCC';

function item(name: string, label: string, hint = '', danger = false): MenuItem {
  return { name, label, hint, danger };
}

/** One dialog of each kind. */
export const DIALOGS: { readonly [Kind in Dialog['kind']]: Extract<Dialog, { kind: Kind }> } = {
  form: {
    kind: 'form',
    title: 'Create a room',
    tick: 1,
    text: ['Messages and names are encrypted on this device. The server can’t read them.'],
    fields: [
      { name: 'name', label: 'Room name', value: '', hint: '', type: 'text', choices: [] },
      {
        name: 'as',
        label: 'Your name in this room',
        value: 'ana',
        hint: 'Other members see it. You need no account.',
        type: 'text',
        choices: [],
      },
      { name: 'token', label: 'Token of the server', value: 'wombat', hint: '', type: 'secret', choices: [] },
      {
        name: 'notify',
        label: 'Notify me about',
        value: 'mentions',
        hint: '',
        type: 'choice',
        choices: [
          { value: 'all', label: 'all messages' },
          { value: 'mentions', label: 'mentions' },
          { value: 'none', label: 'nothing' },
        ],
      },
      {
        name: 'receipts',
        label: 'Send read receipts',
        value: 'on',
        hint: '',
        type: 'toggle',
        choices: [],
      },
    ],
    focus: '',
    more: {
      title: 'Devices and backup',
      items: [{ name: 'backup', label: 'Save a backup', hint: '', danger: false }],
    },
    submit: 'Create',
    danger: false,
    busy: false,
    error: 'Enter a name.',
    errorField: 'name',
  },
  menu: {
    kind: 'menu',
    title: 'Message',
    tick: 2,
    quoted: 'ben: shall we cook tonight?',
    text: [],
    code: [],
    items: [
      item('reply', 'Reply', 'r'),
      item('react', 'React', '+'),
      item('copy', 'Copy text', 'y'),
      item('delete', 'Delete for everyone', 'd', true),
    ],
  },
  invite: {
    kind: 'invite',
    title: 'Invite',
    tick: 3,
    text: ['Anyone with this link can join kitchen. Send it over a channel that you trust.'],
    link: LINK,
    qr: encode(LINK, { border: 0 }).data,
    mayRevoke: true,
    busy: false,
    error: '',
  },
  invites: {
    kind: 'invites',
    title: 'Invites',
    empty: 'There are no invites.',
    tick: 4,
    busy: false,
    error: '',
    items: [
      { id: 'i1', text: 'by ana, expires December 23, 5 uses left', mayRevoke: true, hasLink: true },
      { id: 'i2', text: 'by ben, expires December 1', mayRevoke: false, hasLink: false },
    ],
  },
  member: {
    kind: 'member',
    title: 'ben',
    tick: 5,
    text: [
      'Member dev-ben0, 2 devices',
      'Compare this number with the one that they see, over a call or in person. If both are the same, nobody is intercepting.',
    ],
    name: 'ben',
    colour: 5,
    self: false,
    safety: [
      '12345',
      '67890',
      '24680',
      '13579',
      '11223',
      '44556',
      '77889',
      '90012',
      '34567',
      '89012',
      '10203',
      '40506',
    ],
    verified: false,
    items: [
      item('mention', 'Mention'),
      item('verify', 'The numbers match: mark as verified'),
      item('remove', 'Remove from the room', '', true),
    ],
  },
  palette: {
    kind: 'palette',
    title: 'Go to a room or run a command',
    tick: 6,
    text: 'ki',
    items: [item('room:room-1', 'kitchen', 'room 1'), item('command:invite', 'Invite', '/invite')],
    empty: 'No matches',
  },
  emoji: {
    kind: 'emoji',
    title: 'React with an emoji',
    tick: 7,
    text: '',
    busy: false,
    items: [
      { emoji: '👍', name: '+1' },
      { emoji: '🎉', name: 'tada' },
      { emoji: '❤️', name: 'heart' },
      { emoji: '👩‍👩‍👧‍👦', name: 'family_woman_woman_girl_boy' },
      { emoji: '🇮🇸', name: 'iceland' },
    ],
    empty: 'No matching emoji',
  },
  help: {
    kind: 'help',
    title: 'Help',
    tick: 8,
    groups: [
      {
        title: 'Everywhere',
        items: [
          { keys: 'Ctrl+G', usage: '/palette', text: 'Find a room or a command by part of its name' },
          { keys: 'F1', usage: '/help', text: 'Show keys and commands' },
          { keys: 'Ctrl+D', usage: '/quit', text: 'Quit; messages waiting to be sent are kept' },
        ],
      },
      {
        title: 'On a message',
        items: Array.from({ length: 40 }, (_, i) => ({
          keys: i % 2 === 0 ? 'r' : '',
          usage: `/command-${i}`,
          text: `What the command number ${i} does, in a sentence that is long enough to be wrapped on a narrow screen`,
        })),
      },
    ],
  },
  picture: {
    kind: 'picture',
    title: 'dinner.jpg',
    tick: 10,
    row: '12.0',
    file: PICTURE,
    text: 'ben, 23 November 2026 at 14:03:00',
    position: '2 of 3',
    hasPrevious: true,
    hasNext: true,
  },
  devices: {
    kind: 'devices',
    title: 'Your devices',
    tick: 11,
    text: ['They share your rooms, your drafts and what you have read. Others see one person.'],
    busy: false,
    error: '',
    items: [
      {
        name: 'd1',
        label: 'Firefox on Linux',
        detail: 'this device, 12 rooms, since 3 Nov 2026',
        alarming: false,
      },
      { name: 'd2', label: 'echo-bot', detail: 'limited, 1 room, since 20 Nov 2026', alarming: false },
      { name: 'd3', label: 'Pixel 8', detail: 'being removed: still in 2 rooms', alarming: true },
    ],
    more: [item('link', 'Link another device')],
  },
  device: {
    kind: 'device',
    title: 'Link this device',
    tick: 12,
    text: ['Type these digits on your other device:'],
    digits: ['123', '456'],
    lines: ['kitchen: The server can’t be reached'],
    progress: 'Waiting for the other device…',
    error: 'This link has expired: make a new one on your other device',
    items: [item('cancel', 'Cancel')],
  },
  inspect: {
    kind: 'inspect',
    title: 'What the server sees',
    tick: 9,
    text: ['The server stores only this of the entry. It can’t tell who wrote it or what it says.'],
    parts: [
      { label: 'Log position', value: '22' },
      { label: 'Time', value: DATE },
      { label: 'Size', value: '512 bytes, padded' },
      { label: 'Ciphertext', value: 'k3J9_0aZ'.repeat(85) },
      { label: 'Decrypted on this device', value: 'ben: who brings the wine?' },
    ],
    busy: false,
  },
};

/** Ten thousand messages and more, of three people. */
export function longRoom(count = 10_000): readonly Row[] {
  const people = [ANA, BEN, CLEO];
  return Array.from({ length: count }, (_, i) => {
    const author = people[Math.floor(i / 3) % people.length] ?? ANA;
    const text = `message ${i} ${'with some words to fill a line or two '.repeat(i % 4)}`.trim();
    return message(`${i}.0`, author, text, { first: i % 3 === 0 });
  });
}

const NASTY =
  '\u001b[2J\u001b[H\u001b]0;owned\u0007\u001b]52;c;b3duZWQ=\u0007\u009b31m\u0000\u0008\u007f\u202eevil\u2066\u200b\ud800\u00adend';

/** What should never get this far, since a view cleans what it shows: a screen must draw it all the same. */
const HOSTILE: readonly Row[] = [
  message('1.0', { ...BEN, name: `be\u001b[31mn\u202e${'\u0301'.repeat(50)}` }, NASTY),
  message('2.0', BEN, 'x'.repeat(1_000_000)),
  message('3.0', BEN, `${'\u200b'.repeat(5000)}a${'\u0301'.repeat(5000)}b`),
  message('4.0', BEN, `${'👩‍👩‍👧‍👦'.repeat(200)} ${'字'.repeat(300)} ﷽﷽﷽`),
  message('5.0', BEN, 'link', {
    body: [
      {
        kind: 'paragraph',
        inside: [
          {
            kind: 'link',
            href: 'https://example.org/\u001b\\\u0007\u001b[2J',
            inside: [{ kind: 'text', text: 'a\nb\tc\u001b[5m' }],
          },
        ],
      },
      { kind: 'code', language: '\u001b[2J', text: `${NASTY}\n${'\t'.repeat(2000)}\r\nend` },
    ],
  }),
  message('6.0', BEN, 'lines\n'.repeat(20_000)),
  {
    kind: 'warning',
    key: '7.0',
    time: '\u001b[2J14:00',
    text: NASTY,
    spoken: NASTY,
  },
  message('8.0', BEN, 'the last one, and harmless'),
];

const CALLABLE = callableOf([
  { name: '*star*', identity: 'star', self: false },
  { name: '李明', identity: 'ming', self: true },
]);

/** Texts whose parts are easily mistaken for markup, addresses or names. */
const WRITTEN: readonly Row[] = [
  'neue Seite: https://müller.example/über und https://例え.example/道。それから https://аррӏе.example/',
  'flags \u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} \u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f} 👩‍💻 👍🏽 🇳🇴 ❤️ 🏳️‍🌈 1️⃣ ☺️ ⚠️ ✂️ ☀️ 123 © ✓',
  '🎉👍🏽❤️',
  '```make\nall:\n\tcc -o x x.c\nab\tc\n```',
  '- a\n  - b\n    1. c\n    2. d\n- e\n- [x] done',
  '1984. That was a year\n\n7) seventh\n8) eighth',
  'C:\\Users\\kim\\_tmp\\*.log between ~3k~5k and ~~gone~~ これは**強調。**です',
  '| name | cost | note |\n|:-----|-----:|:----:|\n| bread | 2 | `a\\|b` |\n| **cheese** of a kind that has a long name, and a longer description | 12.50 | https://example.org/cheese |',
  '   indented art\n   ( o.o )',
  'ask @*star* and @李明さん, not `@李明` or mail@李明.example',
  '> one\n> two\n\n<https://example.com/x y> &amp; <b>bold</b> 葛\u{e0100}城 ไทย\u200bภาษา',
].map((text, i) => {
  const body = parseMarkdown(text, { callable: CALLABLE });
  return message(`${i + 1}.0`, i % 3 === 0 ? ANA : BEN, text, { body, large: isLarge(body) });
});

const RTL = 'مرحبا بالعالم، هذا اختبار طويل بما يكفي ليأخذ أكثر من سطر واحد على شاشة ضيقة';

const LONG_CODE: Block = {
  kind: 'code',
  language: 'js',
  text: Array.from({ length: 200 }, (_, i) => `const line${i} = ${i}; // ${'-'.repeat(i % 120)}`).join('\n'),
};

const HITS = [
  { seq: '22', from: 'ben', colour: 5, time: '14:08', text: 'who brings the wine?' },
  { seq: '12', from: 'ben', colour: 5, time: '09:13', text: 'shall we cook tonight?' },
];

function trayItem(name: string, more: Partial<TrayItem> = {}): TrayItem {
  return {
    key: name,
    name,
    size: '2.4 MB',
    kind: 'other',
    alt: '',
    state: 'ready',
    progress: undefined,
    note: '',
    error: '',
    spoken: `file ${name}, 2.4 MB`,
    ...more,
  };
}

function fileRow(index: number, name: string, more: Partial<FileRow> = {}): FileRow {
  const bare = { type: 'application/pdf', alt: '', width: undefined, height: undefined, preview: false };
  const spoken = `file ${name}, 2.4 MB`;
  return { ...PICTURE, ...bare, id: `file-${name}`, index, kind: 'other', name, spoken, ...more };
}

const FILES: readonly Row[] = [
  message('30.0', BEN, 'from the party', { files: [PICTURE] }),
  message('31.0', BEN, '', {
    body: [],
    files: [
      fileRow(0, 'plan.pdf', { state: 'fetching', progress: 0.25, text: 'fetching 3 of 12 MB' }),
      fileRow(1, 'old.zip', { state: 'gone', text: 'was kept until 3 May 2026, 12:00' }),
    ],
  }),
  message('own.f', ANA, '', {
    body: [],
    delivery: 'waiting',
    deliveryText: 'waiting to be sent',
    files: [
      fileRow(0, 'film.mp4', { kind: 'video', state: 'sending', progress: 0.5, text: 'sending 6 of 12 MB' }),
    ],
  }),
];

/** Made at its first use: a page that loads the samples mostly shows another. */
let long: Snapshot | undefined;

/** Whole screens by name. */
export const SAMPLES = {
  talking: snapshot(ROWS),
  written: snapshot(WRITTEN),
  typing: snapshot(ROWS, {}, { typing: 'ben and cleo are typing…' }),
  /** A profile that is in no room yet. */
  empty: snapshot([], {
    me: { name: '', identity: 'a1b2c3d4' },
    rooms: [],
    room: undefined,
    connection: { state: 'none', text: '', progress: '', queued: 0 },
    unread: { messages: 0, mentions: 0 },
  }),
  /** A room in which nothing was said. */
  silent: snapshot([]),
  offline: snapshot(ROWS, {
    connection: {
      state: 'offline',
      text: 'Offline: the server could not be reached. 2 messages will be sent when the server is reachable.',
      progress: '',
      queued: 2,
    },
  }),
  flash: snapshot(ROWS, { flash: { tone: 'bad', text: 'There is no member “eve” in this room', tick: 3 } }),
  unconfirmed: snapshot(
    ROWS,
    {},
    {
      lock: {
        state: 'unconfirmed',
        text: 'Not confirmed until the person who invited you, or the room’s founder, writes. Compare the room code with one of them before you trust this room.',
        epoch: '2',
      },
    },
  ),
  stranger: snapshot(
    ROWS,
    {},
    {
      lock: {
        state: 'stranger',
        text: 'A device that you have not linked is in this room as you. Somebody may have a copy of your keys. Type /devices to remove it.',
        epoch: '9',
      },
    },
  ),
  verified: snapshot(
    ROWS,
    {},
    {
      lock: { state: 'verified', text: 'End-to-end encrypted. All members are verified.', epoch: '7' },
    },
  ),
  /** Messages with files, and files that are going to be sent. */
  attached: snapshot(
    FILES,
    {},
    {
      composer: {
        ...EMPTY_COMPOSER,
        tick: 3,
        tray: [
          trayItem('cat.jpg', { kind: 'picture', alt: 'a cat on a mat' }),
          trayItem('plan.pdf', {
            note: 'GoChat can’t remove from this file what it may say about its making',
          }),
          trayItem('film.mp4', { kind: 'video', state: 'preparing', progress: 0.4 }),
          trayItem('gone.txt', { state: 'failed', error: 'The file “gone.txt” can’t be read' }),
        ],
      },
    },
  ),
  replying: snapshot(
    ROWS,
    {},
    { composer: { ...EMPTY_COMPOSER, tick: 1, reply: QUOTE, text: 'yes ', mode: 'new' } },
  ),
  editing: snapshot(
    ROWS,
    {},
    {
      composer: {
        ...EMPTY_COMPOSER,
        tick: 2,
        mode: 'edit',
        text: 'I do!',
        hint: 'Edit your message. Esc cancels.',
      },
    },
  ),
  closed: snapshot(
    ROWS,
    {},
    {
      composer: { ...EMPTY_COMPOSER, mode: 'closed', hint: 'You were removed from this room.' },
      lock: undefined,
      members: [],
      ended: 'You were removed from this room.',
      commands: [item('export', 'Save the conversation'), item('forget', 'Remove from the list')],
    },
  ),
  /** The digits of the room to compare. */
  comparing: snapshot(ROWS, {
    dialog: {
      kind: 'menu',
      title: 'Compare the room code',
      tick: 10,
      text: ['Ask another member for the code that they see.', 'Compare at the same time.'],
      code: ['12345', '67890', '24680', '13579', '11223', '44556'],
      items: [
        item('same', 'The codes are the same'),
        item('differ', 'The codes differ'),
        item('copy', 'Copy the code'),
      ],
    },
  }),
  /** A room that its maker has just made. */
  made: snapshot([
    {
      kind: 'start',
      key: 'start',
      text: 'You made kitchen. Invite somebody.',
      invite: 'Invite',
      back: '',
      spoken: 'You made kitchen. Invite somebody.',
    },
  ]),
  nearlyFull: snapshot(
    ROWS,
    {},
    { composer: { ...EMPTY_COMPOSER, tick: 4, text: 'so many words', space: 'About 1,200 characters left' } },
  ),
  tooLong: snapshot(
    ROWS,
    {},
    {
      composer: {
        ...EMPTY_COMPOSER,
        tick: 4,
        text: 'too many words',
        space: 'Too long by about 300 characters: send it in parts',
        tooLong: true,
      },
    },
  ),
  completing: snapshot(
    ROWS,
    {},
    {
      composer: {
        ...EMPTY_COMPOSER,
        tick: 3,
        text: 'hello @b',
        completion: {
          from: 6,
          to: 8,
          selected: 1,
          items: [
            { kind: 'member', insert: '@bea ', label: 'bea', hint: 'e5f6a7b8' },
            { kind: 'member', insert: '@ben ', label: 'ben', hint: 'dev-ben0' },
          ],
        },
      },
    },
  ),
  searching: snapshot(
    ROWS,
    {},
    { search: { text: 'wine', busy: false, hits: HITS, at: 0, summary: '1 of 2', more: false } },
  ),
  jumped: snapshot(
    ROWS,
    {},
    {
      timeline: {
        rows: ROWS,
        more: true,
        loading: false,
        unreadKey: 'unread',
        unread: 1,
        target: { key: '12.0', tick: 1 },
      },
    },
  ),
  get long() {
    long ??= snapshot(longRoom());
    return long;
  },
  hostile: snapshot(HOSTILE, {
    rooms: [entry(1, `kit\u001b[2Jchen\u202e`, { open: true })],
    flash: { tone: 'good', text: NASTY, tick: 9 },
  }),
  rightToLeft: snapshot([
    message('1.0', { ...BEN, name: 'بن' }, RTL),
    message('2.0', ANA, `شكرا ben ${RTL}`),
    message('3.0', BEN, 'שלום and hello, mixed'),
  ]),
  longCode: snapshot([message('1.0', BEN, 'code', { body: [paragraph('look:'), LONG_CODE] })]),
  manyRooms: snapshot(ROWS, {
    rooms: Array.from({ length: 60 }, (_, i) =>
      entry(i + 1, `room ${i + 1}`, { open: i === 0, unread: i % 3 }),
    ),
  }),
} as const satisfies Readonly<Record<string, Snapshot>>;

/** A snapshot with a dialog in front. */
export function asking(dialog: Dialog): Snapshot {
  return snapshot(ROWS, { dialog });
}
