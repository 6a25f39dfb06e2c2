import type { AttachedFile } from '@gochat/view/actions';
import { attached, readText } from './attached.ts';

interface PickOptions {
  readonly many: boolean;
  /** Takes a picture instead, where the device can. */
  readonly camera: boolean;
}

/** Lets the user pick files, for the view: call it while a click or a key press is handled. @returns none when none was picked */
export async function pickFiles(camera: boolean): Promise<readonly AttachedFile[]> {
  return (await picked({ many: !camera, camera })).map((file) => attached(file));
}

/** See `Platform.pickText`. */
export async function pickText(): Promise<{ readonly name: string; readonly text: string } | undefined> {
  const [file] = await picked({ many: false, camera: false });
  return file && readText(file);
}

function picked({ many, camera }: PickOptions): Promise<readonly File[]> {
  return new Promise((resolve) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.multiple = many;
    if (camera) {
      input.accept = 'image/*';
      input.setAttribute('capture', 'environment');
    }
    input.oncancel = () => resolve([]);
    input.onchange = () => resolve([...(input.files ?? [])]);
    input.click();
  });
}
