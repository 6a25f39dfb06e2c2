import type { EventItem } from '@gochat/client/history';
import { COMMAND_NAMES } from '@gochat/view/command';
import { english } from '@gochat/view/english';
import { Words } from '@gochat/view/words';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gather, type Viewer } from '../src/people/viewer.ts';
import { pseudo, pseudoText } from '../src/screens/pseudo-language.ts';
import { shownTexts } from '../src/screens/shown-texts.ts';

/** Its dates and its lists have no ASCII letter. */
const LOCALE = 'zh-CN';
const words = new Words(LOCALE, pseudo(english), 'UTC');

/** Addresses, and names of keys as the test's screen has them. */
const NOT_WORDS = /\w+:\/\/\S+|^key of [a-z-]+$/g;
const ascii = (viewer: Viewer) =>
  shownTexts(viewer.screen).filter((text) => /[a-z]/i.test(text.replace(NOT_WORDS, '')));

test('a pseudo text has no ASCII letter and is about 40% longer', () => {
  const text = pseudoText('The quick brown fox jumps over the lazy dog');
  expect(text).not.toMatch(/[a-z]/i);
  expect(text.length / 'The quick brown fox jumps over the lazy dog'.length).toBeCloseTo(1.33, 1);
  expect(pseudoText('安娜 7 → …')).toBe('安娜 7 → …');
});

test('a pseudo catalogue maps strings, lists and what functions return', () => {
  const catalogue = {
    language: 'en',
    text: () => ({ a: 'x', b: { c: (n: number) => `y${n}` }, d: ['z', 1] }),
  };
  const { text } = new Words('en', pseudo(catalogue));
  expect([text.a, text.b.c(7), text.d]).toEqual([
    pseudoText('x'),
    `${pseudoText('y')}7`,
    [pseudoText('z'), 1],
  ]);
});

test.each([
  [3_600_000, '1 hour'],
  [3_660_000, '61 minutes'],
  [86_400_000, '1 day'],
  [9_000_000, '2 hours'],
  [7 * 86_400_000, '7 days'],
  [3.9 * 86_400_000, '3 days'],
])('the longest lifetime of an invite is never said to be longer: %i ms', (most, shown) => {
  const { text } = new Words('en', english);
  expect(text.error({ reason: 'invite-lifetime', most })).toBe(
    `On this server an invite lasts at most ${shown}`,
  );
});

const line = { seq: '1' as EventItem['seq'], sub: 0, at: 0, from: '本', identity: 'd', own: false };
const member = '安娜';
const EVENTS: readonly EventItem[] = [
  { ...line, kind: 'leaving' },
  { ...line, kind: 'joined' },
  { ...line, kind: 'joined', again: true },
  { ...line, kind: 'removed' },
  { ...line, kind: 'removed', by: member },
  { ...line, kind: 'changed' },
  { ...line, kind: 'changed', name: '花园', topic: '', admins: [member], dropped: [member] },
  { ...line, kind: 'warning', warning: 'missing', member, count: 2 },
  { ...line, kind: 'warning', warning: 'hole' },
  { ...line, kind: 'warning', warning: 'unseen', member, count: 300 },
  { ...line, kind: 'warning', warning: 'withheld' },
  { ...line, kind: 'warning', warning: 'shorter-retention', ms: 7_200_000 },
  { ...line, kind: 'warning', warning: 'refused-change', change: 'delete', by: member, member },
];

test.each(EVENTS)('the sentence of an event has its data and no letter of another language: %j', (event) => {
  const text = words.text.event(event, ['本']);
  expect(text).not.toMatch(/[a-z]/i);
  if (event.kind !== 'warning') expect(text).toContain('本');
});

