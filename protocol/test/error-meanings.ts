import type { ErrorCode } from '../src/errors.ts';

/** What each error code means, as the document says it. It is not part of the code, because the page in a browser would load it. */
export const MEANINGS: Readonly<Record<ErrorCode, string>> = {
  malformed: 'The frame is not valid JSON or not a frame of this protocol.',
  oversize: 'The frame is larger than its type allows.',
  version:
    'Client and server speak different protocol versions. The message names both and says which side to upgrade.',
  'hello-first': 'The first frame must be hello, sent once and in time.',
  origin: 'The server does not serve the host name that was dialled.',
  'no-room': 'The server has no such room.',
  exists: 'The room id is taken.',
  refused: 'The proof is not valid for this key, room, connection and request.',
  retired: 'The access key is retired: prove a newer one.',
  'not-entered': 'This connection has not entered the room.',
  stale: 'Stale base: a newer handshake exists. Catch up and encrypt the message again.',
  conflict: 'Another handshake was appended first: catch up and make a new commit.',
  invite: 'The invite is unknown, or has ended.',
  'no-wrap': 'The invite is live, but no member has wrapped the key of the present GroupInfo for it yet.',
  invalid: 'The request contradicts the room or itself. The message says how.',
  'rate-limited': 'Too many requests from this connection or address, or in this room.',
  quiet: 'The room limits posts without a voice.',
  token: 'Creating a room on this server requires its token.',
  'not-offered': 'The server does not offer this.',
  closed: 'An admin has closed the room.',
  full: 'A limit of the server is reached.',
  slow: 'The client reads too slowly, or a frame of it took too long to arrive. The log has the entries that it missed.',
  unavailable: 'The log cannot be reached or did not answer. The outcome is unknown.',
  restarting: 'The server is stopping.',
  internal: 'Internal error of the server. The outcome is unknown.',
};
