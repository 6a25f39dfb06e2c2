import type { MemberInfo } from '@gochat/client/methods';
import type { MemberMark } from '../words/status.ts';

/** What a screen shows about a member beside their name. */
export function marksOf(
  { self, role }: Pick<MemberInfo, 'self' | 'role'>,
  { verified, ignored, here }: Readonly<Record<'verified' | 'ignored' | 'here', boolean>>,
): MemberMark[] {
  const roles = {
    admin: role === 'admin',
    moderator: role === 'moderator',
    speaker: role === 'speaker',
    observer: role === 'observer',
  };
  const marks = { you: self, ...roles, verified, ignored, here };
  return (Object.keys(marks) as MemberMark[]).filter((mark) => marks[mark]);
}