describe('a view in pseudo-language', () => {
  let ana: Viewer;
  let ben: Viewer;
  let end: () => Promise<void>;

  beforeAll(async () => {
    const room = await gather(['安娜', '本'], '厨房', words);
    [ana, ben] = room.people as [Viewer, Viewer];
    end = room.end;
  });
  afterAll(() => end());

  /** Waits until the screen holds still, and returns what is not in pseudo-language. */
  async function left(viewer: Viewer): Promise<string[]> {
    await viewer.sees(
      'an answer',
      ({ dialog }) => !(dialog !== undefined && 'busy' in dialog && dialog.busy),
    );
    return ascii(viewer);
  }

  test('every kind of row that people cause is worded by the catalogue', async () => {
    ana.says('你好');
    const hello = await ben.reads('你好');
    ben.view.actions.run('reply', '', hello.key);
    ben.says('@安娜 你好');
    await ana.reads('@安娜 你好');
    ana.view.actions.react((await ana.reads('@安娜 你好')).key, '🎉');
    ben.says('/me 走了');
    await ana.reads('走了');
    ana.view.actions.run('edit', '', (await ana.hasSent('你好')).key);
    ana.says('您好');
    await ben.sees('the edit', () => (ben.message('您好')?.edited ?? '') !== '');
    ana.says('错了');
    ana.view.actions.run('delete', '', (await ana.hasSent('错了')).key);
    ana.view.actions.submit({});
    await ben.sees('the deletion', () => ben.rows.some(({ kind }) => kind === 'deleted'));
    ana.says('/topic 晚饭');
    await ben.sees('the topic', ({ room }) => room?.topic === '晚饭');
    ana.says('/ignore 本');
    await ana.sees('ignored rows', () => ana.rows.some(({ kind }) => kind === 'ignored'));
    for (const viewer of [ana, ben]) expect(await left(viewer)).toEqual([]);
    ana.says('/unignore 本');
    await ana.sees('the rows again', () => ana.rows.every(({ kind }) => kind !== 'ignored'));
    expect(new Set([...ana.rows, ...ben.rows].map(({ kind }) => kind))).toEqual(
      new Set(['start', 'day', 'notice', 'message', 'deleted']),
    );
  });

  test.each(COMMAND_NAMES.filter((name) => !['quit', 'me'].includes(name)))(
    '/%s: its dialog, and the line that says what was done',
    async (name) => {
      const row = (await ana.reads('@安娜 你好')).key;
      ana.view.actions.run(name, '', row);
      expect(await left(ana)).toEqual([]);
      ana.view.actions.close();
      ana.view.actions.cancel();
    },
  );

  test('menus, completions, a search and a long paste', async () => {
    const { actions } = ana.view;
    actions.menu((await ana.reads('@安娜 你好')).key);
    expect((await ana.dialog('menu')).items.length).toBeGreaterThan(3);
    expect(ascii(ana)).toEqual([]);
    actions.paste('一\n二\n三\n四', 0);
    expect((await ana.dialog('menu')).title).toContain('4');
    expect(ascii(ana)).toEqual([]);
    actions.close();
    actions.type('/in', 3);
    await ana.sees('commands', ({ room }) => room?.composer.completion !== undefined);
    expect(ascii(ana)).toEqual([]);
    actions.type('', 0);
    actions.search('你');
    await ana.sees('results', ({ room }) => room?.search?.busy === false);
    expect(ascii(ana)).toEqual([]);
    actions.search('');
  });

  test('why something can’t be done', async () => {
    const { actions } = ana.view;
    for (const text of ['/没有', '/remove 没有', '/room 没有', '/search']) {
      const before = ana.screen.flash?.tick;
      ana.says(text);
      await ana.sees('why not', ({ flash }) => flash?.tick !== before && flash?.tone === 'bad');
      expect(ascii(ana)).toEqual([]);
      actions.type('', 0);
    }
    actions.openLink('没有');
    await ana.sees(
      'what is wrong with the link',
      ({ dialog }) => dialog?.kind === 'form' && dialog.error !== '',
    );
    expect(ascii(ana)).toEqual([]);
    actions.close();
  });

  test('an English sentence is found', () => {
    const { screen } = ana;
    expect(shownTexts({ ...screen, flash: { tone: 'bad', text: 'Too late', tick: 0 } })).toContain(
      'Too late',
    );
  });
});
