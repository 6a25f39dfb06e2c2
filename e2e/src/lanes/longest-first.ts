import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { LANES } from './lanes.ts';

/** Starts the files of the table of lanes before all others, those that run longest first, so that none is left alone at the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted
      .map((spec) => ({ spec, place: this.#placeOf(spec.moduleId) }))
      .sort((a, b) => a.place - b.place)
      .map(({ spec }) => spec);
  }

  /** The place in the file's own lane, so that the lanes are interleaved; after all of them when it has no line. */
  #placeOf(path: string): number {
    const file = relative(this.ctx.config.root, path);
    const places = Object.values(LANES).map((files: readonly string[]) => files.indexOf(file));
    return Math.max(...places) === -1 ? Number.MAX_SAFE_INTEGER : Math.max(...places);
  }
}
