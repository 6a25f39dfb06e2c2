import { useEffect, useState } from 'preact/hooks';

/**
 * An address for bytes that are loaded: for `src` alone, never to be opened. It ends with the component.
 * @param id of what is loaded
 * @param again loads it again when it changes and nothing was loaded before
 */
export function useBlobUrl(
  id: string,
  again: unknown,
  load: () => Promise<Blob | undefined>,
): string | undefined {
  const [made, setMade] = useState<{ readonly id: string; readonly url: string } | undefined>(undefined);
  const has = made?.id === id;
  useEffect(() => {
    if (has) return;
    let isOver = false;
    void load().then((blob) => {
      if (!isOver && blob !== undefined) setMade({ id, url: URL.createObjectURL(blob) });
    });
    return () => {
      isOver = true;
    };
  }, [id, has || again]);
  useEffect(() => () => made && URL.revokeObjectURL(made.url), [made]);
  return has ? made.url : undefined;
}
