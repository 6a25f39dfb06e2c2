import { describe, expect, test } from 'vitest';
import { pastedPaths, pathBefore, readSendArgs, wordsOf, written } from '../src/files/paths.ts';

describe('a paste that looks like paths of files', () => {
  test.each([
    ['a path', '/home/ana/a.jpg', ['/home/ana/a.jpg']],
    ['with the blank that some terminals add', '/home/ana/a.jpg ', ['/home/ana/a.jpg']],
    ['with a line feed', '/home/ana/a.jpg\n', ['/home/ana/a.jpg']],
    ['in single quotes', "'/home/ana/my photo.jpg'", ['/home/ana/my photo.jpg']],
    ['in double quotes', '"/home/ana/my photo.jpg"', ['/home/ana/my photo.jpg']],
    ['with escaped blanks', '/home/ana/my\\ photo\\ \\(1\\).jpg', ['/home/ana/my photo (1).jpg']],
    ['with a quoted quote', "'/home/ana/ana'\\''s.jpg'", ["/home/ana/ana's.jpg"]],
    ['with an escaped quote in double quotes', '"/home/ana/a \\"b\\".jpg"', ['/home/ana/a "b".jpg']],
    ['below the home folder', '~/a.jpg', ['~/a.jpg']],
    ['as an address', 'file:///home/ana/a.jpg', ['/home/ana/a.jpg']],
    ['as an address with a host', 'file://localhost/home/ana/a.jpg', ['/home/ana/a.jpg']],
    ['as an address of one slash', 'file:/home/ana/a.jpg', ['/home/ana/a.jpg']],
    ['as an encoded address', 'file:///home/ana/my%20caf%C3%A9.jpg', ['/home/ana/my café.jpg']],
    ['several in one line', "/a.jpg '/b c.jpg' /d.jpg", ['/a.jpg', '/b c.jpg', '/d.jpg']],
    ['several on lines', '/a.jpg\r\n/b.jpg\r\n', ['/a.jpg', '/b.jpg']],
    ['several addresses', 'file:///a.jpg\r\nfile:///b%20c.jpg\r\n', ['/a.jpg', '/b c.jpg']],
    [
      'copied in GNOME',
      'x-special/nautilus-clipboard\ncopy\nfile:///a.jpg\nfile:///b.jpg',
      ['/a.jpg', '/b.jpg'],
    ],
    ['copied in another file manager', 'copy\nfile:///a.jpg', ['/a.jpg']],
    ['in another script', "'/home/ana/фото 猫.jpg'", ['/home/ana/фото 猫.jpg']],
    ['with a percent sign that encodes nothing', '/home/ana/100%.jpg', ['/home/ana/100%.jpg']],
  ])('%s', (_form, text, paths) => {
    expect(pastedPaths(text)[0]).toEqual(paths);
  });

  test('an unquoted path with blanks is read both ways, as is one on each line', () => {
    expect(pastedPaths('/home/ana/my photo.jpg')).toEqual([['/home/ana/my photo.jpg']]);
    expect(pastedPaths('/a /b')).toEqual([['/a', '/b'], ['/a /b']]);
    expect(pastedPaths('/a b.jpg\n/c d.jpg')).toEqual([['/a b.jpg', '/c d.jpg']]);
  });

  test.each(
    [
      ['', 'hello', 'see /etc/hosts', '/me waves', './a.jpg', 'a.jpg', 'https://example.org/a.jpg'],
      ['file://other/a.jpg', 'file:///a%2fb', 'file:///a%00', 'file:///%ff', 'file:///a?b', "'/a", '/a b\nc'],
      [`/${'a'.repeat(20_000)}`, '/a '.repeat(40)],
    ].flat(),
  )('%s is other text', (text) => {
    const paths = pastedPaths(text);
    // `/me waves` may be the path of a file that has a blank in its name: whether there is one is looked up.
    expect(paths.filter((one) => !one.includes(text.trim()))).toEqual([]);
  });
});

describe('the argument of /send', () => {
  test.each([
    ['a.jpg', [['a.jpg']], ''],
    ['a.jpg b.jpg', [['a.jpg', 'b.jpg'], ['a.jpg b.jpg']], ''],
    ['my\\ photo.jpg', [['my photo.jpg']], ''],
    [
      "'my photo.jpg' ~/b -- look at -- this",
      [['my photo.jpg', '~/b'], ["'my photo.jpg' ~/b"]],
      'look at -- this',
    ],
    ['file:///a%20b', [['/a b']], ''],
    ["a '--' b", [['a', '--', 'b'], ["a '--' b"]], ''],
    ['a.jpg --', [['a.jpg']], ''],
  ])('%s', (args, paths, caption) => {
    expect(readSendArgs(args)).toEqual({ paths, caption });
  });

  test('a quotation mark without an end is refused', () => {
    expect(readSendArgs("it's.jpg")).toBeUndefined();
  });

  test.each(['a b\'s "c".jpg', 'a\\b', ' a', 'фото\n猫'])(
    'a completed path %j is read again as it was',
    (path) => {
      expect(wordsOf(written(path))?.map(({ text }) => text)).toEqual([path]);
    },
  );

  test.each([
    ['', { from: 0, path: '' }],
    ['pho', { from: 0, path: 'pho' }],
    ['a.jpg ', { from: 6, path: '' }],
    ['a.jpg my\\ ph', { from: 6, path: 'my ph' }],
    ['a.jpg -- cap', undefined],
    ["'a", undefined],
  ])('in %j, what is completed is %o', (args, found) => {
    expect(pathBefore(args)).toEqual(found);
  });
});
