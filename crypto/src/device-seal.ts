import { concatBytes, type Env, utf8 } from './primitives.ts';
import { VaultError } from './vault-error.ts';

/** A non-extractable key of the browser. Only this origin can use and store it; its bytes can't be read, not even by the page. */
export type DeviceKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** A profile's key as the browser stores it. */
export interface DeviceSeal {
  readonly device: DeviceKey;
  readonly sealed: Uint8Array;
}

const IV_BYTES = 12;
const PURPOSE = utf8('gochat/device-seal/1');
/** IVs are random, and each device key encrypts only once, so no IV repeats under a key. */
const AES_GCM = 'AES-GCM';

/** Seals a profile's 32-byte key under a device key made for it (AES-256-GCM of WebCrypto). */
export async function sealOnDevice(key: Uint8Array, env: Pick<Env, 'random'>): Promise<DeviceSeal> {
  const device = await crypto.subtle.generateKey({ name: AES_GCM, length: 256 }, false, [
    'encrypt',
    'decrypt',
  ]);
  const iv = env.random(IV_BYTES);
  const box = await crypto.subtle.encrypt(parameters(iv), device, new Uint8Array(key));
  return { device, sealed: concatBytes(iv, new Uint8Array(box)) };
}

/** @throws VaultError `damaged` */
export async function openOnDevice({ device, sealed }: DeviceSeal): Promise<Uint8Array> {
  try {
    const box = new Uint8Array(sealed.subarray(IV_BYTES));
    return new Uint8Array(await crypto.subtle.decrypt(parameters(sealed.subarray(0, IV_BYTES)), device, box));
  } catch {
    throw new VaultError('damaged', 'key');
  }
}

function parameters(iv: Uint8Array) {
  return { name: AES_GCM, iv: new Uint8Array(iv), additionalData: new Uint8Array(PURPOSE) };
}
