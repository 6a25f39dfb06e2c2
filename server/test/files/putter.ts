/** Runs as a separate process, to be killed. It stores chunks whose bytes follow from their names, and prints each that is stored. */
import { writeSync } from 'node:fs';
import type { FileName } from '../../src/files/file-store.ts';
import { FolderFiles } from '../../src/files/folder.ts';
import { chunkBytes } from './chunk-bytes.ts';
import { bodyOf, describedAs, MIB, newFileName } from './store-contract.ts';

const CHUNKS = 4;
const [folder = '', writers = '1'] = process.argv.slice(2);
const store = await FolderFiles.open({ folder, spareBytes: 0 });

async function write(): Promise<void> {
  for (;;) {
    const file = newFileName();
    await store.begin(file, describedAs(CHUNKS * MIB));
    await Promise.all(Array.from({ length: CHUNKS }, (_, chunk) => put(file, chunk)));
  }
}

async function put(file: FileName, chunk: number): Promise<void> {
  await store.put(file, chunk, bodyOf(chunkBytes(file.id, chunk)));
  writeSync(1, `${JSON.stringify({ ...file, chunk })}\n`);
}

await Promise.all(Array.from({ length: Number(writers) }, write));
