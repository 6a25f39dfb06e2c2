/** For a control that uses arrow keys and letters itself, in a list whose arrow keys and letters go to its rows. */
export function ownKeys(event: KeyboardEvent): void {
  if (event.ctrlKey || event.altKey || event.metaKey || event.key === 'Escape' || event.key === 'Tab') return;
  event.stopPropagation();
}
