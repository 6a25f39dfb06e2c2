/** Verbs whose second argument is the id of a member, an invite, a device, a request or a knock. */
const SECOND_IS_ID = new Set([
  ...['remove', 'admin', 'role', 'mute', 'unmute', 'ban', 'unban', 'dm', 'safety'],
  ...['revoke', 'devices', 'compromised', 'requests', 'approve', 'decline'],
]);
/** The ids that people see: of rooms and invites in full, of members, invites and devices in short. Programs see device keys in full. */
const ROOM_ID = /^-[\w-]{21}$/;
const SHORT_ID = /^-[\w-]{7}$/;
const DEVICE_KEY = /^-[\w-]{42}$/;
/** Marks an argument that is no option. Arguments of a process can't contain it. */
const MARK = '\u0000';

/**
 * Marks the arguments that are ids, which may begin like an option, so that the parser takes them as they are.
 * @param flags the options of the verb, as they are written
 */
export function markIds(verb: string, args: readonly string[], flags: ReadonlySet<string>): string[] {
  const end = args.indexOf('--');
  return args.map((arg, i) => {
    if ((end !== -1 && i > end) || flags.has(arg)) return arg;
    const isSecond = SECOND_IS_ID.has(verb) && (SHORT_ID.test(arg) || DEVICE_KEY.test(arg));
    const isId = ROOM_ID.test(arg) || isSecond;
    return isId ? `${MARK}${arg}` : arg;
  });
}

export function unmark(arg: string): string {
  return arg.startsWith(MARK) ? arg.slice(MARK.length) : arg;
}
