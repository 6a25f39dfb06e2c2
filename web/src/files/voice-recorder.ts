import { waveOf } from './wave.ts';

/** The first that the browser can record. */
const TYPES = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'];
const BITS_PER_SECOND = 24_000;
/** The longest recording. */
const LONGEST_MS = 10 * 60_000;
/** The loudness is measured this often. */
const MEASURED_MS = 100;
const NAMES: Readonly<Record<string, string>> = {
  'audio/webm': 'voice.webm',
  'audio/mp4': 'voice.m4a',
  'audio/ogg': 'voice.ogg',
};

export interface Recording {
  readonly file: File;
  readonly ms: number;
  /** 64 levels from 0 to 255. */
  readonly wave: readonly number[];
}

/** Why nothing can be recorded. */
export type NoRecording = 'refused' | 'no-microphone' | 'failed';

interface Listener {
  /** Is called ten times a second. @param level from 0 to 1 */
  measured(ms: number, level: number): void;
  /** The recording ended before it was stopped: it has its full length, or the microphone is gone. */
  ended(): void;
}

/** One voice message while it is recorded. */
export class VoiceRecorder {
  readonly #stream: MediaStream;
  readonly #recorder: MediaRecorder;
  readonly #sound: AudioContext;
  readonly #parts: Blob[] = [];
  readonly #levels: number[] = [];
  readonly #startedAt = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #stopped: Promise<void>;
  #ms = 0;

  private constructor(stream: MediaStream, type: string, listener: Listener) {
    this.#stream = stream;
    this.#recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: BITS_PER_SECOND });
    this.#sound = new AudioContext();
    const levelNow = meterOf(this.#sound, stream);
    this.#recorder.ondataavailable = ({ data }) => this.#parts.push(data);
    this.#stopped = new Promise((resolve) => {
      this.#recorder.onstop = () => {
        this.#release();
        resolve();
      };
    });
    this.#recorder.onerror = () => listener.ended();
    for (const track of stream.getTracks()) track.onended = () => listener.ended();
    this.#timer = setInterval(() => {
      this.#ms = performance.now() - this.#startedAt;
      const level = levelNow();
      this.#levels.push(level);
      listener.measured(this.#ms, level);
      if (this.#ms >= LONGEST_MS) listener.ended();
    }, MEASURED_MS);
    this.#recorder.start(1000);
  }

  /** Asks for the microphone and begins. */
  static async start(listener: Listener): Promise<VoiceRecorder | NoRecording> {
    const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one));
    if (type === undefined) return 'failed';
    try {
      const audio = { channelCount: 1, echoCancellation: true, noiseSuppression: true };
      const stream = await navigator.mediaDevices.getUserMedia({ audio });
      return new VoiceRecorder(stream, type, listener);
    } catch (error) {
      return whyNot(error);
    }
  }

  /** Ends the recording, and gives the microphone back. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#recorder.state !== 'inactive') this.#recorder.stop();
    await this.#stopped;
  }

  /** What was recorded until its end. @returns undefined when it is too short to hold anything */
  recording(): Recording | undefined {
    const [type = ''] = this.#recorder.mimeType.split(';');
    const ms = Math.round(this.#ms);
    const file = new File(this.#parts, NAMES[type] ?? 'voice', { type });
    return file.size === 0 || ms === 0 ? undefined : { file, ms, wave: waveOf(this.#levels) };
  }

  /** The browser shows that the page listens until all of this has ended. */
  #release(): void {
    for (const track of this.#stream.getTracks()) track.stop();
    void this.#sound.close();
  }
}

/** @returns what measures the present loudness, from 0 to 1 */
function meterOf(sound: AudioContext, stream: MediaStream): () => number {
  const meter = sound.createAnalyser();
  meter.fftSize = 2048;
  sound.createMediaStreamSource(stream).connect(meter);
  const samples = new Float32Array(meter.fftSize);
  return () => {
    meter.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    // Speech has a tenth of full loudness: as people hear it, that is the middle of the scale.
    return Math.min(1, Math.sqrt(Math.sqrt(power)) * 1.5);
  };
}

function whyNot(error: unknown): NoRecording {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused';
  return name === 'NotFoundError' || name === 'OverconstrainedError' ? 'no-microphone' : 'failed';
}
