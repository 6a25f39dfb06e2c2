import type { Kept } from '@gochat/crypto/content';
import type { RecordChange } from '../store/records.ts';
import { KeptStore } from './kept-store.ts';

/**
 * What an empty profile is given as a new device of a person: to be written in one transaction with the person's identity. The
 * {@link DeviceSync} that is opened after that joins the self rooms and the rooms of all tickets.
 * @param own this device
 */
export function seeded(
  kept: readonly Kept[],
  own: { readonly device: string; readonly label: string; readonly limited: boolean; readonly now: number },
): RecordChange {
  const { device, label, limited, now } = own;
  const store = new KeptStore(device);
  for (const entry of kept) store.take(entry, undefined);
  store.set('device', device, { label, since: now, ...(limited && { limited: true }) }, now);
  return store.change();
}
