import type { AttachedFile } from '@gochat/view/actions';
import { NO_FILES, type PlatformFiles } from '@gochat/view/platform-files';
import type { FileRow, MessageRow } from '@gochat/view/row';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { gather, startServer, type TestServer, type Viewer } from '../src/people/viewer.ts';

let ana: Viewer;
let ben: Viewer;
let server: TestServer;
let end: () => Promise<void>;

beforeAll(async () => {
  const room = await gather(['ana', 'ben']);
  [ana, ben] = room.people as [Viewer, Viewer];
  ({ server, end } = room);
  // Pictures come unasked once somebody was heard.
  ana.says('hello');
  await ben.reads('hello');
  ben.says('hi');
  await ana.reads('hi');
});

afterAll(async () => {
  await end();
  await server.stop();
});

/** The bytes of a picture of 1 by 1 pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

function attached(name: string, bytes: Uint8Array | string = 'hello', type = ''): AttachedFile {
  const whole = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
  return {
    name,
    type,
    bytes: whole.length,
    stream: async function* () {
      yield whole;
    },
    text: async () => undefined,
  };
}

/** What a screen was asked to save or open, with the bytes. */
class Shelf implements PlatformFiles {
  readonly pick = NO_FILES.pick;
  readonly paths = NO_FILES.paths;
  readonly play = NO_FILES.play;
  readonly makePreview = NO_FILES.makePreview;
  readonly there = new Map<string, AttachedFile>();
  readonly taken: (readonly [how: string, name: string, text: string])[] = [];

  async at(paths: readonly string[]) {
    return paths.map((path) => {
      const file = this.there.get(path);
      return file === undefined ? { path, failure: 'missing' as const } : { path, file };
    });
  }

  async save(name: string, _type: string, bytes: AsyncIterable<Uint8Array>): Promise<string> {
    this.taken.push(['save', name, await textOf(bytes)]);
    return `/saved/${name}`;
  }

  async open(name: string, _type: string, bytes: AsyncIterable<Uint8Array>): Promise<boolean> {
    this.taken.push(['open', name, await textOf(bytes)]);
    return true;
  }
}

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts).toString();
}

let shelf: Shelf;

beforeEach(() => {
  shelf = new Shelf();
  ben.surroundings.files = shelf;
  ana.surroundings.files = shelf;
  for (const person of [ana, ben]) person.view.actions.close();
});

const withFile = (person: Viewer, name: string): MessageRow | undefined =>
  person.rows.findLast(
    (row): row is MessageRow => row.kind === 'message' && row.files.some((file) => file.name === name),
  );

/** Waits for a message with a file of this name. */
function gets(person: Viewer, name: string, fits: (file: FileRow, row: MessageRow) => boolean = () => true) {
  return person.sees(`the file ${name}`, () => {
    const row = withFile(person, name);
    const file = row?.files.find((one) => one.name === name);
    return row !== undefined && file !== undefined && fits(file, row) ? { row, file } : undefined;
  });
}

async function sends(person: Viewer, files: readonly AttachedFile[], text = '') {
  const { actions } = person.view;
  actions.attach(files);
  await person.sees('the files ready', ({ room }) => {
    const tray = room?.composer.tray ?? [];
    return tray.length === files.length && tray.every(({ state }) => state === 'ready');
  });
  actions.type(text, text.length);
  actions.send();
}

/** Sends a file under a type that is not that of its bytes. */
async function lies({ profile, room }: Viewer, source: AttachedFile, type: string) {
  const { content } = await profile.files.prepare(room.id, source, {});
  const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
  const files = [{ ...content, type }];
  await profile.call('queue', { room: room.id, id, content: { kind: 'text', text: '', files } });
}

