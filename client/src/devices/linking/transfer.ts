import type { DeviceContent, Kept } from '@gochat/crypto/content';
import { rightsFor } from '@gochat/crypto/device-transfer';
import type { Identity } from '@gochat/crypto/identity';
import { slices } from '../kept.ts';

/** What makes another device one of this person's, in messages that each fit into one. @param to its public device key, as base64url */
export function transferOf(
  who: Identity,
  kept: readonly Kept[],
  to: { readonly device: string; readonly limited: boolean; readonly name: string | undefined },
): Extract<DeviceContent, { kind: 'link' }>[] {
  const head = {
    ...rightsFor(who, to.device, to.limited),
    ...(to.name !== undefined && { name: to.name }),
  };
  const sets = kept.length === 0 ? [[]] : slices(kept);
  return sets.map((set, i) => ({
    kind: 'link',
    ...(i === 0 && head),
    set: [...set],
    ...(i < sets.length - 1 && { more: true as const }),
  }));
}
