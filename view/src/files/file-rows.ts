import { cleanFileName } from '@gochat/client/file-name';
import type { TextItem } from '@gochat/client/history';
import { fromBase64 } from '../text/base64.ts';
import { sanitizeLine, sanitizeText } from '../text/sanitize.ts';
import type { FileRow, FileState } from '../timeline/row.ts';
import type { ViewWords } from '../words/english.ts';
import { type FileContent, kindOf } from './file-kind.ts';

/** What is known of a file besides its message. */
export interface FileFacts {
  readonly state: FileState;
  /** Bytes that are sent or fetched, and how many there are. */
  readonly done: number;
  readonly of: number;
  /** Why it is `gone` or `failed`, or not sent yet; in words, or empty. */
  readonly reason: string;
  /** Its bytes have shown that it is not what its type says. */
  readonly isOther: boolean;
  /** Whether a picture is only fetched when the person asks for it. */
  readonly asks: boolean;
}

/** The rows of a message's files. */
export function fileRowsOf(
  item: Pick<TextItem, 'files' | 'from'>,
  factsOf: (file: FileContent) => FileFacts,
  words: ViewWords,
): readonly FileRow[] {
  return (item.files ?? []).map((file, index) => fileRow(file, index, factsOf(file), words));
}

function fileRow(file: FileContent, index: number, facts: FileFacts, words: ViewWords): FileRow {
  const text = words.text.files;
  const kind = facts.isOther ? 'other' : kindOf(file);
  const name = cleanFileName(file.name);
  const size = text.size(file.bytes);
  const length = file.ms === undefined ? '' : text.length(file.ms);
  const alt = file.alt === undefined ? '' : sanitizeText(file.alt);
  const state = stateText(facts, kind === 'picture', words);
  const isMoving = facts.state === 'sending' || facts.state === 'fetching';
  return {
    id: file.id,
    index,
    kind,
    name,
    type: file.type,
    size,
    alt,
    width: file.w,
    height: file.h,
    thumb: file.thumb,
    preview: file.preview !== undefined,
    length,
    wave: file.wave === undefined ? [] : [...fromBase64(file.wave)].map((level) => level / 255),
    state: facts.state,
    progress: isMoving ? facts.done / Math.max(1, facts.of) : undefined,
    asks: facts.asks && kind === 'picture',
    text: state,
    spoken: text.spoken({ kind, name, size, length, alt: alt === '' ? '' : sanitizeLine(alt), text: state }),
  };
}

function stateText(
  { state, done, of, reason, asks }: FileFacts,
  isPicture: boolean,
  words: ViewWords,
): string {
  const text = words.text.files.state;
  switch (state) {
    case 'waiting':
      return reason === '' ? text.waiting : `${text.waiting}: ${reason}`;
    case 'sending':
      return reason === '' ? text.sending(done, of) : `${text.sending(done, of)}: ${reason}`;
    case 'fetching':
      return text.fetching(done, of);
    case 'there':
      return asks && isPicture ? text.asks : '';
    case 'here':
      return '';
    case 'gone':
    case 'failed':
      return reason;
    default:
      return state satisfies never;
  }
}

/** The names of a message's files, for a line without them. */
export function fileNames({ files = [] }: Pick<TextItem, 'files'>): readonly string[] {
  return files.map(({ name }) => cleanFileName(name));
}
