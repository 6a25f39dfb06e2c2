import { down } from '../src/down.ts';
import { frameLimit } from '../src/limits.ts';
import { SMALL_ORDER } from '../src/small-order.ts';
import { up } from '../src/up.ts';
import { PROTOCOL_VERSION } from '../src/version.ts';

/** A JSON Schema (draft 2020-12) as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What this module reads of a Valibot schema or of an action in its pipe. */
interface Node {
  readonly type: string;
  readonly pipe?: readonly Node[];
  readonly entries?: Readonly<Record<string, Node>>;
  readonly item?: Node;
  readonly wrapped?: Node;
  readonly literal?: unknown;
  readonly options?: readonly unknown[];
  readonly requirement?: unknown;
  readonly message?: unknown;
}

const BASE64URL = '[A-Za-z0-9_-]';

/**
 * The checks of `src/fields.ts` and `src/rules.ts` that are functions, by their messages: what they check, in JSON Schema. A pattern
 * here accepts nothing that the regular expressions before it don't, and replaces them.
 */
const CHECKS: Readonly<Record<string, JsonSchema>> = {
  'base64url of whole bytes with zero trailing bits': {
    pattern: `^(${BASE64URL}{4})*(${BASE64URL}[AQgw]|${BASE64URL}{2}[AEIMQUYcgkosw048])?$`,
  },
  'a position below 2^53': { pattern: `^(${upTo(Number.MAX_SAFE_INTEGER)})$` },
  'a public key that is not of small order': { not: { enum: [...SMALL_ORDER] } },
  'at least one rule': { minProperties: 1 },
};

/** A pattern for the decimal numbers from 0 to `most`, without leading zeros. */
function upTo(most: number): string {
  const digits = String(most);
  const shorter = `[1-9][0-9]{0,${digits.length - 2}}`;
  const sameLength = [...digits].flatMap((digit, i) => {
    const least = i === 0 ? 1 : 0;
    const rest = digits.length - 1 - i;
    const below = Number(digit) - 1;
    if (below < least) return [];
    const smaller = below === least ? below : `[${least}-${below}]`;
    return [`${digits.slice(0, i)}${smaller}${rest === 0 ? '' : `[0-9]{${rest}}`}`];
  });
  return ['0', shorter, ...sameLength, digits].join('|');
}

/** @throws Error when it doesn't know how to say in JSON Schema what the schema accepts */
function translate(node: Node): JsonSchema {
  const { pipe } = node;
  if (pipe === undefined) return ofSchema(node);
  const [schema, ...actions] = pipe;
  if (schema === undefined) throw new Error('an empty pipe');
  const parts = actions.map((action) => ofAction(action, schema.type));
  return Object.assign({}, translate(schema), ...parts) as JsonSchema;
}

function ofSchema(node: Node): JsonSchema {
  const { type, entries = {}, item, wrapped, literal, options } = node;
  switch (type) {
    case 'strict_object': {
      const names = Object.keys(entries);
      const members = names.map((name) => [name, translate(entries[name] as Node)]);
      return {
        type: 'object',
        properties: Object.fromEntries(members),
        required: names.filter((name) => entries[name]?.type !== 'optional'),
        additionalProperties: false,
      };
    }
    case 'array':
      return { type: 'array', items: translate(item as Node) };
    case 'optional':
      return translate(wrapped as Node);
    case 'literal':
      return { const: literal };
    case 'picklist':
      return { enum: options };
    case 'string':
    case 'number':
    case 'boolean':
      return { type };
    default:
      throw new Error(`unknown schema: ${type}`);
  }
}

function ofAction({ type, requirement, message }: Node, of: string): JsonSchema {
  if (type === 'brand') return {};
  const unit = of === 'array' ? 'Items' : 'Length';
  switch (type) {
    case 'regex':
      return { pattern: (requirement as RegExp).source };
    case 'min_length':
      return { [`min${unit}`]: requirement };
    case 'max_length':
      return { [`max${unit}`]: requirement };
    case 'safe_integer':
      return { type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };
    case 'min_value':
      return { minimum: requirement };
    case 'max_value':
      return { maximum: requirement };
    case 'check': {
      const check = CHECKS[String(message)];
      if (check === undefined) throw new Error(`no JSON Schema is known for the check: ${message}`);
      return check;
    }
    default:
      throw new Error(`unknown action: ${type}`);
  }
}

/** The JSON Schemas of all frames: their path below `docs/schemas/`, and the schema. */
export const SCHEMAS: ReadonlyMap<string, JsonSchema> = new Map([
  ...up.options.map((frame) => schemaOf('up', frame.entries.type.literal, frame)),
  ...down.options.map((frame) => schemaOf('down', frame.entries.type.literal, frame)),
]);

function schemaOf(way: 'up' | 'down', type: string, frame: unknown): readonly [string, JsonSchema] {
  const sender = way === 'up' ? 'client' : 'server';
  const head = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:gochat:${PROTOCOL_VERSION}:${way}:${type}`,
    title: type,
    description: `A frame from the ${sender}, of at most ${frameLimit(type)} bytes`,
  };
  return [`${way}/${type}.json`, { ...head, ...translate(frame as Node) }];
}
