import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, crypto } from 'acme-client';
import type { Logger } from 'pino';
import type { Certificate } from './listen.ts';

/** For which domain, and from whom. */
export interface AcmeSettings {
  readonly domain: string;
  /** The certificate authority's directory (RFC 8555, section 7.1.1). */
  readonly directory: string;
  /** Whom the authority may write to. */
  readonly email?: string;
}

export interface AutoCertificateOptions extends AcmeSettings {
  /** Where keys and certificates are kept; made when it is absent, for its owner only. */
  readonly folder: string;
  readonly logger: Logger;
  /** Shows this certificate to who asks for `acme-tls/1` (RFC 8737); to nobody, if undefined. */
  readonly prove: (challenge: Certificate | undefined) => void;
  /** Takes the first certificate and every newer one. */
  readonly use: (certificate: Certificate) => void;
  readonly now?: () => number;
}

interface Account {
  /** Of the authority. */
  readonly directory: string;
  readonly key: string;
  /** By which the authority knows it. */
  readonly url?: string;
}

/** An authority allows five failures an hour, so that the sixth try comes later than that. */
const FIRST_WAIT_MS = 2 * 60_000;
const LONGEST_WAIT_MS = 12 * 3600_000;
/** Timers don't count while a machine sleeps. */
const LOOK_MS = 6 * 3600_000;

/** Has a certificate of a domain at all times: gets it, keeps it in a folder, and renews it when a third of its time is left. */
export class AutoCertificate {
  readonly #options: AutoCertificateOptions;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #stopped = false;
  #looking: Promise<void> | undefined;

  constructor(options: AutoCertificateOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Uses what is kept. @returns whether there was one that is valid; {@link look} gets one otherwise */
  async resume(): Promise<boolean> {
    const kept = await this.#kept();
    if (kept === undefined || validity(kept).until <= this.#now()) return false;
    this.#options.use(kept);
    return true;
  }

  /** Gets a certificate if it is time to, and looks again by itself. Failures are logged, and tried again behind a growing pause. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#options.prove(undefined);
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    const { domain, logger } = this.#options;
    let wait = LOOK_MS;
    try {
      const kept = await this.#kept();
      if (kept === undefined || isDue(kept, this.#now())) {
        logger.info({ domain }, 'getting a certificate');
        const certificate = await this.#order();
        await this.#keep(certificate);
        if (this.#stopped) return;
        this.#options.use(certificate);
        logger.info({ domain, until: new Date(validity(certificate).until) }, 'got a certificate');
      }
      this.#failures = 0;
    } catch (error) {
      if (this.#stopped) return;
      wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
      this.#failures += 1;
      logger.error(
        { domain, reason: reasonOf(error), againInSec: wait / 1000 },
        'no certificate could be had: the domain must lead here, on port 443',
      );
    }
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.look(), wait);
    this.#timer.unref();
  }

  /** @returns a new certificate and its key (RFC 8555, sections 7.3 to 7.4.2) */
  async #order(): Promise<Certificate> {
    const { domain, email, prove } = this.#options;
    const account = await this.#account();
    const client = new Client({
      directoryUrl: this.#options.directory,
      accountKey: account.key,
      ...(account.url === undefined ? {} : { accountUrl: account.url }),
    });
    const [key, csr] = await crypto.createCsr(
      { commonName: domain, altNames: [domain] },
      await crypto.createPrivateEcdsaKey('P-256'),
    );
    try {
      if (account.url === undefined) {
        await client.createAccount({
          termsOfServiceAgreed: true,
          ...(email === undefined ? {} : { contact: [`mailto:${email}`] }),
        });
        // At once: an authority does not take the same key for a new account again.
        await this.#write(this.#accountFile, JSON.stringify({ ...account, url: client.getAccountUrl() }));
      }
      const cert = await client.auto({
        csr,
        challengePriority: ['tls-alpn-01'],
        // Seen from here the domain may lead elsewhere, or nowhere.
        skipChallengeVerification: true,
        challengeCreateFn: async (authorization, challenge, keyAuthorization) => {
          // The library's types know two of the three kinds.
          if (String(challenge.type) !== 'tls-alpn-01')
            throw new Error('the authority offers no tls-alpn-01');
          const [proofKey, proof] = await crypto.createAlpnCertificate(authorization, keyAuthorization);
          prove({ key: proofKey.toString(), cert: proof.toString() });
        },
        challengeRemoveFn: async () => undefined,
      });
      return { key: key.toString(), cert };
    } catch (error) {
      // It may not know the account any more: the next try makes another.
      if (account.url !== undefined && error instanceof Error && /account/i.test(error.message))
        await rm(this.#accountFile, { force: true });
      throw error;
    } finally {
      prove(undefined);
    }
  }

  get #accountFile(): string {
    return join(this.#options.folder, 'account.json');
  }

  /** The account at this authority; a new one has no address yet, and is kept before it is used. */
  async #account(): Promise<Account> {
    const kept = await this.#keptAccount();
    if (kept !== undefined) return kept;
    const { directory } = this.#options;
    const account = { directory, key: (await crypto.createPrivateEcdsaKey('P-256')).toString() };
    await this.#write(this.#accountFile, JSON.stringify(account));
    return account;
  }

  async #keptAccount(): Promise<Account | undefined> {
    const text = await readIfThere(this.#accountFile);
    if (text === undefined) return undefined;
    try {
      const account = JSON.parse(text) as Account;
      return account.directory === this.#options.directory ? account : undefined;
    } catch {
      // Not told: the error would quote the key.
      return undefined;
    }
  }

  /** Its authority, the key and the chain are one file, so that they always belong together. */
  get #file(): string {
    return join(this.#options.folder, `${this.#options.domain}.pem`);
  }

  /** Of this authority, and only a certificate that goes with its key. */
  async #kept(): Promise<Certificate | undefined> {
    const text = await readIfThere(this.#file);
    const authority = `${this.#options.directory}\n`;
    const at = text?.indexOf(CERTIFICATE) ?? -1;
    if (!text?.startsWith(authority) || at < 0) return undefined;
    const kept = { key: text.slice(authority.length, at), cert: text.slice(at) };
    return isWhole(kept) ? kept : undefined;
  }

  #keep({ key, cert }: Certificate): Promise<void> {
    return this.#write(this.#file, `${this.#options.directory}\n${key.trimEnd()}\n${cert}`);
  }

  async #write(file: string, text: string): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
    await writeFile(`${file}.new`, text, { mode: 0o600, flush: true });
    await rename(`${file}.new`, file);
  }
}

const CERTIFICATE = '-----BEGIN CERTIFICATE-----';

function isWhole({ key, cert }: Certificate): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** Since when and until when, in milliseconds since 1970. */
function validity({ cert }: Certificate): { readonly from: number; readonly until: number } {
  const { validFrom, validTo } = new X509Certificate(cert);
  return { from: Date.parse(validFrom), until: Date.parse(validTo) };
}

function isDue(certificate: Certificate, now: number): boolean {
  const { from, until } = validity(certificate);
  return until - now <= (until - from) / 3;
}

/** The words alone: what else the library's errors carry are whole requests. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
