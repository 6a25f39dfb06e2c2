import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { LANES } from './lanes.ts';

/**
 * Starts the files of the table of lanes before all others, those that run longest first, so that none is left alone at the end. Those
 * that wait for other programs and those that don't take turns.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const places = Object.values(LANES).flatMap((lane) =>
      lane.map((file, place) => [file as string, place] as const),
    );
    const placeOf = new Map(places);
    const place = ({ moduleId }: TestSpecification) =>
      placeOf.get(relative(this.ctx.config.root, moduleId)) ?? placeOf.size;
    return sorted.toSorted((a, b) => place(a) - place(b));
  }
}
