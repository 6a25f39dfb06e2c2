import { DialogView } from './dialogs/dialog.tsx';
import { ChatView } from './room/chat.tsx';
import { DetailsView } from './room/details.tsx';

/** What draws a room, its panels and dialogs, as one part that is loaded apart. */
export const panels = { ChatView, DetailsView, DialogView };

export type Panels = typeof panels;
