/** Writes docs/vectors/: test vectors for other implementations, made by crypto/. Run it after a change of what members exchange: npx tsx scripts/vectors.ts */
import { mkdirSync, writeFileSync } from 'node:fs';
import { roomVector } from '../crypto/test/room-vector.ts';
import { makeVectors } from '../crypto/test/vectors.ts';

const folder = new URL('../docs/vectors/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, vector] of [...(await makeVectors()), ['room.json', await roomVector()] as const]) {
  writeFileSync(new URL(name, folder), `${JSON.stringify(vector, null, 2)}\n`);
}
