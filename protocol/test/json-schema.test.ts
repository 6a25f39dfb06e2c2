import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import './fixed-seed.ts';
import { encodeFrame, FrameError, parseDown } from '../src/codec.ts';
import type { Down } from '../src/down.ts';
import { parseUp } from '../src/parse-up.ts';
import { SMALL_ORDER } from '../src/small-order.ts';
import type { Up } from '../src/up.ts';
import { downs, ups } from './frames.ts';
import { type JsonSchema, SCHEMAS } from './json-schema.ts';

const folder = new URL('../../docs/schemas/', import.meta.url);

test('the files in docs/schemas are those of the code', () => {
  const files = ['up', 'down'].flatMap((way) =>
    readdirSync(new URL(`${way}/`, folder)).map((name) => `${way}/${name}`),
  );
  expect(files.sort()).toEqual([...SCHEMAS.keys()].sort());
  for (const [path, schema] of SCHEMAS) {
    const text = readFileSync(new URL(path, folder), 'utf8');
    expect([path, text]).toEqual([path, `${JSON.stringify(schema, null, 2)}\n`]);
  }
});

/** Values that a member may be replaced with: some are good for some members. */
const REPLACEMENTS: readonly unknown[] = [
  ...[null, true, false, {}, [], [[]], [{}], ['a'], ['a', 'a'], { a: 1 }, { type: 'ping' }],
  ...[0, -0, 1, -1, 2, 1.5, 256, 257, 10_000, 10_001, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 1e300],
  ...[
    '',
    '0',
    '00',
    '01',
    '-1',
    '+1',
    '1.0',
    '1e2',
    ' 1',
    '1\n',
    '12',
    'A',
    'AA',
    'AQ',
    'AB',
    'AAA',
    'AAB',
    'AAAA',
  ],
  ...['999999999999999', '9007199254740989', '9007199254740991', '9007199254740992', '9999999999999999'],
  ...[
    'a b',
    'a\n',
    'A_-z',
    'a.b:1',
    'é',
    '\ud800',
    '\u0000',
    '=',
    'AAAA=',
    'message',
    'knock',
    'stale',
    'hello',
  ],
  ...[
    'https://',
    'https://a',
    'http://a',
    'https://a b',
    `https://${'a'.repeat(1016)}`,
    `https://${'a'.repeat(1017)}`,
  ],
  ...[16, 22, 32, 33, 43, 64, 65, 86, 87, 260, 261, 512, 513].map((length) => 'A'.repeat(length)),
  ...['A', 'B', 'E', 'Q', 'g', 'w', '8'].flatMap((last) => [21, 42, 85, 86].map((n) => 'a'.repeat(n) + last)),
  ...[32, 33].map((length) => Array.from({ length }, () => 'a')),
  ...[16, 17].map((length) => Array.from({ length }, () => `${'a'.repeat(42)}A`)),
  ...SMALL_ORDER,
];

/** Every place in a frame: the path to each value in it. */
function placesIn(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const children = Array.isArray(value) ? value.map((item, i) => [i, item] as const) : Object.entries(value);
  return [path, ...children.flatMap(([name, child]) => placesIn(child, [...path, name]))];
}

type Change =
  | { readonly how: 'replace'; readonly by: unknown }
  | { readonly how: 'delete' | 'add' | 'longer' };

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...REPLACEMENTS).map((by) => ({ how: 'replace' as const, by })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('delete' as const, 'add' as const, 'longer' as const).map((how) => ({ how })),
  },
);

/** The frame with one change at one place. Parts that do not change are shared with the frame. */
function changed(frame: unknown, path: readonly (string | number)[], { how, ...more }: Change): unknown {
  const copy: Record<string, unknown> = { frame };
  const full = ['frame', ...path];
  const name = full.at(-1) as string;
  const parent = full.slice(0, -1).reduce<Record<string, unknown>>((node, key) => {
    const child = copyOf(node[key]);
    node[key] = child;
    return child as typeof node;
  }, copy);
  const value = copyOf(parent[name]);
  parent[name] = value;
  if (how === 'replace') parent[name] = (more as { by: unknown }).by;
  else if (how === 'delete') delete parent[name];
  else if (how === 'longer')
    parent[name] = Array.isArray(value) ? [...value, ...value, 1] : `${String(value)}A`;
  else if (typeof value === 'object' && value !== null) Object.assign(value, { extra: 1 });
  return copy.frame;
}

function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? [...value] : { ...value };
}

function isAccepted(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text);
    return true;
  } catch (error) {
    if (error instanceof FrameError) return false;
    throw error;
  }
}

/** One for all schemas: each new one compiles the schema of schemas again. */
const ajv = new Ajv2020({ strict: false });

function compiled(schema: JsonSchema): ValidateFunction {
  const validate = ajv.compile(schema);
  // Another schema may have the same id.
  ajv.removeSchema(schema);
  return validate;
}

