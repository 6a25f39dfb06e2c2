import { createHash } from 'node:crypto';

const STYLE = `
:root { color-scheme: light dark }
body { font: 1rem/1.6 system-ui, sans-serif; max-width: 38rem; margin: 12vh auto; padding: 0 1.5rem }
code { font: .95em ui-monospace, monospace; background: color-mix(in srgb, currentColor 9%, transparent); padding: .15em .4em; border-radius: .25em }
pre code { display: block; padding: .8em 1em; overflow-x: auto }
`;

/** What a browser is shown; it runs no script and asks for nothing else. */
export const LANDING_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GoChat</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>GoChat</h1>
<p>This server relays end-to-end encrypted group chat. It can't read any of it.</p>
<p>Have you followed an invite? Copy this page's whole address, with all that stands behind the <code>#</code>, and join from a terminal with <a href="https://nodejs.org" rel="noreferrer">Node.js</a>:</p>
<pre><code>npx gochat join 'ADDRESS'</code></pre>
<p>What stands behind the <code>#</code> is the key to the room. Your browser has not sent it to this server: keep it between those who are invited.</p>
</main>
</body>
</html>
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

const BARRED = ['base-uri', 'form-action', 'frame-ancestors'].map((name) => `${name} 'none'`);

/** The landing page's: its own style and nothing else. */
export const LANDING_POLICY = ["default-src 'none'", `style-src 'sha256-${STYLE_HASH}'`, ...BARRED].join(
  '; ',
);

/** The chat's: what this server serves, and no text of anybody's as markup or code (trusted types; the one policy is for the worker's address). */
export const CHAT_POLICY = [
  "default-src 'none'",
  ...['script', 'style', 'connect', 'font', 'manifest', 'worker'].map((kind) => `${kind}-src 'self'`),
  "img-src 'self' blob: data:",
  ...BARRED,
  "require-trusted-types-for 'script'",
  'trusted-types gochat',
].join('; ');

/** What a page could ask its user for, and this one never does. */
const UNUSED = [
  'accelerometer',
  'browsing-topics',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'hid',
  'interest-cohort',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'serial',
  'usb',
];

/** Sent with every answer. */
export function securityHeaders(policy: string): Readonly<Record<string, string>> {
  return {
    'Content-Security-Policy': policy,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': UNUSED.map((feature) => `${feature}=()`).join(', '),
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
  };
}
