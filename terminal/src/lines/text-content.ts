import type { Params } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/open';

/** A text as it is sent to a room, with the members whom it mentions. @throws ChatError */
export async function textContent(
  profile: Profile,
  room: string,
  text: string,
): Promise<Extract<Params<'queue'>['content'], { readonly kind: 'text' }>> {
  if (!text.includes('@')) return { kind: 'text', text };
  const [{ mentionsIn }, { callableOf }, members] = await Promise.all([
    import('@gochat/view/markdown'),
    import('@gochat/view/mentions'),
    profile.call('members', { room }),
  ]);
  const mentions = mentionsIn(text, callableOf(members));
  return { kind: 'text', text, ...(mentions.length > 0 && { mentions }) };
}
