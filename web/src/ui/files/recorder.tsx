import { useEffect, useRef, useState } from 'preact/hooks';
import { type NoRecording, type Recording, VoiceRecorder } from '../../files/voice-recorder.ts';
import { Icon } from '../icons.tsx';
import { useWords } from '../words.ts';
import { Wave } from './wave-bars.tsx';

interface RecorderProps {
  /** The recording; undefined when it was deleted, or nothing can be recorded. */
  readonly done: (recording: Recording | undefined) => void;
}

/** How many of the last levels are shown. */
const SHOWN = 64;

type State = 'starting' | 'recording' | 'ended' | NoRecording;

/** Records a voice message in the place of the message field. */
export function RecorderView({ done }: RecorderProps) {
  const words = useWords().text;
  const text = words.web.voice;
  const { state, ms, levels, finish } = useRecorder(done);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => [...(box.current?.querySelectorAll('button') ?? [])].at(-1)?.focus(), [state]);
  const said: Readonly<Record<State, string>> = {
    starting: text.starting,
    recording: text.recording,
    ended: text.ended,
    refused: text.refused,
    'no-microphone': text.noMicrophone,
    failed: text.failed,
  };
  const isRecorded = state === 'recording' || state === 'ended';
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
    void finish(false);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Esc is the key of all buttons inside
    <div class="recorder" ref={box} onKeyDown={onKeyDown}>
      <div class="field">
        <button
          type="button"
          class="quiet"
          aria-label={text.cancel}
          title={text.cancel}
          onClick={() => void finish(false)}
        >
          <Icon name={isRecorded ? 'bin' : 'close'} />
        </button>
        {isRecorded && (
          <>
            <span class={state === 'recording' ? 'light on' : 'light'} />
            <time>{words.files.length(ms)}</time>
            <Wave levels={levels} at={0} />
            <button
              type="button"
              class="accent"
              aria-label={text.send}
              title={text.send}
              onClick={() => void finish(true)}
            >
              <Icon name="send" />
            </button>
          </>
        )}
        {!isRecorded && <p class={state === 'starting' ? '' : 'error'}>{said[state]}</p>}
      </div>
      <p class={isRecorded ? 'typing' : 'hidden'} role="status">
        {said[state]}
      </p>
    </div>
  );
}

function useRecorder(done: RecorderProps['done']) {
  const [state, setState] = useState<State>('starting');
  const [ms, setMs] = useState(0);
  const [levels, setLevels] = useState<readonly number[]>(Array(SHOWN).fill(0));
  const recorder = useRef<VoiceRecorder | undefined>(undefined);
  useEffect(() => {
    let isLeft = false;
    const listener = {
      measured: (at: number, level: number) => {
        setMs(at);
        setLevels((before) => [...before.slice(1), level]);
      },
      ended: () => {
        setState('ended');
        void recorder.current?.end();
      },
    };
    void VoiceRecorder.start(listener).then((started) => {
      if (typeof started === 'string') return isLeft || setState(started);
      // It was left while the browser asked for the microphone.
      if (isLeft) return void started.end();
      recorder.current = started;
      setState('recording');
    });
    return () => {
      isLeft = true;
      void recorder.current?.end();
    };
  }, []);
  const finish = async (isSent: boolean) => {
    await recorder.current?.end();
    done(isSent ? recorder.current?.recording() : undefined);
  };
  return { state, ms, levels, finish };
}
