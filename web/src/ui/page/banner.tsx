import type { Actions } from '@gochat/view/actions';
import type { ConnectionState, Flash } from '@gochat/view/snapshot';

/** The state of the connection. Always in the document, so that screen readers read a change. */
export function Banner({ connection }: { readonly connection: ConnectionState }) {
  return (
    <p class={`banner ${connection.state}`} role="status">
      {connection.text}
    </p>
  );
}

/** The result of the last action. A dialog has its own, because screen readers read nothing outside of an open dialog. */
export function FlashView({ flash, actions }: FlashProps) {
  const { command } = flash ?? {};
  return (
    <div class={flash === undefined ? 'flash' : `flash shown ${flash.tone}`}>
      <p role="status">{flash?.text ?? ''}</p>
      {command && (
        <button type="button" onClick={() => actions.run(command.name)}>
          {command.label}
        </button>
      )}
    </div>
  );
}

interface FlashProps {
  readonly flash: Flash | undefined;
  readonly actions: Pick<Actions, 'run'>;
}
