import type { ComponentChildren } from 'preact';
import type { Missing } from '../../secure-context.ts';
import { Icon } from '../icons.tsx';
import { useText } from '../words.ts';

/** What whoever runs the server can type, so that browsers trust the page. */
const WITH_CERTIFICATE = 'gochat serve --host 0.0.0.0 --tls-cert CERT.pem --tls-key KEY.pem';
const WITH_PROXY = 'gochat serve --behind-proxy --name chat.example.org';
const IN_TERMINAL = 'npx gochat join "LINK"';

/** Shown while the profile is being opened. */
export function Opening() {
  return (
    <main class="welcome" aria-busy="true">
      <p role="status">{useText().opening.loading}</p>
    </main>
  );
}

/** Says what the page lacks and what to do about it. */
export function Lacking({ what }: { readonly what: Missing }) {
  const text = useText().opening;
  if (what === 'indexeddb')
    return (
      <Warning title={text.noStorage}>
        <p>{text.noStorageWhy}</p>
      </Warning>
    );
  if (what === 'locks')
    return (
      <Warning title={text.old}>
        <p>{text.oldWhy}</p>
      </Warning>
    );
  return (
    <Warning title={text.insecure}>
      <p>{text.insecureWhy}</p>
      <ul class="steps">
        <li>
          {text.addCertificate} <code>{WITH_CERTIFICATE}</code>
        </li>
        <li>
          {text.useProxy} <code>{WITH_PROXY}</code>
        </li>
      </ul>
      <p>
        {text.useTerminal} <code>{IN_TERMINAL}</code>
      </p>
    </Warning>
  );
}

/** The profile could not be opened. @param reason the error in a sentence. */
export function Failed({ reason }: { readonly reason: string }) {
  const text = useText().opening;
  return (
    <Warning title={text.failed}>
      <p role="alert">{reason}</p>
      <div class="answers">
        <button type="button" class="accent" onClick={() => location.reload()}>
          {text.retry}
        </button>
      </div>
    </Warning>
  );
}

function Warning({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <main class="welcome">
      <span class="seal">
        <Icon name="warning" />
      </span>
      <h1>{title}</h1>
      {children}
    </main>
  );
}
