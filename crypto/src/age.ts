import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption';
import { AgeError } from './age-error.ts';
import { derive } from './primitives.ts';

/** For whom a file is encrypted: whoever has a passphrase, or the recipients, which begin with `age1`. The format allows no passphrase beside recipients. */
export type AgeRecipients = { readonly passphrase: string } | { readonly recipients: readonly string[] };

/** What opens a file: a passphrase, or identities, which begin with `AGE-SECRET-KEY-1`. */
export type AgeOpeners = { readonly passphrase: string } | { readonly identities: readonly string[] };

/**
 * Encrypts a file in the age format (https://age-encryption.org/v1), in chunks of 64 KiB. @throws AgeError `recipient` if one is none
 */
export async function encryptFile(
  plain: ReadableStream<Uint8Array>,
  to: AgeRecipients,
): Promise<ReadableStream<Uint8Array>> {
  const encrypter = new Encrypter();
  if ('passphrase' in to) encrypter.setPassphrase(to.passphrase.normalize('NFKC'));
  else for (const recipient of to.recipients) addRecipient(encrypter, recipient);
  return encrypter.encrypt(plain);
}

/** @throws AgeError `recipient` */
function addRecipient(encrypter: Encrypter, recipient: string): void {
  try {
    encrypter.addRecipient(recipient.trim());
  } catch (cause) {
    throw new AgeError('recipient', { cause });
  }
}

/**
 * Decrypts a file in the age format. What the stream gives is what was encrypted, from the beginning on; that all of it came is certain only
 * when the stream has ended without an error.
 * @throws AgeError `identity` if one is none; `key` if none of them opens the file; `damaged` if it isn't in the format. The stream fails with `damaged` at a chunk that was changed or cut.
 */
export async function decryptFile(
  file: ReadableStream<Uint8Array>,
  by: AgeOpeners,
): Promise<ReadableStream<Uint8Array>> {
  const decrypter = new Decrypter();
  if ('passphrase' in by) decrypter.addPassphrase(by.passphrase.normalize('NFKC'));
  else for (const identity of by.identities) addIdentity(decrypter, identity);
  try {
    return failsAsAge(await decrypter.decrypt(file));
  } catch (cause) {
    const isLocked = cause instanceof Error && cause.message.startsWith(NO_KEY);
    throw new AgeError(isLocked ? 'key' : 'damaged', { cause });
  }
}

/** How the library's error begins when a file is for somebody else, or the passphrase is another one. */
const NO_KEY = 'no identity matched';

/** @throws AgeError `identity` */
function addIdentity(decrypter: Decrypter, identity: string): void {
  try {
    decrypter.addIdentity(identity.trim());
  } catch (cause) {
    throw new AgeError('identity', { cause });
  }
}

function failsAsAge(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (cause) {
        controller.error(cause instanceof AgeError ? cause : new AgeError('damaged', { cause }));
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** What opens a person's backups, and for whom they are encrypted. */
export interface RecoveryKeys {
  /** Opens them: `AGE-SECRET-KEY-1…`. */
  readonly identity: string;
  /** Only encrypts: `age1…`. Whoever makes backups needs nothing else. */
  readonly recipient: string;
}

/** @param secret of a recovery code, 16 bytes. The same secret always gives the same keys. */
export async function recoveryKeys(secret: Uint8Array): Promise<RecoveryKeys> {
  const identity = bech32('age-secret-key-', derive(secret, 'gochat/recovery/age/1')).toUpperCase();
  return { identity, recipient: await identityToRecipient(identity) };
}

const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** @returns the bytes in Bech32 (BIP 173), of any length. @param prefix in lower case */
function bech32(prefix: string, bytes: Uint8Array): string {
  const data = fives(bytes);
  const chars = [...prefix].map((char) => char.charCodeAt(0));
  const expanded = [...chars.map((code) => code >> 5), 0, ...chars.map((code) => code & 31)];
  const sum = checksum([...expanded, ...data, 0, 0, 0, 0, 0, 0]) ^ 1;
  const check = Array.from({ length: 6 }, (_, i) => (sum >> (5 * (5 - i))) & 31);
  return `${prefix}1${[...data, ...check].map((value) => LETTERS[value]).join('')}`;
}

/** @returns the bits in groups of five; the last one is filled with zeros */
function fives(bytes: Uint8Array): number[] {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((group) => Number.parseInt(group.padEnd(5, '0'), 2));
}

function checksum(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    for (const [i, term] of GENERATOR.entries()) if ((top >> i) & 1) sum ^= term;
  }
  return sum;
}
