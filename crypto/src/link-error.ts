/** The text contains no invite link. The error doesn't contain the text, because the text may contain the secret. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  readonly code: /** There is no link in the text. */
    | 'form'
    | 'scheme'
    /** There is a user name in the address. */
    | 'user'
    /** There is a web address, without an invite. */
    | 'fragment'
    /** A part of the invite is missing or changed. */
    | 'damaged'
    /** A browser has requested the link from its server, secret included. */
    | 'exposed'
    /** It is a link that lets one join a room, makes a device one of its person's, or recovers a profile: not what was wanted. */
    | 'for-joining'
    | 'for-device'
    | 'for-recovery'
    /** It leads members of a room to a message, and lets nobody in. */
    | 'for-message';
  constructor(code: LinkError['code']) {
    super(code);
    this.code = code;
  }
}
