import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core';
import { findTool, type Tool } from '../tool.ts';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Names of other machines don't resolve.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE [::1]',
];

const FONTS = ['fonts-dejavu-core', 'fonts-noto-color-emoji'];

/**
 * Debian's Chromium with fonts for text and emoji. It is installed when it is missing and installing is allowed. The shell without
 * windows draws and runs pages alike, with half of the processor time.
 */
export async function findChromium(): Promise<Tool> {
  const shell = await findTool('chromium-headless-shell', ['chromium-headless-shell', ...FONTS]);
  return 'path' in shell ? shell : findTool('chromium', ['chromium', ...FONTS]);
}

/**
 * A running browser. Its contexts share no storage, and a context's storage is deleted when it closes.
 * @param pages `together`: all pages share a process, which takes a third less processor time; then what pauses the scripts of a
 * page pauses all others, too.
 */
export function launchChromium(path: string, pages: 'apart' | 'together' = 'apart'): Promise<Browser> {
  const args = pages === 'apart' ? [] : ['--in-process-gpu', '--renderer-process-limit=1'];
  return chromium.launch({ executablePath: path, args: [...ARGS, ...args] });
}

/** A browser with its data in a folder, so that it is the same person's when it is opened again. */
export function openBrowserProfile(
  path: string,
  folder: string,
  options: BrowserContextOptions,
): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, { ...options, executablePath: path, args: ARGS });
}
