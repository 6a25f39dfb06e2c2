import { PREVIEW_LIMITS } from '@gochat/client/preview-limits';
import { trustedScript } from '../trusted-script.ts';
import type { MadePreview, PreviewRequest } from './preview.worker.ts';
import { address } from './preview.worker.ts?address';
import type { Bounds } from './small-picture.ts';

/** What a message may carry of a picture. */
const IN_MESSAGE: Bounds = PREVIEW_LIMITS;
const IN_TRAY: Bounds = { side: 160, bytes: 128 * 1024 };

/** A picture that isn't decoded by then never will be. */
const PATIENCE_MS = 20_000;
/** More bytes than this in one turn would be felt by whoever is typing. */
const PART_BYTES = 8 * 1024 * 1024;

/** See `PlatformFiles.makePreview`. */
export async function makePreview(bytes: Uint8Array): Promise<MadePreview | undefined> {
  return inWorker({ picture: await blobInTurns(bytes), ...IN_MESSAGE });
}

/** A picture to draw in the tray. */
export async function trayPicture(file: Blob): Promise<Blob | undefined> {
  const made = await inWorker({ picture: file, ...IN_TRAY });
  return made && new Blob([made.bytes]);
}

/** A worker for one picture: what a hostile one does to it ends with it. */
function inWorker(request: PreviewRequest): Promise<MadePreview | undefined> {
  const worker = new Worker(trustedScript(address), { type: 'module' });
  const answer = new Promise<MadePreview | undefined>((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<MadePreview | undefined>) => resolve(data);
    worker.onerror = () => resolve(undefined);
    setTimeout(() => resolve(undefined), PATIENCE_MS);
  });
  worker.postMessage(request);
  return answer.finally(() => worker.terminate());
}

async function blobInTurns(bytes: Uint8Array): Promise<Blob> {
  const parts: Blob[] = [];
  for (let at = 0; at < bytes.length; at += PART_BYTES) {
    if (at > 0) await new Promise((resolve) => setTimeout(resolve));
    parts.push(new Blob([bytes.subarray(at, at + PART_BYTES) as Uint8Array<ArrayBuffer>]));
  }
  return new Blob(parts);
}
