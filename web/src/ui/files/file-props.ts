import type { Actions } from '@gochat/view/actions';
import type { FileRow } from '@gochat/view/row';

export interface FileProps {
  /** The key of the message's row. */
  readonly row: string;
  readonly file: FileRow;
  readonly actions: Actions;
  readonly tabIndex: number;
}
