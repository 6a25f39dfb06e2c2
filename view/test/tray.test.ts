import { ChatError } from '@gochat/client/chat-error';
import type { FileLimits, Files } from '@gochat/client/files';
import { expect, test } from 'vitest';
import type { AttachedFile } from '../src/chat/actions.ts';
import { textFile } from '../src/dialogs/attach.ts';
import { Tray } from '../src/files/tray.ts';
import { ComposerViewModel } from '../src/room/composer.ts';
import type { RoomViewModel } from '../src/room/room-view-model.ts';
import { context, file, item, noFiles, words } from './timeline-input.ts';

type Prepare = Files['prepare'];

/** A profile whose files are prepared when the test says so. */
class Preparing {
  limit: FileLimits | null = { bytes: 1_000_000 };
  readonly discarded: string[] = [];
  readonly asked: { readonly name: string; readonly options: Parameters<Prepare>[2] }[] = [];
  readonly #ends: ((end: 'done' | 'kept' | Error) => void)[] = [];

  readonly files = {
    limits: async () => this.limit,
    discard: async (_room: string, contents: readonly { name: string }[]) => {
      this.discarded.push(...contents.map(({ name }) => name));
    },
    prepare: (_room: string, { name, bytes }: AttachedFile, options: Parameters<Prepare>[2]) =>
      new Promise((resolve, reject) => {
        this.asked.push({ name, options });
        const aborted = () => reject(options?.signal?.reason);
        options?.signal?.addEventListener('abort', aborted);
        this.#ends.push((end) => {
          if (end instanceof Error) reject(end);
          else resolve({ content: file(name, { bytes }), kept: end === 'kept' ? ['metadata'] : [] });
        });
      }),
  } as unknown as Files;

  /** Ends the preparing of the first file that is being prepared. */
  async end(how: 'done' | 'kept' | Error = 'done'): Promise<void> {
    await turn();
    this.#ends.shift()?.(how);
    await turn();
  }
}

const turn = () => new Promise((resolve) => setTimeout(resolve));
const attached = (name: string, bytes = 5): AttachedFile => ({ ...textFile('hello', name), bytes });

function trayFor(profile: Preparing): Tray {
  return new Tray({
    room: 'room',
    files: profile.files,
    makePreview: async () => undefined,
    words,
    changed: () => undefined,
  });
}

/** A message field, and what it has sent. */
function composerFor(profile: Preparing) {
  const room = {
    info: { id: 'room', history: 'none', rules: {} },
    settings: { draft: '', draftReply: undefined },
    closed: '',
    context: context(),
    members: [],
    presence: { typing: () => undefined },
    change: () => undefined,
  } as unknown as RoomViewModel;
  const sent: unknown[] = [];
  const composer: ComposerViewModel = new ComposerViewModel({
    room,
    words,
    completing: () => ({ members: [], rooms: [], commands: [], emoji: undefined }),
    emoji: () => new Promise(() => undefined),
    files: { ...noFiles(), files: profile.files },
    clock: { now: () => 0, after: () => () => undefined },
    send: () => sent.push(composer.take(composer.text, false)?.content),
    changed: () => undefined,
  });
  return { composer, sent };
}

const states = (tray: Tray) => tray.items().map(({ name, state }) => [name, state]);

test('files are prepared one after another, with their progress, and wait for the message', async () => {
  const profile = new Preparing();
  const tray = trayFor(profile);
  expect(await tray.add([attached('a'), attached('b')])).toEqual([]);
  await turn();
  expect(profile.asked.map(({ name }) => name)).toEqual(['a']);
  profile.asked[0]?.options?.progress?.(1, 4);
  expect(tray.items()).toMatchObject([
    {
      name: 'a',
      size: '5 bytes',
      state: 'preparing',
      progress: 0.25,
      spoken: 'file a, 5 bytes, being prepared',
    },
    { name: 'b', state: 'preparing', progress: 0 },
  ]);
  await profile.end();
  expect(states(tray)).toEqual([
    ['a', 'ready'],
    ['b', 'preparing'],
  ]);
  expect(tray.isReady).toBe(false);
  await profile.end();
  expect(tray.isReady).toBe(true);
  expect(tray.items()).toBe(tray.items());
});

test('a description goes with the file, and one that is too long is refused', async () => {
  const profile = new Preparing();
  const tray = trayFor(profile);
  await tray.add([attached('a'), attached('b')]);
  const [a = '', b = ''] = tray.items().map(({ key }) => key);
  expect(tray.describe(a, ' a cat ')).toBe('');
  expect(tray.describe(b, 'x'.repeat(1001))).toBe('A description has at most 1,000 characters');
  await profile.end();
  await profile.end();
  const { contents, restore } = tray.take();
  expect(contents).toMatchObject([{ name: 'a', alt: 'a cat' }, { name: 'b' }]);
  expect(contents[1]).not.toHaveProperty('alt');
  expect(tray.isEmpty).toBe(true);
  restore();
  expect(states(tray)).toEqual([
    ['a', 'ready'],
    ['b', 'ready'],
  ]);
});

