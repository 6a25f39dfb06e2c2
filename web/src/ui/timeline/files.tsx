import type { FileRow } from '@gochat/view/row';

/** Files, each as a line: name, size and state. */
export function FileList({ files }: { readonly files: readonly FileRow[] }) {
  if (files.length === 0) return null;
  return (
    <ul class="files">
      {files.map(({ index, name, size, length, text }) => (
        <li key={index}>
          <bdi>{name}</bdi> {[size, length, text].filter((part) => part !== '').join(' · ')}
        </li>
      ))}
    </ul>
  );
}
