import type { Waiting } from '@gochat/client/methods';
import { describe, expect, test } from 'vitest';
import type { RoomFilesParts } from '../src/files/room-files.ts';
import type { FileRow, MessageRow } from '../src/timeline/row.ts';
import { inShort, makeRows, quoteOf } from '../src/timeline/rows.ts';
import { context, file, inputOf, item, noRows, roomFiles, words } from './timeline-input.ts';

const JPEG = { type: 'image/jpeg', w: 1600, h: 1200 };

function rowOf(of: ReturnType<typeof item>, more: Parameters<typeof inputOf>[1] = {}): MessageRow {
  const row = makeRows(inputOf([of], more), noRows()).rows.find(({ kind }) => kind === 'message');
  if (row?.kind !== 'message') throw new Error('no message');
  return row;
}

function waiting(of: ReturnType<typeof item>, more: Partial<Waiting>): Waiting {
  const { id, text, files = [] } = of;
  return {
    id,
    at: 0,
    state: 'waiting',
    content: { kind: 'text', text, files: [...files] },
    ...more,
  } as Waiting;
}

describe('a file as a row has it', () => {
  test.each([
    ['image/jpeg', {}, 'picture'],
    ['image/png', {}, 'picture'],
    ['image/gif', {}, 'picture'],
    ['image/webp', {}, 'picture'],
    ['image/avif', {}, 'picture'],
    ['image/svg+xml', {}, 'other'],
    ['image/heic', {}, 'other'],
    ['text/html', {}, 'other'],
    ['application/pdf', {}, 'other'],
    ['audio/ogg', {}, 'audio'],
    ['audio/ogg', { ms: 4200, wave: 'AP8' }, 'voice'],
    ['audio/ogg', { ms: 4200 }, 'audio'],
    ['video/mp4', {}, 'video'],
  ])('of type %s with %o is %s', (type, more, kind) => {
    expect(rowOf(item(1, 'ana', '', { files: [file('a', { type, ...more })] })).files).toMatchObject([
      { kind },
    ]);
  });

  test('has its size, its length and the loudness of its parts', () => {
    const [row] = rowOf(
      item(1, 'ana', '', { files: [file('a.ogg', { type: 'audio/ogg', ms: 3_723_400, wave: 'AP-A' })] }),
    ).files;
    expect(row).toMatchObject({ size: '2.4 MB', length: '1:02:03', wave: [0, 1, 128 / 255], preview: false });
  });

  test.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1 kB'],
    [1999, '1.9 kB'],
    [12_999_999, '12 MB'],
    [104_857_600, '104 MB'],
    [2_000_000_000, '2 GB'],
  ])('of %i bytes is shown as %s', (bytes, size) => {
    expect(words.text.files.size(bytes)).toBe(size);
  });

  test('is read by a screen reader, after the text and before the reactions', () => {
    const files = [file('cat.jpg', { ...JPEG, alt: 'a cat\non a mat' }), file('a.zip', { bytes: 17 })];
    expect(rowOf(item(1, 'ana', 'look', { files })).spoken).toBe(
      'ana, 12:00; look; picture cat.jpg, 2.4 MB: a cat on a mat; file a.zip, 17 bytes',
    );
  });

  test('has a name without folders, controls and leading dots', () => {
    const names = ['../../.bashrc', '\u202egnp.exe', 'a\u0007b', '   ', '.hidden', '..'];
    const rows = rowOf(item(1, 'ana', '', { files: names.map((name) => file(name)) })).files;
    for (const { name } of rows) {
      expect(name).not.toMatch(/[/\\\p{C}]|^\./u);
      expect(name).not.toBe('');
    }
  });
});