test('what is too large, too many, or for a server without files is said at once and not prepared', async () => {
  const profile = new Preparing();
  const tray = trayFor(profile);
  expect(await tray.add([attached('big.iso', 1_000_001), attached('small')])).toEqual([
    'big.iso is too large: this server takes files of at most 1 MB',
  ]);
  expect(await tray.add(Array.from({ length: 8 }, (_, i) => attached(`f${i}`)))).toEqual([
    'A message has at most 8 files',
  ]);
  expect(tray.items()).toHaveLength(8);
  profile.limit = null;
  const other = trayFor(profile);
  expect(await other.add([attached('a'), attached('b')])).toEqual([
    'This server stores no files: a and b can’t be sent',
  ]);
  expect(other.isEmpty).toBe(true);
});

test('what is removed is not sent and leaves nothing in the profile, whether it was prepared or not', async () => {
  const profile = new Preparing();
  const tray = trayFor(profile);
  await tray.add([attached('a'), attached('b'), attached('c')]);
  await profile.end();
  const [a = '', b = ''] = tray.items().map(({ key }) => key);
  tray.remove(a);
  expect(profile.discarded).toEqual(['a']);
  tray.remove(b);
  await turn();
  expect(profile.asked.find(({ name }) => name === 'b')?.options?.signal?.aborted).toBe(true);
  expect(profile.asked.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  await profile.end();
  await profile.end();
  expect(states(tray)).toEqual([['c', 'ready']]);
  tray.close();
  expect(profile.discarded).toEqual(['a', 'c']);
});

test('one that fails says why, and can be tried again', async () => {
  const profile = new Preparing();
  const tray = trayFor(profile);
  await tray.add([attached('a')]);
  await profile.end(new ChatError({ reason: 'file-unreadable', name: 'a' }));
  expect(tray.items()).toMatchObject([{ state: 'failed', error: 'The file “a” can’t be read' }]);
  expect(tray.failed).toBe('a');
  tray.retry(tray.items()[0]?.key ?? '');
  await profile.end();
  expect(states(tray)).toEqual([['a', 'ready']]);
});

test('a text and its files are one message', async () => {
  const profile = new Preparing();
  const { composer } = composerFor(profile);
  composer.type('look', 4);
  await composer.tray.add([attached('a'), attached('b')]);
  await profile.end();
  await profile.end();
  const taken = composer.take(composer.text, false);
  expect(taken?.content).toMatchObject({ kind: 'text', text: 'look', files: [{ name: 'a' }, { name: 'b' }] });
  expect(composer.snapshot()).toMatchObject({ text: '', tray: [] });
  taken?.restore();
  expect(composer.snapshot()).toMatchObject({ text: 'look', tray: [{ name: 'a' }, { name: 'b' }] });
});

test('files need no text', async () => {
  const profile = new Preparing();
  const { composer } = composerFor(profile);
  expect(composer.take(' ', false)).toBeUndefined();
  await composer.tray.add([attached('a')]);
  await profile.end();
  expect(composer.take(' ', false)?.content).toMatchObject({ text: '', files: [{ name: 'a' }] });
});

test('what is sent before its files are prepared goes when they are', async () => {
  const profile = new Preparing();
  const { composer, sent } = composerFor(profile);
  composer.type('look', 4);
  await composer.tray.add([attached('a')]);
  composer.sendWhenReady();
  expect(composer.snapshot().note).toBe('Sent as soon as the files are prepared. Write on to keep it here.');
  expect(sent).toEqual([]);
  await profile.end();
  expect(sent).toMatchObject([{ text: 'look', files: [{ name: 'a' }] }]);
});

test('it stays when the person writes on, and when something has to be known before', async () => {
  const profile = new Preparing();
  const { composer, sent } = composerFor(profile);
  await composer.tray.add([attached('a')]);
  composer.sendWhenReady();
  composer.type('look', 4);
  await profile.end();
  expect(sent).toEqual([]);
  await composer.tray.add([attached('b.pdf')]);
  composer.sendWhenReady();
  await profile.end('kept');
  expect(sent).toEqual([]);
  expect(composer.snapshot().tray).toMatchObject([
    { note: '' },
    { note: expect.stringContaining('can’t remove') },
  ]);
});

test('files stay in the field while another message is edited', async () => {
  const profile = new Preparing();
  const { composer } = composerFor(profile);
  await composer.tray.add([attached('a')]);
  await profile.end();
  composer.edit(item(1, 'me', 'old', { id: 'x' }));
  expect(composer.take('new', false)?.content).toEqual({
    kind: 'edit',
    of: { seq: '1', id: 'x' },
    text: 'new',
  });
  expect(states(composer.tray)).toEqual([['a', 'ready']]);
});

test('the text of a message with files may be deleted by an edit, that of another may not', () => {
  const { composer } = composerFor(new Preparing());
  const edit = (files: boolean) => {
    composer.edit(item(1, 'me', 'old', { id: 'x', ...(files && { files: [file('a')] }) }));
    return composer.take('', false)?.content;
  };
  expect(edit(true)).toMatchObject({ kind: 'edit', text: '' });
  expect(edit(false)).toBeUndefined();
});
