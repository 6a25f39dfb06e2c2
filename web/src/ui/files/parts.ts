import { FileLine } from './file-line.tsx';
import { PictureView } from './picture-view.tsx';
import { RecorderView } from './recorder.tsx';
import { Recording } from './recording.tsx';
import { Tile } from './tile.tsx';
import { TrayView } from './tray.tsx';

/** What draws files, as one part that is loaded apart. */
export const fileParts = { FileLine, PictureView, RecorderView, Recording, Tile, TrayView };

export type FileParts = typeof fileParts;
