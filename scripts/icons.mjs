// Draws the PNG icons that phones need from web/src/assets/icon.svg, with Debian's Chromium: `node scripts/icons.mjs`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SIZES = [192, 512];
const assets = fileURLToPath(new URL('../web/src/assets', import.meta.url));
const svg = readFileSync(join(assets, 'icon.svg'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'gochat-icons-'));
const page = join(folder, 'icon.html');

for (const size of SIZES) {
  const style = `<style>body { margin: 0 } svg { display: block; width: ${size}px; height: ${size}px }</style>`;
  writeFileSync(page, `<!doctype html>${style}${svg}`);
  execFileSync('chromium', [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    `--user-data-dir=${folder}`,
    `--window-size=${size},${size}`,
    `--screenshot=${join(assets, `icon-${size}.png`)}`,
    page,
  ]);
}
rmSync(folder, { recursive: true });
