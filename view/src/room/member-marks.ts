import type { MemberInfo } from '@gochat/client/methods';
import type { MemberMark } from '../words/status.ts';

/** What a screen shows about a member beside their name. */
export function marksOf(
  { self, admin }: Pick<MemberInfo, 'self' | 'admin'>,
  { verified, ignored, here }: Readonly<Record<'verified' | 'ignored' | 'here', boolean>>,
): MemberMark[] {
  const marks = { you: self, admin, verified, ignored, here };
  return (Object.keys(marks) as MemberMark[]).filter((mark) => marks[mark]);
}
