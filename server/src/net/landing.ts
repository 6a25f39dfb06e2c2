import { createHash } from 'node:crypto';

const STYLE = `
:root { color-scheme: light dark }
body { font: 1rem/1.6 system-ui, sans-serif; max-width: 38rem; margin: 12vh auto; padding: 0 1.5rem }
code { font: .95em ui-monospace, monospace; background: color-mix(in srgb, currentColor 9%, transparent); padding: .15em .4em; border-radius: .25em }
pre code { display: block; padding: .8em 1em; overflow-x: auto }
`;

/** The page for browsers when no web client is served. It runs no script and loads nothing. */
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
<p>This server relays end-to-end encrypted group chat. It can't read the messages.</p>
<p>Did you follow an invite? Copy the whole address of this page, including everything after the <code>#</code>, and join from a terminal with <a href="https://nodejs.org" rel="noreferrer">Node.js</a>:</p>
<pre><code>npx gochat join 'ADDRESS'</code></pre>
<p>The part after the <code>#</code> is the key to the room. Your browser did not send it to this server. Share it only with people you invite.</p>
</main>
</body>
</html>
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

const FORBIDDEN = ['base-uri', 'form-action', 'frame-ancestors'].map((name) => `${name} 'none'`);

/** Content-Security-Policy of the landing page: its own style only. */
export const LANDING_POLICY = ["default-src 'none'", `style-src 'sha256-${STYLE_HASH}'`, ...FORBIDDEN].join(
  '; ',
);

/**
 * Content-Security-Policy of the web client: only resources of this server, pictures and recordings that the page has opened itself
 * (`blob:`), and no text as markup or code (the one trusted-types policy is for the workers' URLs).
 */
export const CHAT_POLICY = [
  "default-src 'none'",
  ...['script', 'style', 'connect', 'font', 'manifest', 'worker'].map((kind) => `${kind}-src 'self'`),
  "img-src 'self' blob:",
  'media-src blob:',
  ...FORBIDDEN,
  "require-trusted-types-for 'script'",
  'trusted-types gochat',
].join('; ');

/** Browser features that the pages never use. */
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
  'midi',
  'payment',
  'serial',
  'usb',
];

/** Headers of every response. */
export function securityHeaders(policy: string): Readonly<Record<string, string>> {
  return {
    'Content-Security-Policy': policy,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    // The chat page records voice messages; nothing that it embeds may.
    'Permissions-Policy': [...UNUSED.map((feature) => `${feature}=()`), 'microphone=(self)'].join(', '),
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
  };
}
