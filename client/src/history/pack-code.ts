import { PackWriter } from '@gochat/crypto/pack';
import { liveConnection, postPack } from './pack-posts.ts';
import { readPacks } from './read-packs.ts';
import { readShared } from './read-shared.ts';

/** What makes, posts and reads packs, as one part that is loaded with the first one. */
export const packCode = { PackWriter, liveConnection, postPack, readPacks, readShared };

export type PackCode = typeof packCode;
