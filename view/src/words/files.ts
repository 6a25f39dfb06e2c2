import type { FileKind } from '../timeline/row.ts';
import type { Formats } from './formats.ts';

const UNITS = ['kB', 'MB', 'GB'] as const;

/** What screens say of files. Names come cleaned. */
export function fileWords(f: Formats) {
  const size = (bytes: number) => {
    const { unit, by } = unitOf(bytes);
    return unit === '' ? f.plural(bytes, { one: '# byte', other: '# bytes' }) : `${part(bytes, by)} ${unit}`;
  };
  const part = (bytes: number, by: number) => {
    const count = bytes / by;
    return f.number(count < 10 ? Math.floor(count * 10) / 10 : Math.floor(count));
  };
  /** "3 of 12 MB". */
  const progress = (done: number, of: number) => {
    const { unit, by } = unitOf(of);
    return unit === '' ? size(of) : `${part(done, by)} of ${part(of, by)} ${unit}`;
  };
  return {
    size,
    progress,
    /** "0:42", "1:02:03". */
    length: (ms: number) => {
      const seconds = Math.round(ms / 1000);
      const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
      const two = (n: number) => String(n).padStart(2, '0');
      const rest = two(seconds % 60);
      return hours === 0 ? `${minutes}:${rest}` : `${hours}:${two(minutes)}:${rest}`;
    },
    state: {
      waiting: 'waiting to be sent',
      sending: (done: number, of: number) => `sending ${progress(done, of)}`,
      fetching: (done: number, of: number) => (done === 0 ? 'fetching' : `fetching ${progress(done, of)}`),
      /** @param until when the server said that it keeps it; undefined if it didn't */
      gone: (until: number | undefined) =>
        until === undefined ? 'no longer on the server' : `was kept until ${f.clock.moment(until)}`,
      damaged: (author: string) => `damaged: these are not the bytes that ${author} sent`,
      notSent: 'not sent',
      /** A picture that isn't fetched unasked. */
      asks: 'not fetched yet',
    },
    /** A message without text, in a list of rooms, a quote or a notification. */
    only: (names: readonly string[]) =>
      names.length === 1 ? (names[0] ?? '') : f.plural(names.length, { one: '# file', other: '# files' }),
    /** A message in one line, with the files that it has. */
    /** The same with the descriptions of its files. */
    described: (text: string, alts: readonly string[]) => `${text}: ${alts.join('; ')}`,
    beside: (text: string, files: string) => `${text} (${files})`,
    /** A whole file for a screen reader; empty parts are left out. */
    spoken: (file: {
      readonly kind: FileKind;
      readonly name: string;
      readonly size: string;
      readonly length: string;
      readonly alt: string;
      readonly text: string;
    }) => {
      const facts = [`${KINDS[file.kind]} ${file.name}`, file.length, file.size, file.text];
      const said = facts.filter((fact) => fact !== '').join(', ');
      return file.alt === '' ? said : `${said}: ${file.alt}`;
    },
    tray: {
      preparing: 'being prepared',
      failed: (why: string) => `can’t be sent: ${why}`,
      metadata:
        'GoChat can’t remove from this file what it may say about its making: where, when, by whom and with which device',
      waits: 'Sent as soon as the files are prepared. Write on to keep it here.',
      failedOne: (name: string) => `${name} can’t be sent: remove it or try again`,
      most: (most: number) =>
        f.plural(most, { one: 'A message has at most # file', other: 'A message has at most # files' }),
      tooLarge: (names: readonly string[], most: number) =>
        f.form(names.length, {
          one: `${f.list(names)} is too large: this server takes files of at most ${size(most)}`,
          other: `${f.list(names)} are too large: this server takes files of at most ${size(most)}`,
        }),
      /** @param files by name. */
      none: (files: readonly string[]) => `This server stores no files: ${f.list(files)} can’t be sent`,
      altTooLong: (most: number) => `A description has at most ${f.number(most)} characters`,
    },
    /** The name of a text that is sent as a file. */
    textName: 'message.txt',
    /** Why there is no file at a path. */
    at: {
      missing: (path: string) => `There is no file ${path}`,
      folder: (path: string) => `${path} is a folder: pack it first, for example with tar or zip`,
      special: (path: string) => `${path} is a device or a pipe, not a file`,
      unreadable: (path: string) => `${path} can’t be read`,
    },
    quote: 'A quotation mark has no end',
    saved: (where: string) => `Saved as ${where}`,
    savedAll: (names: readonly string[]) =>
      f.plural(names.length, { one: `Saved: ${f.list(names)}`, other: `Saved # files: ${f.list(names)}` }),
    noFiles: 'There is no message with a file',
    noFileNumber: (number: string, count: number) =>
      f.plural(count, {
        one: `There is no file ${number}: the message has # file`,
        other: `There is no file ${number}: the message has # files`,
      }),
    notOpened: (name: string) => `Nothing here opens ${name}: save it instead`,
    notPlayed: (name: string) => `Nothing here plays ${name}: save it instead`,
    notPicture: (name: string) => `${name} is no picture that is shown here: save it instead`,
  };
}

const KINDS: Readonly<Record<FileKind, string>> = {
  picture: 'picture',
  audio: 'audio',
  video: 'video',
  voice: 'voice message',
  other: 'file',
};

function unitOf(bytes: number): { readonly unit: string; readonly by: number } {
  let [unit, by]: [string, number] = ['', 1];
  for (const next of UNITS) {
    if (bytes < by * 1000) break;
    [unit, by] = [next, by * 1000];
  }
  return { unit, by };
}
