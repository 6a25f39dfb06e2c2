import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseSync, Visitor } from 'rolldown/utils';
import { sourcesOf } from './imports.ts';

/** A text in a source that reads like a sentence for people. */
export interface Sentence {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** Two words in a row, of which the second is not a name of code. */
const SENTENCE = /(^|[\s"'(“])[A-Za-z][a-z’']+,? [a-z’']{2,}($|[\s.,:;?!"')”])/;

/** Every string, template and JSX text under `folder` that contains two English words in a row; comments don't count. */
export function readSentences(root: string, folder: string): Sentence[] {
  return sourcesOf(join(root, folder)).flatMap((path) =>
    sentencesIn(relative(root, path), readFileSync(path, 'utf8')),
  );
}

export function sentencesIn(file: string, source: string): Sentence[] {
  const { program, errors } = parseSync(file, source);
  if (errors[0]) throw new Error(`${file} doesn't parse: ${errors[0].message}`);
  const found: Sentence[] = [];
  const note = (text: string, start: number) => {
    if (!SENTENCE.test(text)) return;
    found.push({ file, line: source.slice(0, start).split('\n').length, text: text.trim() });
  };
  // Class names and link relations are lists of words, no sentences.
  let lists = 0;
  new Visitor({
    JSXAttribute: (node) => {
      if (isWordList(node.name)) lists += 1;
    },
    'JSXAttribute:exit': (node) => {
      if (isWordList(node.name)) lists -= 1;
    },
    Literal: (node) => {
      if (lists === 0 && typeof node.value === 'string') note(node.value, node.start);
    },
    TemplateLiteral: (node) => {
      if (lists === 0) note(node.quasis.map(({ value }) => value.cooked ?? value.raw).join('…'), node.start);
    },
    JSXText: (node) => note(node.value, node.start),
  }).visit(program);
  return found;
}

function isWordList(name: { readonly type: string; readonly name?: unknown }): boolean {
  return name.type === 'JSXIdentifier' && (name.name === 'class' || name.name === 'rel');
}
