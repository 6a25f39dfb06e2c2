/** The operation is not possible in this state of the room. */
export class RoomError extends Error {
  override readonly name = 'RoomError';
  readonly code: /** This device can't send or commit now. */
    | 'not-active'
    /** The room's policy is of a newer version than this software's. */
    | 'newer-rules'
    /** Other members may be in an epoch that this device can't follow. For some minutes it makes no handshake. */
    | 'change-unconfirmed'
    /** What the server keeps for joiners isn't as the user has seen it. */
    | 'differs'
    | 'not-admin'
    /** Only admins and moderators may do it. */
    | 'not-staff'
    /** Only admins and moderators may make invites here. */
    | 'links-staff'
    /** In a direct room nobody else comes in, and nobody is removed, deposed or silenced. */
    | 'direct-room'
    /** This device is an admin by its identity, but doesn't have the admin key. */
    | 'admin-key-missing'
    | 'last-admin'
    | 'not-member'
    | 'no-such-member'
    | 'self-removal'
    /** Another handshake of this device is pending. */
    | 'pending'
    | 'too-large'
    | 'invites-full'
    | 'admins-full'
    | 'moderators-full'
    /** Of those who have a voice, or who are muted. */
    | 'voices-full'
    | 'bans-full'
    | 'pins-full'
    | 'full'
    /** The GroupInfo or wrapped key that the server keeps for the invite is damaged or missing. */
    | 'bad-invite'
    /** The GroupInfo is of another room or founder than the link. */
    | 'other-room'
    | 'invite-revoked'
    | 'no-such-invite'
    /** Another admin or moderator has let this person in, or declined. */
    | 'knock-decided'
    | 'banned'
    /** This person has a leaf in the room that this device can't replace. */
    | 'still-member'
    | 'bad-group'
    /** A newer version of this software stored the room. */
    | 'stored-newer';
  constructor(code: RoomError['code'], options?: ErrorOptions) {
    super(code, options);
    this.code = code;
  }
}
