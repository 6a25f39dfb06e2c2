import { hpkeSuite } from '../hpke.ts';
import { equalBytes, expand, extract, hmac, messageCipher, messages, sha256 } from '../primitives.ts';
import { identityOf, type Verify, verifyCredential } from './credentials.ts';
import {
  type Capabilities,
  type CiphersuiteImpl,
  type ClientConfig,
  type ClientState,
  type CryptoProvider,
  defaultCapabilities,
  defaultCryptoProvider,
  defaultKeyPackageEqualityConfig,
  type Extension,
  type GroupContext,
  type GroupInfo,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  type LeafNode,
  makeGenericHpke,
  type PrivateMessage,
  type Proposal,
  type PublicMessage,
} from './library.ts';

/** This folder alone uses the MLS library: RFC 9420 with GoChat's cipher suite, providers and checks. It knows nothing about rooms. */
export type MlsState = ClientState;
export type { Extension, GroupContext, GroupInfo, LeafNode, PrivateMessage, Proposal, PublicMessage };

const SUITE = 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519';

/** Extension types in the private-use range (RFC 9420, section 17.3). */
export const EXTENSION = {
  genesis: 0xf7c1,
  roomState: 0xf7c2,
  joinKey: 0xf7c3,
  packs: 0xf7c5,
  office: 0xf7c6,
} as const;

/** Computes hashes, HKDF and the ciphers of messages without a WebCrypto round trip, which makes commits and joins 2 to 5 times faster. */
const provider: CryptoProvider = {
  async getCiphersuiteImpl(suite) {
    const base = await defaultCryptoProvider.getCiphersuiteImpl(suite);
    return {
      ...base,
      hpke: await makeHpke(),
      signature: { ...base.signature, ...messages },
      hash: {
        digest: async (data) => sha256(data),
        mac: async (key, data) => hmac(key, data),
        verifyMac: async (key, mac, data) => equalBytes(hmac(key, data), mac),
      },
      kdf: {
        extract: async (salt, ikm) => extract(salt, ikm),
        expand: async (prk, info, length) => expand(prk, info, length),
        size: 32,
      },
    };
  },
};

/** @returns {@link hpkeSuite} in the form that the MLS library uses */
async function makeHpke() {
  return makeGenericHpke(
    { kem: 'DHKEM-X25519-HKDF-SHA256', kdf: 'HKDF-SHA256', aead: 'AES128GCM' },
    messageCipher,
    hpkeSuite,
  );
}

const loading = getCiphersuiteImpl(getCiphersuiteFromName(SUITE), provider);

/** @returns the cipher suite's operations, including HPKE (RFC 9180). */
export function suite(): Promise<CiphersuiteImpl> {
  return loading;
}

export const capabilities: Capabilities = {
  ...defaultCapabilities(),
  ciphersuites: [SUITE],
  credentials: ['basic'],
  extensions: [EXTENSION.genesis, EXTENSION.roomState, EXTENSION.joinKey],
  proposals: [],
};

export const config = {
  // The log is totally ordered, so an entry is always of the epoch in which it is read.
  keyRetentionConfig: {
    retainKeysForGenerations: 10,
    retainKeysForEpochs: 1,
    maximumForwardRatchetSteps: 200,
  },
  lifetimeConfig: { maximumTotalLifetime: 10_000_000_000_000n, validateLifetimeOnReceive: false },
  keyPackageEqualityConfig: {
    ...defaultKeyPackageEqualityConfig,
    compareKeyPackageToLeafNode: ({ leafNode }, leaf) =>
      equalBytes(leafNode.signaturePublicKey, leaf.signaturePublicKey),
  },
  // The outer seal pads.
  paddingConfig: { kind: 'padUntilLength', padUntilLength: 0 },
} satisfies Omit<ClientConfig, 'authService'>;

/** @param verify of the suite, if none is given */
export function configOf(groupId: Uint8Array, verify?: Verify): ClientConfig {
  return {
    ...config,
    authService: {
      async validateCredential(credential, signaturePublicKey) {
        const ours = identityOf(credential);
        const verifies = verify ?? (await suite()).signature.verify;
        return ours !== undefined && (await verifyCredential(ours, groupId, signaturePublicKey, verifies));
      },
    },
  };
}
