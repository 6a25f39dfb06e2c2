import type { Linking, Methods, Params, Result } from '@gochat/client/methods';
import { WAIT_MS } from '../waits.ts';

/** Whatever answers requests of a profile. */
interface Asked {
  call<M extends keyof Methods>(method: M, params: Params<M>): Promise<Result<M>>;
}

/** @returns what the profile does once it is at one of these stages, or has ended without a device */
export async function untilStage<S extends Linking['stage']>(
  profile: Asked,
  ...stages: readonly S[]
): Promise<Extract<Linking, { stage: S | 'failed' }>> {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const linking = await profile.call('linking', {});
    if (linking.stage === 'failed' || stages.some((stage) => stage === linking.stage))
      return linking as Extract<Linking, { stage: S | 'failed' }>;
    if (Date.now() > end)
      throw new Error(`waited in vain for ${stages.join(' or ')}: ${JSON.stringify(linking)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Opens a link on one device, and types its digits on the other. @returns once both are done */
export async function links(
  from: Asked,
  to: Asked,
  { limited, label = 'phone' }: { readonly limited?: boolean; readonly label?: string } = {},
): Promise<void> {
  const { link } = await from.call('linkOffer', { ...(limited && { limited }), waitMs: WAIT_MS });
  const { digits } = await to.call('linkAccept', { link, label, waitMs: WAIT_MS });
  await untilStage(from, 'opened');
  await from.call('linkConfirm', { digits, waitMs: WAIT_MS });
  await untilStage(from, 'sent');
  await untilStage(to, 'joined');
}
