import type { HistoryItem, TextItem } from '@gochat/client/history';
import type { Profile } from '@gochat/client/open';
import { formatChange, formatItem } from '@gochat/terminal/internal/lines/format';
import { runSlashCommand } from '@gochat/terminal/internal/lines/slash-commands';
import { lineWidth } from '@gochat/terminal/internal/screen/draw/frame';
import type { Ui } from '@gochat/terminal/internal/screen/ui-state';
import { DIALOG_KINDS, type Dialog } from '@gochat/view/dialog';
import type { Snapshot } from '@gochat/view/snapshot';
import { terminalEnglish } from '@gochat/view/terminal-words';
import { Words } from '@gochat/view/words';
import { describe, expect, test } from 'vitest';
import { pseudo } from '../src/screens/pseudo-language.ts';
import { pseudoSnapshot } from '../src/screens/pseudo-snapshot.ts';
import { asking, DIALOGS, SAMPLES } from '../src/screens/samples.ts';
import { drawn } from '../src/terminal/drawn.ts';

const { text: PSEUDO } = new Words('ru-RU', pseudo(terminalEnglish), 'UTC');
const USUAL = { columns: 80, rows: 24 };
/** High enough for every dialog. */
const HIGH = { columns: 80, rows: 200 };

/** What is not a sentence: names of keys, the single keys of the welcome screen, the mark of a toggle, and addresses. */
const NO_SENTENCE = [
  /(?:Ctrl|Alt|Shift)\+\S/g,
  /\bF\d\b/g,
  /(?<=^[ │]*)(?:c|j|d|r|q)(?= {2,})/gm,
  /\[x\]/g,
  /https?:\/\/\S+/g,
];

/** The ASCII letters of a text that come from no catalogue, with their line. */
function asciiLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => /[a-zA-Z]/.test(NO_SENTENCE.reduce((rest, one) => rest.replaceAll(one, ''), line)));
}

function drawnInPseudo(sample: Snapshot, size = USUAL, ui: Partial<Ui> = {}) {
  return drawn(pseudoSnapshot(sample), size, ui, false, PSEUDO.screen);
}

/** Every sample but those of hostile or endless text, and of links that wrapping would break. */
const LEFT_OUT = ['hostile', 'longCode', 'rightToLeft', 'written'];
const SHOWN = [
  ...Object.entries(SAMPLES).filter(([name]) => !LEFT_OUT.includes(name)),
  ...DIALOG_KINDS.map((kind) => [kind, asking(DIALOGS[kind])] as const),
] as const;

/** The last rows of a room, without links that wrapping would break. */
const TALKING = lastRows(SAMPLES.talking);

function lastRows(sample: Snapshot): Snapshot {
  const { room } = sample;
  if (room === undefined) throw new Error('the sample has no room');
  return { ...sample, room: { ...room, timeline: { ...room.timeline, rows: room.timeline.rows.slice(-3) } } };
}

/** Modes of the screen's own, in that room. */
const MODES: readonly (readonly [string, Partial<Ui>])[] = [
  ['a message with the focus', { mode: 'read', focus: TALKING.room?.timeline.rows.at(-1)?.key }],
  ['a search', { mode: 'search' }],
  ['vim’s normal mode', { mode: 'normal' }],
  ['text only', { textOnly: true }],
  ['members', { members: true }],
  ['an incomplete sequence of keys', { pending: 'Ctrl+X' }],
];

