import type { MemberInfo } from '@gochat/client/methods';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ComposerParts, ComposerViewModel } from '../src/room/composer.ts';
import type { RoomViewModel } from '../src/room/room-view-model.ts';
import { openEmojiBook } from '../src/text/emoji.ts';
import { context, item, key as keyOf, noFiles, words } from './timeline-input.ts';

const emoji = await openEmojiBook();

function member(name: string, key: string): MemberInfo {
  const devices = [`${key}-1`, `${key}-2`].map((one) => ({ key: keyOf(one), self: false }));
  return { id: key, identity: keyOf(key), name, admin: false, role: 'member', self: false, devices };
}

const STILL: ComposerParts['clock'] = { now: () => 0, after: () => () => undefined };

function composerFor(...members: MemberInfo[]): ComposerViewModel {
  return composerIn({}, STILL, members);
}

function composerIn(
  info: object,
  clock: ComposerParts['clock'],
  members: readonly MemberInfo[] = [],
): ComposerViewModel {
  const rules = { speak: 'all', links: 'all', history: 'none' };
  const room = {
    info: { id: 'room', history: 'none', rules, ...info },
    settings: { draft: '', draftReply: undefined },
    closed: '',
    context: context(),
    members,
    presence: { typing: () => undefined },
    message: () => undefined,
    change: () => undefined,
  } as unknown as RoomViewModel;
  return new ComposerViewModel({
    room,
    words,
    completing: () => ({ members, rooms: [], commands: [], emoji }),
    emoji: () => Promise.resolve(emoji),
    files: noFiles(),
    clock,
    send: () => undefined,
    changed: () => undefined,
  });
}

/** What is sent of a text that is written and sent. */
function sent(composer: ComposerViewModel, text: string) {
  composer.type(text, text.length);
  return composer.take(composer.text, false)?.content;
}

const ANA = member('Ana#x1y2', 'ana');
const OTHER = member('Ana#z3w4', 'other');
const BEN = member('ben', 'ben');

test.each([
  'ping 2001:db8:a:b::1 and :tada:',
  ' two  blanks \n\n',
  '\tall:\n\t\tcc',
  '```\n:tada:\n```',
  'don’t — ﬁle e\u0301 \u200c\u200d',
])('%j is sent as it was written', (text) => {
  expect(sent(composerFor(BEN), text)).toEqual({ kind: 'text', text });
});

test('any text is sent as it was written', () => {
  const piece = fc.constantFrom(
    ':tada:',
    '@ben',
    '*',
    '`',
    '\n',
    '\t',
    ' ',
    'http://a.b',
    '\u{1f3f4}',
    '&amp;',
    '|',
    'x',
  );
  const text = fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 5 })), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(text, (parts) => {
      const written = `${parts.join('')}.`;
      expect(sent(composerFor(BEN), written)).toMatchObject({ kind: 'text', text: written });
    }),
  );
});

test('a name that several have mentions all of them, and the composer says so', () => {
  const composer = composerFor(ANA, OTHER, BEN);
  composer.type('hi @Ana', 7);
  expect(composer.snapshot().note).toBe('@Ana mentions all 2 members of that name.');
  expect(composer.take('hi @Ana', false)?.content).toMatchObject({
    mentions: [ANA.identity, OTHER.identity],
  });
});

test('a label mentions one member, with all devices, and nothing is said', () => {
  const composer = composerFor(ANA, OTHER, BEN);
  composer.type('hi @Ana#z3w4 and @ben', 21);
  expect(composer.snapshot().note).toBe('');
  expect(composer.take(composer.text, false)?.content).toMatchObject({
    mentions: [OTHER.identity, BEN.identity],
  });
});

test.each([
  ['a'.repeat(58_000), ['', false]],
  ['a'.repeat(60_000), ['About 5,536 characters left', false]],
  ['a'.repeat(65_536), ['About 0 characters left', false]],
  ['a'.repeat(65_537), ['Too long by about 1 character: send it in parts', true]],
  // Three bytes each.
  ['字'.repeat(21_845), ['About 1 character left', false]],
  ['字'.repeat(21_846), ['Too long by about 1 character: send it in parts', true]],
  // JSON escapes line breaks and quotes.
  ['\n'.repeat(34_000), ['Too long by about 393 characters: send it in parts', true]],
  ['"a"\n'.repeat(9_000), ['About 2,487 characters left', false]],
  // Blanks are sent, too.
  [`a${' '.repeat(65_536)}`, ['Too long by about 1 character: send it in parts', true]],
])('near the limit the composer says how much space is left: case %#', (text, [space, tooLong]) => {
  const composer = composerFor();
  composer.type(text, text.length);
  expect(composer.snapshot()).toMatchObject({ space, tooLong });
});

test('a suggestion is chosen by an arrow key; the first is inserted when none is', () => {
  const composer = composerFor(BEN, member('bea', 'bea'));
  composer.type('@be', 3);
  expect(composer.completion?.selected).toBeUndefined();
  composer.select(-1);
  expect(composer.completion?.selected).toBe(1);
  composer.select(1);
  expect(composer.completion?.selected).toBe(0);
  composer.type('@be', 3);
  composer.complete(undefined);
  expect(composer.text).toBe('@ben ');
});

test('in slow mode the field says each second when the next message is sent, and then no more', () => {
  let now = 1_000_000;
  const due: { readonly ms: number; readonly run: () => void }[] = [];
  const turn = now + 2500;
  const composer = composerIn(
    { rules: { slow: 30 }, turn },
    {
      now: () => now,
      after: (ms, run) => {
        due.push({ ms, run });
        return () => undefined;
      },
    },
  );
  const passes = () => {
    const [{ ms, run }] = due.splice(0) as [(typeof due)[0]];
    now += ms;
    run();
    return composer.snapshot().turn;
  };
  expect(composer.snapshot()).toMatchObject({
    turn: 'You can write again in 3 seconds. What you send before then waits.',
    hint: 'Write a message. One in 30 seconds.',
  });
  expect([passes(), passes(), passes()]).toEqual([
    'You can write again in 2 seconds. What you send before then waits.',
    'You can write again in 1 second. What you send before then waits.',
    '',
  ]);
  expect(due).toEqual([]);
});

test('a text whose message has disappeared stays, and the screen says so once before it is sent', () => {
  const composer = composerFor();
  const gone = item(1, 'me', 'gone soon', { expires: 1000 });
  composer.edit(gone);
  composer.type('as it should be', 15);
  composer.expire(999);
  expect(composer.takeLost()).toBeUndefined();
  composer.expire(1000);
  expect(composer.text).toBe('as it should be');
  expect([composer.takeLost(), composer.takeLost()]).toEqual(['edit', undefined]);

  composer.replyTo(gone);
  composer.expire(1000);
  expect(composer.takeLost()).toBe('reply');
  // Nothing was written for it, or it has another message by now.
  composer.type('', 0);
  composer.replyTo(gone);
  composer.expire(1000);
  expect(composer.takeLost()).toBeUndefined();
  composer.replyTo(gone);
  composer.type('an answer', 9);
  composer.expire(1000);
  composer.replyTo(item(2, 'ana', 'stays'));
  expect(composer.takeLost()).toBeUndefined();
});
