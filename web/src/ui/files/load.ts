import { useEffect, useState } from 'preact/hooks';
import type { FileParts } from './parts.ts';

/** Loads what draws files, once a row has one or one is attached. */
class FilePartsLoader {
  #loaded: FileParts | undefined;

  get loaded(): FileParts | undefined {
    return this.#loaded;
  }

  async load(): Promise<FileParts> {
    this.#loaded ??= (await import('./parts.ts')).fileParts;
    return this.#loaded;
  }
}

const loader = new FilePartsLoader();

/** @returns undefined while they aren't loaded, which begins when they are wanted */
export function useFileParts(wanted: boolean): FileParts | undefined {
  const [parts, setParts] = useState(loader.loaded);
  useEffect(() => {
    if (!wanted || parts !== undefined) return;
    // Without them the files are lines of text, and the next row tries again.
    loader.load().then(setParts, () => undefined);
  }, [wanted, parts]);
  return parts;
}
