import { labelsOf, showDevices } from './devices.ts';
import { linkDevice, resumeLinking } from './linking.ts';

/** The dialogs about a person's devices, as one part that is loaded apart. */
export const deviceCode = { labelsOf, linkDevice, resumeLinking, showDevices };
