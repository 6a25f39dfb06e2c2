import { useEffect, useRef, useState } from 'preact/hooks';

/**
 * Takes files that are dropped anywhere on the page, which must not replace it, as browsers do with it.
 * @param take undefined: no file can be taken now
 * @returns whether files that can be taken are dragged over the page
 */
export function useDrops(take: ((files: readonly File[]) => void) | undefined): boolean {
  const [dragged, setDragged] = useState(false);
  const taking = useRef(take);
  taking.current = take;
  useEffect(() => {
    const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') === true;
    const onDragOver = (event: DragEvent) => {
      if (!hasFiles(event) || event.dataTransfer === null) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = taking.current === undefined ? 'none' : 'copy';
      setDragged(true);
    };
    // The pointer goes nowhere when it leaves the window, and when the drag is cancelled.
    const onDragLeave = (event: DragEvent) => event.relatedTarget === null && setDragged(false);
    const onDrop = (event: DragEvent) => {
      setDragged(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      if (!hasFiles(event) && files.length === 0) return;
      event.preventDefault();
      if (files.length > 0) taking.current?.(files);
    };
    addEventListener('dragover', onDragOver);
    addEventListener('dragleave', onDragLeave);
    addEventListener('drop', onDrop);
    return () => {
      removeEventListener('dragover', onDragOver);
      removeEventListener('dragleave', onDragLeave);
      removeEventListener('drop', onDrop);
    };
  }, []);
  return dragged && take !== undefined;
}

/** Takes files that are pasted while the focus is in no field, which would take them itself. */
export function usePastedFiles(take: ((files: readonly File[]) => void) | undefined): void {
  useEffect(() => {
    if (take === undefined) return;
    const onPaste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      const isWriting = event.target instanceof Element && event.target.matches(':read-write');
      if (event.defaultPrevented || isWriting || files.length === 0) return;
      event.preventDefault();
      take(files);
    };
    addEventListener('paste', onPaste);
    return () => removeEventListener('paste', onPaste);
  });
}