describe('a message with files', () => {
  test('is one message for both, with its text', async () => {
    await sends(ana, [attached('one.txt', 'first'), attached('two.bin', 'second')], 'look');
    expect(ana.room.composer).toMatchObject({ text: '', tray: [] });
    const { row } = await gets(ben, 'one.txt');
    expect(row).toMatchObject({
      source: 'look',
      files: [
        { name: 'one.txt', kind: 'other', size: '5 bytes', index: 0 },
        { name: 'two.bin', index: 1 },
      ],
    });
    await gets(ana, 'one.txt', (_file, own) => own.delivery !== 'waiting');
    expect(ben.screen.rooms[0]?.preview).toBe('ana: look (2 files)');
  });

  test('is saved by its row, by /save, and one of several by its number', async () => {
    const { row } = await gets(ben, 'one.txt');
    ben.view.actions.file(row.key, 1, 'save');
    await ben.sees('where it is', ({ flash }) => flash?.text === 'Saved as /saved/two.bin');
    ben.says('/save 1');
    await ben.sees('where it is', ({ flash }) => flash?.text === 'Saved as /saved/one.txt');
    expect(shelf.taken).toEqual([
      ['save', 'two.bin', 'second'],
      ['save', 'one.txt', 'first'],
    ]);
    ben.says('/save');
    await ben.dialog('menu');
    ben.view.actions.pick('all');
    await ben.sees('both', ({ flash }) => flash?.text.startsWith('Saved 2 files') === true);
    ben.says('/save 3');
    await ben.sees('why not', ({ flash }) => flash?.text === 'There is no file 3: the message has 2 files');
    ben.view.actions.type('', 0);
  });

  test('is opened at once when it can do no harm, and otherwise after a question', async () => {
    await sends(ana, [attached('note.txt', 'text', 'text/plain')]);
    await gets(ben, 'note.txt');
    ben.says('/open');
    await ben.sees('that it was opened', () => shelf.taken.length === 1);
    await sends(ana, [attached('setup.exe', 'MZ')]);
    const { row } = await gets(ben, 'setup.exe');
    ben.view.actions.run('open', '', row.key);
    const question = await ben.dialog('form');
    expect(question).toMatchObject({ title: 'Open setup.exe?', danger: true });
    expect(shelf.taken).toEqual([['open', 'note.txt', 'text']]);
    ben.view.actions.submit({});
    await ben.sees('that it was opened', () => shelf.taken.at(-1)?.[1] === 'setup.exe');
  });

  test.each([
    ['page.txt', 'text/plain'],
    ['song.mp3', 'audio/mpeg'],
    ['script.log', 'text/plain'],
  ])('is opened after a question when it is a page, and not what its name %s says', async (name, type) => {
    const page = '<!doctype html><script>alert(1)</script>';
    await lies(ana, attached(name, page), type);
    await gets(ben, name);
    ben.says('/open');
    expect(await ben.dialog('form')).toMatchObject({ title: `Open ${name}?`, danger: true });
    expect(shelf.taken).toEqual([]);
    ben.view.actions.submit({});
    await ben.sees('that it was opened', () => shelf.taken.length > 0);
    expect(shelf.taken).toEqual([['open', name, page]]);
  });

  test('its text can be edited, even to nothing, and its files stay', async () => {
    const { row } = await gets(ana, 'one.txt');
    ana.view.actions.run('edit', '', row.key);
    ana.says('see');
    await gets(ben, 'one.txt', (_file, edited) => edited.source === 'see' && edited.edited !== '');
    ana.view.actions.run('edit', '', row.key);
    ana.says('');
    const { row: emptied } = await gets(ben, 'one.txt', (_file, edited) => edited.source === '');
    expect(emptied.files.map(({ name }) => name)).toEqual(['one.txt', 'two.bin']);
  });

  test('a reply quotes its files', async () => {
    const { row } = await gets(ben, 'note.txt');
    ben.view.actions.run('reply', '', row.key);
    await ben.sees('the quote', ({ room }) => room?.composer.reply?.text === 'note.txt');
    ben.says('thanks for the note');
    expect((await ana.reads('thanks for the note')).reply).toMatchObject({ text: 'note.txt', from: 'ana' });
  });

  test('a deleted one shows none', async () => {
    await sends(ana, [attached('secret.txt')], 'not for long');
    const { row } = await gets(ben, 'secret.txt');
    await gets(ana, 'secret.txt', (_file, own) => own.seq !== '');
    ana.view.actions.run('delete', '', withFile(ana, 'secret.txt')?.key ?? '');
    await ana.dialog('form');
    ana.view.actions.submit({});
    await ben.sees('that it is deleted', () => withFile(ben, 'secret.txt') === undefined);
    ben.view.actions.file(row.key, 0, 'save');
    expect(shelf.taken).toEqual([]);
  });

  test('a search finds the name and the description of a file', async () => {
    ana.view.actions.attach([attached('IMG_1.dat')]);
    const item = await ana.sees('the file', ({ room }) => room?.composer.tray[0]);
    ana.view.actions.tray(item.key, { alt: 'a heron in the rain' });
    await ana.sees('the file ready', ({ room }) => room?.composer.tray[0]?.state === 'ready');
    ana.view.actions.send();
    const { file } = await gets(ben, 'IMG_1.dat');
    expect(file).toMatchObject({
      alt: 'a heron in the rain',
      spoken: 'file IMG_1.dat, 5 bytes: a heron in the rain',
    });
    for (const text of ['heron rain', 'img_1']) {
      ben.view.actions.search(text);
      const found = await ben.sees('the result', ({ room }) => room?.search?.hits[0]);
      expect(found.text).toBe('IMG_1.dat: a heron in the rain');
    }
    ben.view.actions.search('');
  });
});

