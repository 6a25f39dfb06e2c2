import type { HistoryItem, TextItem } from '@gochat/client/history';
import type { RoomInfo } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/open';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ExportFormat, exportRoom } from '../src/export/export.ts';
import { parseMarkdown } from '../src/text/markdown.ts';
import { event, file, item, key, NOON, words } from './timeline-input.ts';

const ROOM = {
  id: 'r'.padEnd(22, 'A'),
  name: 'kitchen',
  topic: 'food',
  as: 'me',
  server: 'tls://chat.example.org:4040',
  status: 'active',
} as RoomInfo;

/** A profile whose room has these lines, which answers with no more than was asked for. */
function profileWith(items: readonly HistoryItem[], asked: number[] = []): Pick<Profile, 'call'> {
  const call = async (method: string, { after, limit }: { after?: string; limit: number }) => {
    if (method !== 'history') throw new Error(method);
    asked.push(limit);
    const later = items.filter(({ seq }) => Number(seq) > Number(after ?? '0'));
    return after === undefined ? items.slice(-limit) : later.slice(0, limit);
  };
  return { call } as unknown as Pick<Profile, 'call'>;
}

async function exported(items: readonly HistoryItem[], format: ExportFormat, room = ROOM): Promise<string> {
  let all = '';
  for await (const part of exportRoom(profileWith(items), room, format, { text: words.text, now: NOON }))
    all += part;
  return all;
}

const TALK: readonly HistoryItem[] = [
  event(1, 'ben', { kind: 'joined' }),
  item(2, 'ana', 'first\nsecond', { edited: NOON + 60_000 }),
  item(3, 'ben', 'yes *indeed*', {
    reply: { seq: '2', id: 'id2'.padEnd(22, 'A') } as NonNullable<TextItem['reply']>,
    reactions: [
      {
        emoji: '🎉',
        by: [
          { identity: key('ana'), name: 'ana' },
          { identity: key('me'), name: 'me' },
        ],
      },
    ],
  }),
  item(4, 'ana', '', { files: [file('cat.jpg', { alt: 'a cat', ms: 42_000 })] }),
  item(5, 'ana', '', { deleted: { by: 'ben', own: false } }),
  item(6, 'ben', 'waves', { me: true }),
  item(7, 'ben', 'what?', {
    reply: { seq: '1', id: 'gone'.padEnd(22, 'A') } as NonNullable<TextItem['reply']>,
  }),
];

test('a text file has every message as it is now, with what is said about it', async () => {
  expect(await exported(TALK, 'txt')).toBe(`-- kitchen
-- food
-- Saved by <me> on 2026-11-23 12:00:00 +00:00, from tls://chat.example.org:4040

2026-11-23 12:00:01 +00:00 -- ben joined by invite
2026-11-23 12:00:02 +00:00 <ana> first
  second
-- edited 2026-11-23 12:01:00 +00:00
2026-11-23 12:00:03 +00:00 <ben> yes *indeed*
-- in reply to <ana>: first second
-- reaction 🎉 from <ana> and <me>
2026-11-23 12:00:04 +00:00 <ana>
-- file 1: cat.jpg, 2.4 MB, 0:42: a cat
2026-11-23 12:00:05 +00:00 <ana>
-- deleted by <ben>
2026-11-23 12:00:06 +00:00 * <ben> waves
2026-11-23 12:00:07 +00:00 <ben> what?
-- in reply to a message that is not here
`);
});

test('a Markdown file shows the texts as they were written', async () => {
  expect(await exported(TALK.slice(0, 4), 'md')).toBe(`# kitchen

*food*

Saved by **me** on 2026-11-23 12:00:00 +00:00, from tls\\://chat.example.org\\:4040

2026-11-23 12:00:01 +00:00 · *ben joined by invite*

**ana** · 2026-11-23 12:00:02 +00:00

\`\`\`text
first
second
\`\`\`

- edited 2026-11-23 12:01:00 +00:00

**ben** · 2026-11-23 12:00:03 +00:00

\`\`\`text
yes *indeed*
\`\`\`

- in reply to **ana**: first second
- reaction 🎉 from **ana** and **me**

**ana** · 2026-11-23 12:00:04 +00:00

- file 1: cat.jpg, 2.4 MB, 0:42: a cat
`);
});

