import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, crypto } from 'acme-client';
import type { Logger } from 'pino';
import type { Certificate } from './certificate.ts';

export interface AcmeSettings {
  readonly domain: string;
  /** The certificate authority's directory (RFC 8555, section 7.1.1). */
  readonly directory: string;
  /** Where the authority may send mail. */
  readonly email?: string;
}

export interface AutoCertificateOptions extends AcmeSettings {
  /** Where keys and certificates are stored. Created with mode 700 if it doesn't exist. */
  readonly folder: string;
  readonly logger: Logger;
  /** Answers `acme-tls/1` challenges (RFC 8737) with this certificate; undefined: answers none. */
  readonly answerChallenge: (challenge: Certificate | undefined) => void;
  /** Called with the first certificate and every renewed one. */
  readonly use: (certificate: Certificate) => void;
  readonly now?: () => number;
}

interface Account {
  /** The authority's directory. */
  readonly directory: string;
  readonly key: string;
  /** The account's address at the authority; absent: it isn't registered yet. */
  readonly url?: string;
}

/** Let's Encrypt allows five failures per hour: with this back-off the sixth try comes later than that. */
const FIRST_WAIT_MS = 2 * 60_000;
const LONGEST_WAIT_MS = 12 * 3600_000;
/** Timers stop while the machine sleeps, so the date is checked often. */
const CHECK_MS = 6 * 3600_000;

/** Gets a domain's certificate, stores it in a folder, and renews it when a third of its lifetime is left. */
export class AutoCertificate {
  readonly #options: AutoCertificateOptions;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #stopped = false;
  #checking: Promise<void> | undefined;

  constructor(options: AutoCertificateOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Uses the stored certificate. @returns false when there is none or it has expired; {@link check} gets one then */
  async resume(): Promise<boolean> {
    const stored = await this.#stored();
    if (stored === undefined || validity(stored).until <= this.#now()) return false;
    this.#options.use(stored);
    return true;
  }

  /** Gets a certificate if one is due, and schedules the next check. Failures are logged and retried with exponential back-off. */
  check(): Promise<void> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#options.answerChallenge(undefined);
  }

  async #check(): Promise<void> {
    clearTimeout(this.#timer);
    const { domain, logger } = this.#options;
    let wait = CHECK_MS;
    try {
      const stored = await this.#stored();
      if (stored === undefined || isDue(stored, this.#now())) {
        logger.info({ domain }, 'getting a certificate');
        const certificate = await this.#order();
        await this.#store(certificate);
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
        { domain, reason: reasonOf(error), retryInSec: wait / 1000 },
        'could not get a certificate: the domain must point to this server, on port 443',
      );
    }
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.check(), wait);
    this.#timer.unref();
  }

  /** @returns a new certificate and its key (RFC 8555, sections 7.3 to 7.4.2) */
  async #order(): Promise<Certificate> {
    const { domain, email, answerChallenge } = this.#options;
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
        // Immediately: an authority rejects a second account with the same key.
        await this.#write(this.#accountFile, JSON.stringify({ ...account, url: client.getAccountUrl() }));
      }
      const cert = await client.auto({
        csr,
        challengePriority: ['tls-alpn-01'],
        // On this machine the domain may resolve to another address, or to none.
        skipChallengeVerification: true,
        challengeCreateFn: async (authorization, challenge, keyAuthorization) => {
          // The library's types lack this challenge type.
          if (String(challenge.type) !== 'tls-alpn-01')
            throw new Error('the authority does not offer the tls-alpn-01 challenge');
          const [proofKey, proof] = await crypto.createAlpnCertificate(authorization, keyAuthorization);
          answerChallenge({ key: proofKey.toString(), cert: proof.toString() });
        },
        challengeRemoveFn: async () => undefined,
      });
      return { key: key.toString(), cert };
    } catch (error) {
      // The authority may have deleted the account: the next try creates another.
      if (account.url !== undefined && error instanceof Error && /account/i.test(error.message))
        await rm(this.#accountFile, { force: true });
      throw error;
    } finally {
      answerChallenge(undefined);
    }
  }

  get #accountFile(): string {
    return join(this.#options.folder, 'account.json');
  }

  /** The account at this authority. A new one is stored before it is registered. */
  async #account(): Promise<Account> {
    const stored = await this.#storedAccount();
    if (stored !== undefined) return stored;
    const { directory } = this.#options;
    const account = { directory, key: (await crypto.createPrivateEcdsaKey('P-256')).toString() };
    await this.#write(this.#accountFile, JSON.stringify(account));
    return account;
  }

  async #storedAccount(): Promise<Account | undefined> {
    const text = await readIfThere(this.#accountFile);
    if (text === undefined) return undefined;
    try {
      const account = JSON.parse(text) as Account;
      return account.directory === this.#options.directory ? account : undefined;
    } catch {
      // Without the error, which would quote the key.
      return undefined;
    }
  }

  get #file(): string {
    return fileOf(this.#options.folder, this.#options.domain);
  }

  #stored(): Promise<Certificate | undefined> {
    return readStored(this.#file, this.#options.directory);
  }

  #store({ key, cert }: Certificate): Promise<void> {
    return this.#write(this.#file, `${this.#options.directory}\n${key.trimEnd()}\n${cert}`);
  }

  async #write(file: string, text: string): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
    await writeFile(`${file}.new`, text, { mode: 0o600, flush: true });
    await rename(`${file}.new`, file);
  }
}

/** The directory, the key and the chain are in one file, so that they always match. */
function fileOf(folder: string, domain: string): string {
  return join(folder, `${domain}.pem`);
}

/** The stored certificate, if it is this authority's and matches its key. */
async function readStored(file: string, directory: string): Promise<Certificate | undefined> {
  const text = await readIfThere(file);
  const authority = `${directory}\n`;
  const at = text?.indexOf(CERTIFICATE) ?? -1;
  if (!text?.startsWith(authority) || at < 0) return undefined;
  const stored = { key: text.slice(authority.length, at), cert: text.slice(at) };
  return isWhole(stored) ? stored : undefined;
}

/** @returns when the stored certificate of a domain expires, in milliseconds since 1970; undefined when there is none */
export async function storedCertificate(
  { domain, directory }: AcmeSettings,
  folder: string,
): Promise<{ readonly until: number } | undefined> {
  const stored = await readStored(fileOf(folder, domain), directory);
  return stored && validity(stored);
}

const CERTIFICATE = '-----BEGIN CERTIFICATE-----';

function isWhole({ key, cert }: Certificate): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** Milliseconds since 1970. */
function validity({ cert }: Certificate): { readonly from: number; readonly until: number } {
  const { validFrom, validTo } = new X509Certificate(cert);
  return { from: Date.parse(validFrom), until: Date.parse(validTo) };
}

function isDue(certificate: Certificate, now: number): boolean {
  const { from, until } = validity(certificate);
  return until - now <= (until - from) / 3;
}

/** The message only: the library's errors also hold whole requests. */
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