describe('the full screen in a language whose words are 40% longer', () => {
  test.each(SHOWN)('%s has no sentence of its own', (_name, sample) => {
    const { drawing, text } = drawnInPseudo(sample);
    expect(asciiLines(text)).toEqual([]);
    expect(drawing.frame.lines.map(lineWidth)).toEqual(Array.from({ length: 24 }, () => 80));
  });

  test.each(MODES)('%s has no sentence of its own', (_name, ui) => {
    expect(asciiLines(drawnInPseudo(TALKING, USUAL, ui).text)).toEqual([]);
  });

  test('an English letter is found', () => {
    expect(
      asciiLines(drawn(SAMPLES.talking, USUAL, { note: 'Done' }, false, PSEUDO.screen).text),
    ).not.toEqual([]);
  });

  test.each(DIALOG_KINDS)('the dialog %s shows its labels and buttons whole', (kind) => {
    const dialog = pseudoSnapshot(asking(DIALOGS[kind])).dialog;
    if (dialog === undefined) throw new Error('the sample has no dialog');
    const { text } = drawnInPseudo(asking(DIALOGS[kind]), HIGH);
    for (const label of labelsOf(dialog)) expect(unwrapped(text)).toContain(unwrapped(label));
  });

  test.each(Object.entries(PSEUDO.screen.notes).filter(([, note]) => typeof note === 'string'))(
    'the note %s fits into the status line',
    (_name, note) => {
      const { lines } = drawnInPseudo({ ...TALKING, rooms: [] }, USUAL, { note: String(note) });
      expect(lines.at(-2)).toContain(note);
    },
  );

  test('a room that is closed says the whole reason', () => {
    for (const reason of Object.values(PSEUDO.status.closed)) {
      const { room } = SAMPLES.talking;
      if (room === undefined) throw new Error('the sample has no room');
      const composer = { ...room.composer, mode: 'closed' as const, hint: reason, reply: undefined };
      const closed = { ...SAMPLES.talking, room: { ...room, composer } };
      const { text } = drawn(closed, USUAL, {}, false, PSEUDO.screen);
      expect(unwrapped(text)).toContain(unwrapped(reason));
    }
  });

  test('a room that is not confirmed says so whole', () => {
    const { text } = drawnInPseudo(SAMPLES.unconfirmed);
    expect(unwrapped(text)).toContain(unwrapped(PSEUDO.status.lock.unconfirmed));
  });
});

/** What a user must be able to read to answer a dialog. */
function labelsOf(dialog: Dialog): readonly string[] {
  switch (dialog.kind) {
    case 'form':
      return [
        ...dialog.fields.flatMap(({ label, choices }) => [label, ...choices.map((choice) => choice.label)]),
        dialog.submit,
        PSEUDO.screen.cancel,
      ];
    case 'menu':
    case 'member':
    case 'palette':
      return dialog.items.map(({ label }) => label);
    case 'invites':
      return dialog.items.map(({ text }) => text);
    case 'invite':
      return [...dialog.text, dialog.link, PSEUDO.screen.dialogs.copyLink];
    case 'inspect':
      return dialog.parts.map(({ label }) => label);
    case 'picture':
      return [dialog.text, dialog.position];
    case 'devices':
      return [
        ...dialog.text,
        ...dialog.items.flatMap(({ label, detail }) => [label, detail]),
        ...dialog.more.map(({ label }) => label),
      ];
    case 'device':
      return [
        ...dialog.text,
        ...dialog.lines,
        dialog.progress,
        dialog.error,
        ...dialog.items.map(({ label }) => label),
      ];
    case 'emoji':
      return dialog.items.map(({ name }) => name);
    case 'help':
      return dialog.groups.flatMap(({ title, items }) => [title, ...items.map(({ text }) => text)]);
    default:
      return dialog satisfies never;
  }
}

/** A text without what wrapping and borders put between its words. */
function unwrapped(text: string): string {
  return text.replaceAll(/[\s│]/g, '');
}

