import { labelsOf, showDevices } from './devices.ts';
import { linkDevice, resumeLinking } from './linking.ts';
import { offerRecovery, showRecovery } from './recovery.ts';

/** The dialogs about a person's devices, as one part that is loaded apart. */
export const deviceCode = { labelsOf, linkDevice, offerRecovery, resumeLinking, showDevices, showRecovery };