const cases = [...SCHEMAS].map(([path, schema]) => {
  const [way, type = ''] = path.replace('.json', '').split('/');
  return way === 'up'
    ? { path, schema, parse: parseUp, frames: ups[type as Up['type']] as fc.Arbitrary<Up | Down> }
    : { path, schema, parse: parseDown, frames: downs[type as Down['type']] as fc.Arbitrary<Up | Down> };
});

/** Whether a text is one that the two count differently: with characters of two UTF-16 code units. */
const ASTRAL = /[\u{10000}-\u{10ffff}]/u;

describe.each(cases)('$path', ({ schema, parse, frames }) => {
  const validate = compiled(schema);

  test('accepts every good frame', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect([frame, validate(JSON.parse(encodeFrame(frame)))]).toEqual([frame, true]);
      }),
    );
  });

  test('has the same verdict as the code on frames with one or two changes', () => {
    const verdicts = { true: 0, false: 0 };
    fc.assert(
      fc.property(
        frames,
        fc.array(fc.tuple(fc.nat(200), change), { minLength: 1, maxLength: 2 }),
        (frame, edits) => {
          const value = edits.reduce<unknown>((made, [at, edit]) => {
            const places = placesIn(made);
            return changed(made, places[at % places.length] ?? [], edit);
          }, frame);
          const text = JSON.stringify(value) ?? 'null';
          fc.pre(!ASTRAL.test(text));
          const verdict = isAccepted(parse, text);
          verdicts[`${verdict}`] += 1;
          expect([text, validate(JSON.parse(text))]).toEqual([text, verdict]);
        },
      ),
      { numRuns: 400 },
    );
    expect(verdicts.false).toBeGreaterThan(40);
    expect(verdicts.true).toBeGreaterThan(0);
  });
});

/** Every frame that one change at one place makes of a frame, as text. */
function variants(frame: Up | Down): string[] {
  const changes: Change[] = [
    ...REPLACEMENTS.map((by) => ({ how: 'replace' as const, by })),
    ...(['delete', 'add', 'longer'] as const).map((how) => ({ how })),
  ];
  return placesIn(frame).flatMap((path) =>
    changes.map((edit) => JSON.stringify(changed(frame, path, edit)) ?? 'null'),
  );
}

/** The frame with the most members and items of some samples. */
function fullest(frames: fc.Arbitrary<Up | Down>): Up | Down {
  const [first, ...others] = fc.sample(frames, 20);
  if (first === undefined) throw new Error('no sample');
  return others.reduce(
    (best, frame) => (placesIn(frame).length > placesIn(best).length ? frame : best),
    first,
  );
}

test('each keyword of the schemas decides about a frame, and the code decides like it', () => {
  const words = ['type', 'const', 'enum', 'pattern', 'not', 'minLength', 'maxLength', 'minimum', 'maximum'];
  const keywords = [...words, 'required', 'additionalProperties', 'minProperties', 'minItems', 'maxItems'];
  const decisive = new Set<string>();
  for (const { schema, parse, frames } of cases) {
    const texts = variants(fullest(frames));
    const judged = texts
      .filter((text) => !ASTRAL.test(text))
      .map((text) => ({ text, value: JSON.parse(text) as unknown, verdict: isAccepted(parse, text) }));
    const wrong = (validate: ValidateFunction) =>
      judged.find(({ value, verdict }) => validate(value) !== verdict);
    expect(wrong(compiled(schema))).toBeUndefined();
    const used = JSON.stringify(schema);
    // Without a keyword that it doesn't have, a schema is the same.
    for (const keyword of keywords.filter((word) => !decisive.has(word) && used.includes(`"${word}"`))) {
      if (wrong(compiled(without(schema, keyword) as JsonSchema)) !== undefined) decisive.add(keyword);
    }
  }
  expect([...decisive].sort()).toEqual([...keywords].sort());
});

/** The schema without a keyword, wherever it occurs. The members of frames, which are named in `properties`, are kept. */
function without(node: unknown, keyword: string, isNames = false): unknown {
  if (Array.isArray(node)) return node.map((item) => without(item, keyword));
  if (typeof node !== 'object' || node === null) return node;
  const kept = Object.entries(node).filter(([name]) => isNames || name !== keyword);
  return Object.fromEntries(
    kept.map(([name, value]) => [name, without(value, keyword, name === 'properties' && !isNames)]),
  );
}

test('a text is measured in UTF-16 code units by the code, and in code points by the schema', () => {
  const validate = compiled(SCHEMAS.get('down/error.json') ?? {});
  const error = (message: string) => ({ type: 'error', code: 'full', message });
  const fits = '\u{1f600}'.repeat(256);
  expect([isAccepted(parseDown, JSON.stringify(error(fits))), validate(error(fits))]).toEqual([true, true]);
  const long = error(`${fits}a`);
  expect([isAccepted(parseDown, JSON.stringify(long)), validate(long)]).toEqual([false, true]);
});