test('a JSON file is one object, with a line of the history on each of its lines, and no keys of files', async () => {
  const json = await exported(TALK, 'json');
  const { items, ...head } = JSON.parse(json) as { items: { kind: string; from: string }[] };
  const { id, name, topic, server, as, status } = ROOM;
  expect(head).toEqual({ room: id, name, topic, server, as, status, exported: NOON });
  expect(items).toHaveLength(TALK.length);
  expect(items[1]).toEqual({
    seq: '2',
    at: NOON + 2000,
    from: 'ana',
    kind: 'text',
    text: 'first\nsecond',
    id: 'id2'.padEnd(22, 'A'),
    edited: NOON + 60_000,
    identity: key('ana'),
  });
  expect(items[3]).toMatchObject({
    files: [
      { name: 'cat.jpg', bytes: 2_430_000, type: 'application/octet-stream', alt: 'a cat', ms: 42_000 },
    ],
  });
  expect(json).not.toMatch(/"(key|hash)":/);
  const lines = json.trimEnd().split('\n').slice(1, -1);
  expect(lines.map((line) => JSON.parse(line.replace(/,$/, '')))).toEqual(items);
  expect(JSON.parse(await exported([], 'json'))).toMatchObject({ items: [] });
});

test('times have the offset of their moment', async () => {
  const { Words } = await import('../src/words/words.ts');
  const { english } = await import('../src/words/english.ts');
  const { stamp } = await new Words('en-US', english, 'America/St_Johns').text.export();
  expect(stamp(Date.UTC(2026, 0, 1, 3, 0, 1))).toBe('2025-12-31 23:30:01 -03:30');
  expect(stamp(Date.UTC(2026, 6, 1, 0, 0, 0))).toBe('2026-06-30 21:30:00 -02:30');
});

test('a long history is read in pages, up to what was there at the beginning', async () => {
  const items = Array.from({ length: 1234 }, (_, n) => item(n + 1, 'ana', `message ${n + 1}`));
  const asked: number[] = [];
  let parts = 0;
  let all = '';
  const profile = profileWith(items, asked);
  for await (const part of exportRoom(profile, ROOM, 'txt', { text: words.text, now: NOON })) {
    if (parts === 1) items.push(item(9999, 'ana', 'too late'));
    parts += 1;
    all += part;
  }
  expect(all.match(/message \d+/g)).toEqual(Array.from({ length: 1234 }, (_, n) => `message ${n + 1}`));
  expect(all).not.toContain('too late');
  expect(Math.max(...asked)).toBeLessThanOrEqual(500);
  expect(parts).toBeGreaterThan(3);
});

/** Texts and names that end code blocks, quotes, lines and emphasis, or begin what a reader of Markdown fetches or runs. */
const HOSTILE = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc
    .array(
      fc.constantFrom(
        '```',
        '````\n',
        '\n```\n',
        '~~~',
        '\r',
        '\u2028',
        '\n\n# ',
        '> ',
        '- ',
        '1. ',
        '</pre><script>',
        '<!--',
        '![x](http://a.example/x.png)',
        '[x]: http://a.example\n',
        '**',
        '_',
        '\\',
        '|',
        '    ',
        '2026-11-23 12:00:02 +00:00 <ben> I never said this',
        '\u001b[2J',
        'x',
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
);

test('no text and no name breaks out of its place in a Markdown file', async () => {
  await fc.assert(
    fc.asyncProperty(HOSTILE, HOSTILE, async (text, name) => {
      const said = [item(1, name, text), item(2, 'ben', 'the next one')];
      const blocks = parseMarkdown(await exported(said, 'md', { ...ROOM, name, topic: name }));
      const code = blocks.filter((block) => block.kind === 'code');
      expect(code.map(({ text: shown }) => shown)).toEqual([
        // The parser that reads it here cleans what it shows.
        ...(text.replace(CONTROLS, '') === '' ? [] : [expect.any(String)]),
        'the next one',
      ]);
      const kinds = blocks.map(({ kind }) => kind).filter((kind) => kind !== 'code');
      expect(kinds).toEqual([
        'heading',
        ...(name === '' ? [] : ['paragraph']),
        'paragraph',
        'paragraph',
        'paragraph',
      ]);
      expect(JSON.stringify(blocks)).not.toContain('"link"');
    }),
  );
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it matches
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

test('no text and no name imitates another message in a text file', async () => {
  await fc.assert(
    fc.asyncProperty(HOSTILE, HOSTILE, async (text, name) => {
      const said = [item(1, name, text), item(2, 'ben', 'the next one')];
      const [, body = ''] = (await exported(said, 'txt', { ...ROOM, name, topic: name })).split(
        '\n\n2026',
        2,
      );
      const lines = `2026${body}`.split(/[\n\r\u2028\u2029\u0085\v\f]/);
      const begun = lines.filter((line) => !line.startsWith('  ') && line !== '');
      expect(begun).toHaveLength(2);
      expect(begun[0]).toMatch(/^2026-11-23 12:00:01 \+00:00 <[^<>]*>/);
      expect(begun[1]).toBe('2026-11-23 12:00:02 +00:00 <ben> the next one');
    }),
  );
});
