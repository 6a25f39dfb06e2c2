import type { ConnectionState, Flash } from '@gochat/view/snapshot';

/** What is the matter with the connection; in the document always, so that a change is read out. */
export function Banner({ connection }: { readonly connection: ConnectionState }) {
  return (
    <p class={`banner ${connection.state}`} role="status">
      {connection.text}
    </p>
  );
}

/** What was just done or couldn't be. Behind a dialog nothing is read out, so it is drawn in that. */
export function FlashView({ flash }: { readonly flash: Flash | undefined }) {
  return (
    <p class={flash === undefined ? 'flash' : `flash shown ${flash.tone}`} role="status" dir="auto">
      {flash?.text ?? ''}
    </p>
  );
}
