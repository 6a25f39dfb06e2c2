import { Icon } from '../icons.tsx';
import { WORDS } from '../words.ts';

/** While the profile is being opened. */
export function Opening() {
  return (
    <main class="welcome" aria-busy="true">
      <p role="status">{WORDS.loading}</p>
    </main>
  );
}

/** The browser can't keep a profile safe here; says what to do about it. */
export function Lacking({ what }: { readonly what: 'insecure' | 'locks' | 'indexeddb' }) {
  const insecure = what === 'insecure';
  return (
    <main class="welcome">
      <span class="seal">
        <Icon name="warning" />
      </span>
      <h1>{insecure ? WORDS.insecureTitle : WORDS.oldTitle}</h1>
      <p>{insecure ? WORDS.insecureText : WORDS.oldText}</p>
      {insecure && (
        <>
          <ul class="steps">
            {WORDS.insecureSteps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ul>
          <p>{WORDS.insecureOwn}</p>
        </>
      )}
    </main>
  );
}

export function Failed({ reason }: { readonly reason: string }) {
  return (
    <main class="welcome">
      <span class="seal">
        <Icon name="warning" />
      </span>
      <h1>{WORDS.failedTitle}</h1>
      <p role="alert">{reason}</p>
      <div class="answers">
        <button type="button" class="accent" onClick={() => location.reload()}>
          {WORDS.retry}
        </button>
      </div>
    </main>
  );
}
