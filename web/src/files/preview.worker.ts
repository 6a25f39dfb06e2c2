import { shownPicture } from '@gochat/client/picture';
import { thumbFrom } from '@gochat/client/thumb';
import { type Bounds, smallPicture } from './small-picture.ts';

/** Makes one small picture off the page's thread. */

/** What the page sends. */
export interface PreviewRequest extends Bounds {
  readonly picture: Blob;
}

/** What it gets back, or undefined: the smaller picture, the size of the whole one as it is shown, and its ThumbHash. */
export interface MadePreview {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly w: number;
  readonly h: number;
  readonly thumb: string;
}

// The platform's types for workers and for pages exclude each other.
interface Scope {
  onmessage: ((event: MessageEvent<PreviewRequest>) => void) | null;
  postMessage(answer: MadePreview | undefined): void;
}
const scope = self as unknown as Scope;

scope.onmessage = ({ data }) => {
  make(data).then(
    (made) => scope.postMessage(made),
    () => scope.postMessage(undefined),
  );
};

/** The size is read from the header before anything is decoded: a few bytes can claim a picture that fills the memory. */
async function make({ picture, ...bounds }: PreviewRequest): Promise<MadePreview | undefined> {
  const bytes = new Uint8Array(await picture.arrayBuffer());
  const whole = shownPicture(bytes);
  if (whole === undefined) return undefined;
  const small = await smallPicture(new Blob([bytes], { type: whole.type }), bounds);
  if (small === undefined) return undefined;
  const { rgba, width, height } = small.tiny;
  const thumb = thumbFrom(rgba, width, height);
  return { bytes: small.bytes, w: whole.width, h: whole.height, thumb };
}
