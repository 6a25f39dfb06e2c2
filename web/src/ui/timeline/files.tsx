import type { Actions } from '@gochat/view/actions';
import type { FileRow, MessageRow } from '@gochat/view/row';
import { useFileParts } from '../files/load.ts';
import { isTile, placeOf } from './file-place.ts';

interface FilesProps {
  readonly row: MessageRow;
  readonly actions: Actions;
  readonly tabIndex: number;
}

/** The files of a message: pictures and videos in a grid, the others a line each. Each takes its place before it is loaded. */
export function FileList({ row, actions, tabIndex }: FilesProps) {
  const parts = useFileParts(row.files.length > 0);
  if (row.files.length === 0) return null;
  const tiles = row.files.filter(isTile);
  const lines = row.files.filter((file) => !isTile(file));
  const Line = ({ file }: { readonly file: FileRow }) => {
    if (parts === undefined) return <FileText file={file} />;
    const Shown = file.kind === 'other' ? parts.FileLine : parts.Recording;
    return <Shown row={row.key} file={file} actions={actions} tabIndex={tabIndex} />;
  };
  return (
    <div class="files">
      {tiles.length > 0 && (
        <ul class={tilesClass(tiles.length)}>
          {tiles.map((file) => (
            <li key={file.index} style={tiles.length === 1 ? styleOf(file) : undefined}>
              {parts === undefined ? (
                <FileText file={file} />
              ) : (
                <parts.Tile row={row.key} file={file} actions={actions} tabIndex={tabIndex} />
              )}
            </li>
          ))}
        </ul>
      )}
      {lines.length > 0 && (
        <ul class="file-lines">
          {lines.map((file) => (
            <li key={file.index}>{Line({ file })}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

function tilesClass(count: number): string {
  if (count === 1) return 'tiles single';
  return count === 2 || count === 4 ? 'tiles in-two' : 'tiles';
}

function styleOf(file: FileRow) {
  const { width, height } = placeOf(file);
  return { inlineSize: `${width}px`, aspectRatio: `${width} / ${height}` };
}

function FileText({ file: { name, size, length, text } }: { readonly file: FileRow }) {
  return (
    <p class="file-text">
      <bdi>{name}</bdi> {[size, length, text].filter((part) => part !== '').join(' · ')}
    </p>
  );
}
