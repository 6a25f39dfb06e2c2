import { shownPicture } from '@gochat/client/picture';
import { sniff } from '@gochat/client/sniff';
import { asNamed, isHarmless, NotAsNamed } from './harmless.ts';

/** What judges a file by its bytes, as one part that is loaded with the first file that is shown, played or opened. */
export const fileJudge = { shownPicture, sniff, isHarmless, asNamed, NotAsNamed };

export type FileJudge = typeof fileJudge;
