import { DialogView } from './dialogs/dialog.tsx';
import { DetailsView, SearchView } from './room/details.tsx';

/** What draws dialogs and panels, as one part that is loaded apart. */
export const panels = { DialogView, DetailsView, SearchView };

export type Panels = typeof panels;