describe('pictures', () => {
  test('their bytes come for drawing, and in front of the chat they go from one to the next', async () => {
    await sends(ana, [attached('a.png', PNG), attached('b.png', PNG)]);
    await gets(ben, 'b.png');
    await sends(ben, [attached('c.png', PNG)]);
    const { row, file } = await gets(ben, 'a.png');
    await gets(ben, 'c.png', (_file, own) => own.seq !== '');
    expect(file).toMatchObject({ kind: 'picture', type: 'image/png', width: 1, height: 1, asks: false });
    const bytes = await ben.view.actions.picture(row.key, 0, 'preview');
    expect(
      Buffer.from(bytes ?? [])
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    ben.view.actions.file(row.key, 0, 'show');
    const at = () =>
      ben
        .dialog('picture')
        .then(({ title, position, hasPrevious, hasNext }) => ({ title, position, hasPrevious, hasNext }));
    expect(await at()).toEqual({ title: 'a.png', position: '1 of 3', hasPrevious: false, hasNext: true });
    ben.view.actions.pick('next');
    ben.view.actions.pick('next');
    expect(await at()).toEqual({ title: 'c.png', position: '3 of 3', hasPrevious: true, hasNext: false });
    ben.view.actions.pick('next');
    ben.view.actions.pick('previous');
    expect(await at()).toMatchObject({ title: 'b.png' });
    ben.view.actions.pick('save');
    await ben.sees('where it is', ({ flash }) => flash?.text === 'Saved as /saved/b.png');
    ben.view.actions.close();
  });

  test('what only its sender calls a picture is never one', async () => {
    const hostile = attached(
      'cat.png',
      '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
      'image/png',
    );
    // Another client may send any type: ours goes by the bytes, so the type is put in afterwards.
    const { content } = await ana.profile.files.prepare(ana.room.id, hostile);
    const files = [{ ...content, type: 'image/png' }];
    const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
    await ana.profile.call('queue', { room: ana.room.id, id, content: { kind: 'text', text: '', files } });
    const { row } = await gets(ben, 'cat.png');
    expect(row.files).toMatchObject([{ kind: 'picture' }]);
    expect(await ben.view.actions.picture(row.key, 0, 'whole')).toBeUndefined();
    const { row: after } = await gets(ben, 'cat.png', ({ kind }) => kind === 'other');
    ben.view.actions.file(after.key, 0, 'show');
    await ben.sees(
      'why not',
      ({ flash }) => flash?.text === 'cat.png is no picture that is shown here: save it instead',
    );
    expect(ben.screen.dialog).toBeUndefined();
  });

  test('they are fetched only when asked for, if the person wants that', async () => {
    ben.says('/settings');
    await ben.dialog('form');
    ben.view.actions.submit({ pictures: 'click' });
    await ben.sees('the end of the form', ({ dialog }) => dialog === undefined);
    await sends(ana, [attached('d.png', PNG)]);
    const { row } = await gets(ben, 'd.png', ({ asks, text }) => asks && text === 'not fetched yet');
    expect(await ben.view.actions.picture(row.key, 0, 'preview')).toBeUndefined();
    ben.view.actions.file(row.key, 0, 'fetch');
    await gets(ben, 'd.png', ({ asks, state }) => !asks && state === 'here');
    expect(await ben.view.actions.picture(row.key, 0, 'preview')).toBeDefined();
  });
});

describe('before a message is sent', () => {
  test('/send attaches what its paths lead to and sends it with the text after --', async () => {
    shelf.there.set('/home/ana/my photo.png', attached('my photo.png', PNG));
    ana.says('/send /home/ana/my photo.png -- from the lake');
    const { row } = await gets(ben, 'my photo.png');
    expect(row.source).toBe('from the lake');
  });

  test('a path that leads nowhere is said, and stays in the field', async () => {
    ana.says('/send /nowhere.png');
    await ana.sees('why not', ({ flash }) => flash?.text === 'There is no file /nowhere.png');
    expect(ana.room.composer.text).toBe('/send /nowhere.png');
    ana.view.actions.type('', 0);
  });

  test('the tray of a room waits there while another one is open', async () => {
    ana.view.actions.attach([attached('later.txt')]);
    await ana.sees('the file', ({ room }) => room?.composer.tray.length === 1);
    const first = ana.room.id;
    await ana.creates('attic');
    await ana.sees('the other room', ({ room }) => room?.name === 'attic');
    expect(ana.room.composer.tray).toEqual([]);
    ana.view.actions.open(first);
    expect(ana.room.composer.tray).toMatchObject([{ name: 'later.txt' }]);
    ana.view.actions.tray(ana.room.composer.tray[0]?.key ?? '', 'remove');
    expect(ana.room.composer.tray).toEqual([]);
  });

  test('quitting with attached files in any room asks first', async () => {
    const first = ana.room.id;
    ana.view.actions.attach([attached('later.txt')]);
    await ana.sees('the file', ({ room }) => room?.composer.tray[0]?.state === 'ready');
    await ana.creates('cellar');
    await ana.sees('the other room', ({ room }) => room?.name === 'cellar');
    ana.view.actions.run('quit');
    expect((await ana.dialog('form')).title).toBe('Quit without sending 1 file?');
    expect(ana.surroundings.quits).toBe(0);
    ana.view.actions.submit({});
    expect(ana.surroundings.quits).toBe(1);
    ana.view.actions.close();
    ana.view.actions.open(first);
    ana.view.actions.tray(ana.room.composer.tray[0]?.key ?? '', 'remove');
    ana.view.actions.run('quit');
    expect(ana.surroundings.quits).toBe(2);
  });

  test('a text that is too long is offered as a file', async () => {
    const long = 'so long '.repeat(10_000);
    ana.says(long);
    const question = await ana.dialog('menu');
    expect(question.title).toBe('Too long for one message');
    ana.view.actions.pick('file');
    await ana.sees('the file', ({ room }) => room?.composer.tray[0]?.state === 'ready');
    expect(ana.room.composer.text).toBe('');
    ana.view.actions.send();
    const { row } = await gets(ben, 'message.txt');
    ben.view.actions.file(row.key, 0, 'save');
    await ben.sees('where it is', () => shelf.taken[0]?.[2] === long);
  });

  test('without a connection it waits, and says so until it is sent', async () => {
    const before = server;
    await server.stop();
    await sends(ana, [attached('soon.txt')], 'soon');
    const { file } = await gets(ana, 'soon.txt');
    expect(file).toMatchObject({ state: 'waiting', text: 'waiting to be sent' });
    await sends(ana, [attached('never.txt')]);
    const { row } = await gets(ana, 'never.txt');
    ana.view.actions.file(row.key, 0, 'cancel');
    await ana.sees('that it is cancelled', () => withFile(ana, 'never.txt') === undefined);
    await ana.sees('that it was said', ({ flash }) => flash?.text === 'Not sent');
    server = await startServer(before);
    await gets(ben, 'soon.txt');
    await gets(ana, 'soon.txt', ({ state, text }) => state === 'here' && text === '');
    expect(withFile(ben, 'never.txt')).toBeUndefined();
  });
});
