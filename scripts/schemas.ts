/**
 * Writes docs/schemas/: a JSON Schema for each frame, made from the schemas in protocol/. Run it after a change of a frame:
 * npx tsx scripts/schemas.ts
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { SCHEMAS } from '../protocol/test/json-schema.ts';

const folder = new URL('../docs/schemas/', import.meta.url);
for (const way of ['up', 'down']) {
  rmSync(new URL(`${way}/`, folder), { recursive: true, force: true });
  mkdirSync(new URL(`${way}/`, folder), { recursive: true });
}
for (const [path, schema] of SCHEMAS) {
  writeFileSync(new URL(path, folder), `${JSON.stringify(schema, null, 2)}\n`);
}
