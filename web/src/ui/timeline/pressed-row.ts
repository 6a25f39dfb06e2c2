const ROW = '[data-key]';
const PRESSED = '[data-pressed]';

/**
 * Marks the row that a pointer pressed last, until the focus goes to another row or to a field of the page. Keys typed after a press are
 * meant for the message field: they are no commands.
 * @returns a function that ends this
 */
export function followPressedRow(): () => void {
  const forget = () => {
    for (const row of document.querySelectorAll<HTMLElement>(PRESSED)) delete row.dataset.pressed;
  };
  const onPointerDown = ({ target }: PointerEvent) => {
    const row = target instanceof Element ? target.closest<HTMLElement>(ROW) : null;
    if (row === null) return;
    forget();
    row.dataset.pressed = '';
  };
  const onFocusIn = ({ target }: FocusEvent) => {
    if (!(target instanceof Element) || target.closest('dialog') !== null || isInPressedRow(target)) return;
    if (target.closest(ROW) !== null || target.matches(':read-write')) forget();
  };
  document.addEventListener('pointerdown', onPointerDown, true);
  document.addEventListener('focusin', onFocusIn);
  return () => {
    document.removeEventListener('pointerdown', onPointerDown, true);
    document.removeEventListener('focusin', onFocusIn);
  };
}

/** Whether an element is in the row that a pointer pressed last. */
export function isInPressedRow(element: EventTarget | null): boolean {
  return element instanceof Element && element.closest(PRESSED) !== null;
}