describe('the line mode in a language whose words are 40% longer', () => {
  const seq = '7' as TextItem['seq'];
  const line = { seq, sub: 0, at: 0, from: '安娜', identity: '1', own: false };
  const message: TextItem = { ...line, kind: 'text', text: '晚饭', id: '1' };
  const ben = { identity: '2', name: '本' };
  const items: readonly HistoryItem[] = [
    message,
    { ...message, me: true },
    { ...message, timeMark: { offMs: -720_000, aheadMs: 7_200_000, backMs: 6_000 } },
    { ...message, text: '', deleted: { by: '安娜', own: false } },
    { ...message, text: '', deleted: { by: '本', own: false } },
    { ...line, kind: 'leaving' },
    { ...line, kind: 'joined' },
    { ...line, kind: 'removed', by: '本' },
    { ...line, kind: 'changed', name: '厨房', topic: '晚饭', admins: ['本'], dropped: ['安娜'] },
    { ...line, from: '', kind: 'warning', warning: 'missing', member: '本', count: 2 },
    { ...line, from: '', kind: 'warning', warning: 'older-version' },
    { ...line, from: '', kind: 'warning', warning: 'withheld' },
    { ...line, from: '', kind: 'warning', warning: 'unseen', member: '本', count: 300 },
    { ...line, from: '', kind: 'warning', warning: 'expired-of', member: '本', count: 3 },
    { ...line, from: '', kind: 'warning', warning: 'misplaced', member: '本' },
    { ...line, from: '', kind: 'warning', warning: 'forked', member: '本' },
    { ...line, from: '', kind: 'warning', warning: 'join-skipped', member: '本' },
    { ...line, from: '', kind: 'warning', warning: 'shorter-retention', ms: 0 },
    { ...line, from: '', kind: 'warning', warning: 'shorter-retention', ms: 7_200_000, before: 86_400_000 },
  ];

  test.each(items)('an item %# is a line without a sentence of its own', (item) => {
    expect(asciiLines(formatItem(PSEUDO, item))).toEqual([]);
  });

  test('replies and changes are lines without a sentence of their own', () => {
    const changed = { ...message, edited: 2, reactions: [{ emoji: '👍', by: [ben] }] };
    const lines = [
      formatItem(PSEUDO, message, { ...message, from: '本' }),
      ...formatChange(PSEUDO, message, changed),
    ];
    expect(lines).toHaveLength(3);
    expect(asciiLines(lines.join('\n'))).toEqual([]);
  });

  const both = { there: ['安娜'], here: ['本'] };
  const differences = { members: both, admins: both, moderators: both, bans: both };
  /** A profile that answers as the owner of one does, without ASCII letters. */
  const ANSWERS: Readonly<Record<string, unknown>> = {
    members: [{ id: '1', name: '安娜', admin: true, self: true }],
    invite: { link: 'http://127.0.0.1/#/join/x' },
    remove: { name: '本' },
    safety: {
      code: '12345',
      epoch: '7',
      log: { code: '12345', at: 8 },
      members: [{ id: '1', name: '本', number: '12345' }],
    },
    inspect: { seq: '7', kind: '', at: 0, body: '123', bytes: 123, says: [message] },
    rooms: [{ name: '厨房', members: 2, status: 'active' }],
    compare: { by: '本', proved: true, same: true, tag: '1', ...differences },
    return: { returned: true },
    resend: { ids: ['an id'] },
    devices: [
      { key: '12345678', label: '手机', self: true, limited: true, since: 0, rooms: 2, unknown: true },
    ],
    linkOffer: { stage: 'offered', link: 'http://127.0.0.1/#/link/x', expires: 0, limited: false },
    recovery: { made: true, server: '1', since: 0, rooms: 2, left: 1, current: false },
    history: [],
    waiting: [],
    dm: { name: '本', direct: { state: 'asked' } },
    requests: [],
    knocks: [],
    nick: { name: '本' },
    leave: {},
  };

  test.each(Object.keys(PSEUDO.lines.slash))('/%s prints no sentence of its own', async (name) => {
    const printed: string[] = [];
    const profile = {
      call: async (method: string) => ANSWERS[method],
      on: () => () => undefined,
    } as unknown as Profile;
    const prompt = { print: (one: string) => void printed.push(one) };
    await runSlashCommand(`/${name}`, {
      profile,
      room: '1',
      prompt,
      text: PSEUDO,
      compared: new Map(),
      waitFor: () => undefined,
      opened: { open: async () => false },
    });
    // An export of a room that isn't there says and writes nothing.
    expect(printed.length > 0).toBe(!['quit', 'me', 'export'].includes(name));
    // Commands are typed as they are.
    const sentences = printed.map((one) => one.replace(/(?<=^-- )\/[a-z]+/, ''));
    expect(asciiLines(sentences.join('\n'))).toEqual([]);
  });

  test('of a command that only the full screen has, it is said what does the same', async () => {
    const printed: string[] = [];
    const prompt = { print: (one: string) => void printed.push(one) };
    const given = { profile: {} as Profile, room: '1', prompt, text: PSEUDO, compared: new Map() };
    const more = { waitFor: () => undefined, opened: { open: async () => false } };
    expect(await runSlashCommand('/backup', { ...given, ...more })).toBe('refused');
    expect(printed).toEqual([PSEUDO.lines.verbInstead('backup', PSEUDO.lines.verbs.backup)]);
  });

  test('an unknown command is named in a sentence of the catalogue', async () => {
    const printed: string[] = [];
    const prompt = { print: (one: string) => void printed.push(one) };
    await runSlashCommand('/天', {
      profile: {} as Profile,
      room: '1',
      prompt,
      text: PSEUDO,
      compared: new Map(),
      waitFor: () => undefined,
      opened: { open: async () => false },
    });
    expect(printed).toEqual([PSEUDO.lines.noCommand('天')]);
  });
});
