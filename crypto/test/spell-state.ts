const ORDER = [
  'v',
  'name',
  'topic',
  'admins',
  'mods',
  'speak',
  'voices',
  'mutes',
  'slow',
  'links',
  'history',
  'expire',
  'bans',
  'pair',
  'pins',
  'invites',
  'lastRemoveEpoch',
  'more',
];

/** @returns a room state in the canonical order, without the checks of the product: for states that members must refuse. */
export function spellRoomState(state: object): Uint8Array {
  const members = new Map(Object.entries(state));
  return new TextEncoder().encode(
    JSON.stringify(Object.fromEntries(ORDER.map((name) => [name, members.get(name)]))),
  );
}
