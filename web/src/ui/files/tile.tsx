import { useState } from 'preact/hooks';
import { playedRecording, shownPicture } from '../../files/shown.ts';
import { useText } from '../words.ts';
import { useBlobUrl } from './blob-url.ts';
import { Blur } from './blur.tsx';
import { EndButton, Progress } from './file-line.tsx';
import type { FileProps } from './file-props.ts';
import { Glyph } from './glyph.tsx';
import { ownKeys } from './own-keys.ts';
import { pauseSound } from './player.ts';

/** A picture or a video in its place: at first blurred, then as its sender's smaller picture. */
export function Tile(props: FileProps) {
  return props.file.kind === 'video' ? <Video {...props} /> : <Picture {...props} />;
}

/** The smaller picture of a file, once it is here. */
function usePreview({ row, file, actions }: FileProps): string | undefined {
  return useBlobUrl(file.id, file, async () => {
    if (file.asks || file.state === 'gone') return undefined;
    const bytes = await actions.picture(row, file.index, 'preview');
    return bytes && shownPicture(bytes);
  });
}

function Picture(props: FileProps) {
  const { row, file, actions, tabIndex } = props;
  const url = usePreview(props);
  return (
    <>
      <button
        type="button"
        class="tile bare"
        tabIndex={tabIndex}
        aria-label={file.spoken}
        title={file.alt || file.name}
        onClick={() => actions.file(row, file.index, file.asks ? 'fetch' : 'show')}
      >
        <Preview url={url} thumb={file.thumb} />
        {url === undefined && file.thumb === undefined && <Glyph name="picture" />}
      </button>
      <TileState {...props} />
    </>
  );
}

function Preview({ url, thumb }: { readonly url: string | undefined; readonly thumb: string | undefined }) {
  const [broken, setBroken] = useState<string | undefined>(undefined);
  return (
    <>
      {thumb !== undefined && <Blur thumb={thumb} />}
      {url !== undefined && url !== broken && (
        <img src={url} alt="" decoding="async" draggable={false} onError={() => setBroken(url)} />
      )}
    </>
  );
}

/** A video is loaded only when it is to be played. */
function Video(props: FileProps) {
  const { row, file, actions, tabIndex } = props;
  const text = useText().files;
  const preview = usePreview(props);
  const [asked, ask] = useState(0);
  const [failed, setFailed] = useState(false);
  const url = useBlobUrl(file.id, asked, async () => {
    if (asked === 0) return undefined;
    const bytes = await actions.recording(row, file.index);
    const video = bytes && playedRecording(bytes);
    setFailed(bytes !== undefined && video === undefined);
    return video;
  });
  if (url !== undefined && !failed)
    return (
      // biome-ignore lint/a11y/useMediaCaption: members send no captions
      <video
        src={url}
        controls
        autoPlay
        playsInline
        aria-label={file.spoken}
        tabIndex={tabIndex}
        onPlay={pauseSound}
        onKeyDown={ownKeys}
        onError={() => setFailed(true)}
      />
    );
  return (
    <>
      <button
        type="button"
        class="tile bare"
        tabIndex={tabIndex}
        aria-label={`${text.play(file.name)}. ${file.spoken}`}
        title={file.name}
        disabled={file.state === 'gone'}
        onClick={() => ask(asked + 1)}
      >
        <Preview url={preview} thumb={file.thumb} />
        <span class="play">
          <Glyph name="play" />
        </span>
      </button>
      <TileState {...props} note={failed ? text.unplayable : ''} />
    </>
  );
}

/** What becomes of the file, over its lower edge; nothing while all is well. */
function TileState(props: FileProps & { readonly note?: string }) {
  const { file, note = '' } = props;
  const about = file.kind === 'video' ? file.length || file.size : '';
  const shown = [note || file.text, about].filter((part) => part !== '').join(' · ');
  if (shown === '' && file.progress === undefined) return null;
  return (
    <div class="tile-state">
      <span>{shown}</span>
      <Progress file={file} />
      <EndButton {...props} />
    </div>
  );
}