describe('where a file is', () => {
  const own = item(1, 'me', '', { files: [file('a.zip', { bytes: 12_000_000 })] });
  const states = (of: readonly FileRow[]) => of.map(({ state, progress, text }) => [state, progress, text]);

  test('an own message that waits shows how much of each file is sent', () => {
    const files = roomFiles();
    const shown = (more: Partial<Waiting>) => states(files.rowsOf(own, waiting(own, more)));
    expect(shown({})).toEqual([['waiting', undefined, 'waiting to be sent']]);
    expect(shown({ files: [{ done: 3_100_000, of: 12_000_000 }] })).toEqual([
      ['sending', 3_100_000 / 12_000_000, 'sending 3.1 of 12 MB'],
    ]);
    expect(shown({ files: [{ done: 12_000_000, of: 12_000_000 }] })).toEqual([['there', undefined, '']]);
    expect(shown({ state: 'refused' })).toEqual([['failed', undefined, 'not sent']]);
  });

  test('a full server is said in the row', () => {
    const problem = { code: 'offline', data: { reason: 'files-full' } } as const;
    expect(states(roomFiles().rowsOf(own, waiting(own, { problem })))).toEqual([
      ['waiting', undefined, 'waiting to be sent: The server has no space for more files: it is tried again'],
    ]);
  });

  test('fetching, gone and damaged are said; the rows are the same ones while nothing changes', () => {
    const files = roomFiles();
    const said = item(2, 'ana', '', { files: [file('a.zip', { bytes: 12_000_000 })] });
    const id = said.files?.[0]?.id ?? '';
    const take = (of: Partial<Parameters<typeof files.take>[0]>) =>
      files.take({ kind: 'file', room: '', id, state: 'there', done: 0, of: 12_000_000, ...of });
    const shown = () => files.rowsOf(said, undefined);
    const before = shown();
    expect(shown()).toBe(before);
    expect(states(before)).toEqual([['there', undefined, '']]);
    take({ state: 'fetching' });
    expect(states(shown())).toEqual([['fetching', 0, 'fetching']]);
    take({ state: 'fetching', done: 6_000_000 });
    expect(states(shown())).toEqual([['fetching', 0.5, 'fetching 6 of 12 MB']]);
    take({ state: 'here' });
    expect(states(shown())).toEqual([['here', undefined, '']]);
    take({
      state: 'gone',
      problem: { code: 'refused', data: { reason: 'file-gone', until: Date.UTC(2026, 4, 3, 12) } },
    });
    expect(states(shown())).toEqual([['gone', undefined, 'was kept until 3 May 2026, 12:00']]);
    take({ state: 'failed', problem: { code: 'refused', data: { reason: 'file-damaged' } } });
    expect(states(shown())).toEqual([
      ['failed', undefined, 'damaged: these are not the bytes that ana sent'],
    ]);
  });

  test('what is on this device is asked once for all rows', async () => {
    const asked: (readonly string[])[] = [];
    const idsOf = (files: readonly { readonly id: string }[]) => files.map(({ id }) => id);
    let changed = 0;
    const here = async (_room: string, some: readonly { readonly id: string }[]) => {
      asked.push(idsOf(some));
      return idsOf(some).slice(0, 1);
    };
    const files = roomFiles({
      files: { here } as unknown as RoomFilesParts['files'],
      changed: () => {
        changed += 1;
      },
    });
    const two = item(2, 'ana', '', { files: [file('a'), file('b')] });
    files.rowsOf(two, undefined);
    files.rowsOf(own, undefined);
    await Promise.resolve();
    await Promise.resolve();
    expect(asked).toEqual([[...(two.files ?? []), ...(own.files ?? [])].map(({ id }) => id)]);
    expect(changed).toBe(1);
    expect(files.rowsOf(two, undefined).map(({ state }) => state)).toEqual(['here', 'there']);
    files.rowsOf(two, undefined);
    expect(asked).toHaveLength(1);
  });

  test('a picture that is not fetched unasked says so, until the person asks; an own one never does', () => {
    const files = roomFiles({ isUnasked: () => false });
    const of = (from: string) => item(2, from, '', { files: [file('a.jpg', JPEG), file('b.zip')] });
    const theirs = of('ana');
    expect(files.rowsOf(theirs, undefined)).toMatchObject([
      { asks: true, text: 'not fetched yet' },
      { asks: false, text: '' },
    ]);
    files.ask(theirs.files?.[0]?.id ?? '');
    expect(files.rowsOf(theirs, undefined)).toMatchObject([{ asks: false, text: '' }, { asks: false }]);
    expect(roomFiles({ isUnasked: () => false }).rowsOf(of('me'), undefined)).toMatchObject([
      { asks: false },
      {},
    ]);
  });

  test('a file whose bytes are no picture is an other one from then on', () => {
    const files = roomFiles();
    const said = item(2, 'ana', '', { files: [file('a.jpg', JPEG)] });
    expect(files.rowsOf(said, undefined)).toMatchObject([{ kind: 'picture' }]);
    files.isOther(said.files?.[0]?.id ?? '');
    expect(files.rowsOf(said, undefined)).toMatchObject([{ kind: 'other', asks: false }]);
  });
});

describe('a message with files in one line', () => {
  const [one, three] = [[file('photo.jpg', JPEG)], ['a', 'b', 'c'].map((name) => file(name))];

  test.each([
    ['', one, 'photo.jpg'],
    ['', three, '3 files'],
    ['**look**', one, 'look (photo.jpg)'],
    ['look', three, 'look (3 files)'],
  ])('%j and files is %s', (text, files, shown) => {
    const said = item(1, 'ana', text, { files });
    expect(inShort(said, context())).toBe(shown);
    expect(quoteOf(said, '1', undefined, context()).text).toBe(shown);
  });

  test('a deleted one has none', () => {
    const { rows } = makeRows(
      inputOf([item(1, 'ana', '', { deleted: { by: 'ana', own: false } })]),
      noRows(),
    );
    expect(rows.at(-1)).not.toHaveProperty('files');
  });
});
