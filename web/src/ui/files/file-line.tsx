import type { FileRow } from '@gochat/view/row';
import type { ComponentChildren } from 'preact';
import { Icon } from '../icons.tsx';
import { useText } from '../words.ts';
import type { FileProps } from './file-props.ts';
import { Glyph } from './glyph.tsx';

const ICONS: Readonly<Record<FileRow['kind'], ComponentChildren>> = {
  picture: <Glyph name="picture" />,
  audio: <Glyph name="sound" />,
  video: <Glyph name="film" />,
  voice: <Icon name="microphone" />,
  other: <Icon name="file" />,
};

export function FileIcon({ kind }: { readonly kind: FileRow['kind'] }) {
  return <span class="file-icon">{ICONS[kind]}</span>;
}

/** A file that is only saved: browsers would run some types of documents as pages of this site. */
export function FileLine(props: FileProps) {
  const { file } = props;
  return (
    <div class="file-line">
      <FileIcon kind={file.kind} />
      <div class="about">
        <bdi class="words" title={file.name}>
          {file.name}
        </bdi>
        <span class="facts">{[file.size, file.text].filter((part) => part !== '').join(' · ')}</span>
        <Progress file={file} />
      </div>
      <EndButton {...props} />
      <SaveButton {...props} />
    </div>
  );
}

export function SaveButton({ row, file, actions, tabIndex }: FileProps) {
  const label = useText().files.save(file.name);
  if (file.state === 'gone') return null;
  return (
    <button
      type="button"
      class="quiet small"
      tabIndex={tabIndex}
      aria-label={label}
      title={label}
      onClick={() => actions.file(row, file.index, 'save')}
    >
      <Glyph name="save" />
    </button>
  );
}

/** How far a file is sent or fetched. */
export function Progress({ file }: Pick<FileProps, 'file'>) {
  const label = useText().files.progress(file.name);
  return file.progress === undefined ? null : <progress aria-label={label} value={file.progress} max={1} />;
}

/** What ends the sending or fetching of a file, or begins it again. */
export function EndButton({ row, file, actions, tabIndex }: FileProps) {
  const text = useText().files;
  const button = (icon: ComponentChildren, label: string, act: 'cancel' | 'fetch') => (
    <button
      type="button"
      class="quiet small"
      tabIndex={tabIndex}
      aria-label={label}
      title={label}
      onClick={() => actions.file(row, file.index, act)}
    >
      {icon}
    </button>
  );
  return (
    <>
      {(file.state === 'sending' || file.state === 'fetching') &&
        button(<Icon name="close" />, text.cancel(file.name), 'cancel')}
      {file.state === 'failed' && button(<Glyph name="again" />, text.fetch(file.name), 'fetch')}
    </>
  );
}
