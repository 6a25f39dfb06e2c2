import { useEffect, useReducer, useState } from 'preact/hooks';
import { playedRecording } from '../../files/shown.ts';
import { useText, useWords } from '../words.ts';
import { EndButton, Progress, SaveButton } from './file-line.tsx';
import type { FileProps } from './file-props.ts';
import { Glyph } from './glyph.tsx';
import { ownKeys } from './own-keys.ts';
import { type Playing, player } from './player.ts';
import { Wave } from './wave-bars.tsx';

/** A voice message or another sound. It is fetched when it is to be played. */
export function Recording(props: FileProps) {
  const { row, file, actions, tabIndex } = props;
  const text = useText().files;
  const playing = usePlaying(file.id);
  const [from, setFrom] = useState(0);
  const isPlaying = playing?.state === 'playing';
  const load = async () => {
    const bytes = await actions.recording(row, file.index);
    return bytes && playedRecording(bytes);
  };
  const seek = (at: number) => {
    setFrom(at);
    player.seek(file.id, at);
  };
  const label = isPlaying ? text.pause(file.name) : text.play(file.name);
  return (
    <div class={`file-line recording ${file.kind}`}>
      <button
        type="button"
        class="soft round"
        tabIndex={tabIndex}
        aria-label={label}
        aria-busy={playing?.state === 'loading'}
        title={label}
        disabled={file.state === 'gone'}
        onClick={() => void player.toggle(file.id, load, from)}
      >
        <Glyph name={isPlaying ? 'pause' : 'play'} />
      </button>
      <div class="about">
        {file.kind !== 'voice' && (
          <bdi class="words" title={file.name}>
            {file.name}
          </bdi>
        )}
        <Position {...props} at={playing?.at ?? from} seek={seek} />
        <Facts {...props} playing={playing} />
        <Progress file={file} />
      </div>
      {playing !== undefined && <Speed tabIndex={tabIndex} />}
      <EndButton {...props} />
      <SaveButton {...props} />
    </div>
  );
}

/** How this recording is being played; undefined while it isn't. */
function usePlaying(id: string): Playing | undefined {
  const [, redraw] = useReducer((n: number, _: undefined) => n + 1, 0);
  useEffect(() => player.subscribe(() => redraw(undefined)), []);
  return player.playing?.id === id ? player.playing : undefined;
}

function Facts({ file, playing }: FileProps & { readonly playing: Playing | undefined }) {
  const { text } = useWords();
  const clock = (seconds: number) => text.files.length(seconds * 1000);
  const isKnown = playing !== undefined && playing.seconds > 0;
  const length = isKnown ? clock(playing.seconds) : file.length;
  const place = isKnown ? `${clock(playing.at * playing.seconds)} / ${length}` : length;
  const state = playing?.state === 'failed' && file.text === '' ? text.web.files.unplayable : file.text;
  const facts = [place, file.kind === 'voice' ? '' : file.size, state];
  return <span class="facts">{facts.filter((part) => part !== '').join(' · ')}</span>;
}

function Speed({ tabIndex }: { readonly tabIndex: number }) {
  const text = useText().files;
  return (
    <button
      type="button"
      class="quiet small speed"
      tabIndex={tabIndex}
      aria-label={text.speed(player.speed)}
      title={text.speed(player.speed)}
      onClick={() => player.faster()}
    >
      {text.speedShown(player.speed)}
    </button>
  );
}

interface PositionProps extends FileProps {
  readonly at: number;
  readonly seek: (at: number) => void;
}

/** The loudness over its length, on which the position is chosen. */
function Position({ file, tabIndex, at, seek }: PositionProps) {
  const label = useText().files.position(file.name);
  const { wave } = file;
  return (
    <div class={wave.length > 0 ? 'position with-wave' : 'position'}>
      {wave.length > 0 && <Wave levels={wave} at={at} />}
      <input
        type="range"
        min={0}
        max={1}
        step={0.01}
        value={at}
        tabIndex={tabIndex}
        aria-label={label}
        disabled={file.state === 'gone'}
        onKeyDown={ownKeys}
        onInput={(event) => seek(Number(event.currentTarget.value))}
      />
    </div>
  );
}
