import { useEffect, useRef, useState } from 'preact/hooks';

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
  /** The address that is to be revoked: also one that nothing has drawn yet. */
  const open = useRef<string | undefined>(undefined);
  const revoke = () => {
    if (open.current !== undefined) URL.revokeObjectURL(open.current);
    open.current = undefined;
  };
  const has = made?.id === id;
  useEffect(() => {
    if (has) return;
    let isOver = false;
    void load().then((blob) => {
      if (isOver || blob === undefined) return;
      revoke();
      open.current = URL.createObjectURL(blob);
      setMade({ id, url: open.current });
    });
    return () => {
      isOver = true;
    };
  }, [id, has || again]);
  useEffect(() => revoke, []);
  return has ? made.url : undefined;
}
