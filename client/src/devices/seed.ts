import type { Kept } from '@gochat/crypto/content';
import type { RecordChange } from '../store/records.ts';

/**
 * What an empty profile is given as a new device of a person: to be written in one transaction with the person's identity. The
 * {@link DeviceSync} that is opened after that joins the self rooms and the rooms of all tickets.
 * @param own this device
 */
export function seeded(
  _kept: readonly Kept[],
  _own: { readonly device: string; readonly label: string; readonly limited: boolean; readonly now: number },
): RecordChange {
  throw new Error('not built yet');
}
