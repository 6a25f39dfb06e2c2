/** A rectangle of the screen that reacts to clicks: what it is, and an id for each of its rows. */
export interface Zone {
  readonly what: 'room' | 'member' | 'row' | 'nick' | 'completion' | 'dialog';
  readonly left: number;
  /** The first column past it. */
  readonly right: number;
  readonly top: number;
  readonly ids: readonly (string | undefined)[];
}

/** The zone at a cell, and the id of its row there. @param zones those in front come last */
export function zoneAt(
  zones: readonly Zone[],
  row: number,
  column: number,
): { readonly what: Zone['what']; readonly id: string | undefined } | undefined {
  const zone = zones.findLast(
    ({ left, right, top, ids }) => column >= left && column < right && row >= top && row < top + ids.length,
  );
  return zone && { what: zone.what, id: zone.ids[row - zone.top] };
}
