// How the page's scripts are bundled, for the build and for the test of the bundle.

import { readFileSync } from 'node:fs';

/** Modules that the MLS library loads for other cipher suites, or on platforms without Web Crypto. */
const NEVER_LOADED = new Set([
  '@hpke/chacha20poly1305',
  '@hpke/dhkem-x448',
  '@hpke/hybridkem-x-wing',
  '@hpke/ml-kem',
  '@noble/curves/ed448.js',
  '@noble/curves/nist.js',
  '@noble/post-quantum/ml-dsa.js',
  'crypto',
]);
/** Modules that the page uses, and that the MLS library loads only for another cipher suite, or where there is no Web Crypto. */
const LOADED_ELSEWHERE = new Set(['@noble/ciphers/chacha.js', '@noble/curves/ed25519.js']);
const MLS = /node_modules\/ts-mls\//;
/** Part of the HPKE library's main module, for key exchange over the NIST curves. */
const NEVER_MADE = /dhkemPrimitives\/ec\.js$/;
/** What the age library has for kinds of recipients that a page never makes backups for. */
const OTHER_RECIPIENTS = new Set(['@noble/post-quantum/hybrid.js', '@noble/curves/nist.js']);
/** A copy for the age library: what it uses of a module that each page loads first is loaded with it. */
const OWN = '\0age:';
const AGE = /node_modules\/age-encryption\//;
const NOTHING = '\0no-such-suite';
const NO_CURVE = '\0no-such-curve';
const NO_RECIPIENT = '\0no-such-recipient';
const THROW = "throw new Error('this page supports one cipher suite');";
const STANDINS = new Map([
  [NOTHING, THROW],
  [NO_RECIPIENT, 'export const [MLKEM768P256, MLKEM768X25519, p256] = [{}, {}, {}];'],
  [NO_CURVE, `export class Ec { constructor() { ${THROW} } }`],
]);

const oneSuite = {
  name: 'one-suite',
  async resolveId(id, importer = '') {
    if (id === '@scure/base' && AGE.test(importer)) {
      const found = await this.resolve(id, importer, { skipSelf: true });
      return found && `${OWN}${found.id}`;
    }
    if (OTHER_RECIPIENTS.has(id) && AGE.test(importer)) return NO_RECIPIENT;
    if (NEVER_LOADED.has(id) || (LOADED_ELSEWHERE.has(id) && MLS.test(importer))) return NOTHING;
    return NEVER_MADE.test(id) ? NO_CURVE : null;
  },
  load: (id) =>
    id.startsWith(OWN) ? readFileSync(id.slice(OWN.length), 'utf8') : (STANDINS.get(id) ?? null),
};

const WORKER = '\0worker:';

const ASKED = '?address';

/** Makes `import { address } from './x.worker.ts?address'` the address of a bundle of that module, to start a module worker with. */
export const workers = {
  name: 'workers',
  async resolveId(id, importer) {
    if (!id.endsWith(ASKED)) return null;
    const found = await this.resolve(id.slice(0, -ASKED.length), importer, { skipSelf: true });
    return found === null ? null : `${WORKER}${found.id}`;
  },
  load(id) {
    if (!id.startsWith(WORKER)) return null;
    const reference = this.emitFile({ type: 'chunk', id: id.slice(WORKER.length), name: 'worker' });
    return `export const address = import.meta.ROLLUP_FILE_URL_${reference};`;
  },
};

/** Options of rolldown for these entries. The output stays in memory. */
export function browserBundle(input) {
  return {
    input,
    platform: 'browser',
    write: false,
    logLevel: 'warn',
    plugins: [oneSuite, workers],
    // The first versions whose Web Crypto has X25519, which GoChat's MLS cipher suite needs.
    transform: { target: ['chrome133', 'firefox130', 'safari17.2'] },
    output: {
      format: 'esm',
      minify: true,
      entryFileNames: 'assets/[name]-[hash].js',
      chunkFileNames: 'assets/[name]-[hash].js',
    },
  };
}
