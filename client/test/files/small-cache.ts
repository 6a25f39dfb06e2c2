import { FolderCache } from '../../src/files/folder-cache.ts';
import { temporaryFolder } from '../folder.ts';

/** A cache in a folder whose bound is reached by a few bytes. */
export class SmallCache extends FolderCache {
  override readonly mostBytes: number;

  constructor(mostBytes: number) {
    super(temporaryFolder());
    this.mostBytes = mostBytes;
  }
}
