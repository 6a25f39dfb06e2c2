import type { Actions } from '@gochat/view/actions';
import type { Field, FormDialog } from '@gochat/view/dialog';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { isComposingKey } from '../composing-key.ts';
import { useText } from '../words.ts';

/** Fields and a submit button. The document holds what is filled in until it is submitted. */
export function FormView({ dialog, actions }: { readonly dialog: FormDialog; readonly actions: Actions }) {
  const text = useText();
  const { error, errorField } = dialog;
  // What can't be undone is not the first answer.
  const asks = dialog.fields.length === 0;
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => {
    if (errorField !== '' && !dialog.busy)
      form.current?.querySelector<HTMLElement>(`[aria-invalid]`)?.focus();
  }, [errorField, error, dialog.busy]);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const values = dialog.fields.map(({ name }): [string, string] => [name, String(data.get(name) ?? '')]);
    actions.submit(Object.fromEntries(values));
  };
  return (
    <form
      ref={form}
      onSubmit={submit}
      onKeyDown={(event) => {
        // Otherwise some browsers submit the form.
        if (event.key === 'Enter' && isComposingKey(event)) event.preventDefault();
      }}
      aria-busy={dialog.busy}
    >
      {dialog.text.map((line) => (
        <p key={line}>{line}</p>
      ))}
      {dialog.fields.map((field, i) => (
        <FieldView
          key={field.name}
          field={field}
          first={dialog.focus === '' ? i === 0 : field.name === dialog.focus}
          error={field.name === errorField ? error : ''}
        />
      ))}
      {dialog.more && (
        <fieldset class="more">
          <legend>{dialog.more.title}</legend>
          {dialog.more.items.map(({ name, label }) => (
            <button key={name} type="button" class="soft" onClick={() => actions.pick(name)}>
              {label}
            </button>
          ))}
        </fieldset>
      )}
      <p class="error" role="alert">
        {errorField === '' ? error : ''}
      </p>
      <div class="answers">
        <button
          type="button"
          class="quiet"
          data-first={asks && dialog.danger ? '' : undefined}
          onClick={() => actions.close()}
        >
          {text.cancel}
        </button>
        <button
          type="submit"
          class={dialog.danger ? 'danger' : 'accent'}
          disabled={dialog.busy}
          data-first={asks && !dialog.danger ? '' : undefined}
        >
          {dialog.submit}
        </button>
      </div>
    </form>
  );
}

interface FieldProps {
  readonly field: Field;
  readonly first: boolean;
  /** What is wrong with it, or empty. */
  readonly error: string;
}

interface TextAttributes {
  readonly id: string;
  readonly name: string;
  readonly defaultValue: string;
  readonly dir: 'auto';
  readonly autocomplete: 'off';
  readonly spellcheck: false;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': 'true' | undefined;
  readonly 'data-first': '' | undefined;
}

function FieldView({ field, first, error }: FieldProps) {
  const id = `field-${field.name}`;
  const hintId = field.hint === '' && error === '' ? undefined : `${id}-hint`;
  const invalid = error === '' ? undefined : 'true';
  const hint = (
    <small id={hintId} class={error === '' ? undefined : 'error'} role={error === '' ? undefined : 'alert'}>
      {error || field.hint}
    </small>
  );
  const mark = first ? '' : undefined;
  const attributes: TextAttributes = {
    id,
    name: field.name,
    defaultValue: field.value,
    dir: 'auto',
    autocomplete: 'off',
    spellcheck: false,
    'aria-describedby': hintId,
    'aria-invalid': invalid,
    'data-first': mark,
  };
  switch (field.type) {
    case 'text':
      return (
        <div class="form-field">
          <label for={id}>{field.label}</label>
          <input {...attributes} inputmode={field.numeric === true ? 'numeric' : undefined} />
          {hint}
        </div>
      );
    case 'secret':
      return (
        <div class="form-field">
          <label for={id}>{field.label}</label>
          <SecretInput {...attributes} autocapitalize="off" />
          {hint}
        </div>
      );
    case 'choice':
      return (
        <div class="form-field">
          <label for={id}>{field.label}</label>
          <select id={id} name={field.name} aria-describedby={hintId} data-first={mark}>
            {field.choices.map(({ value, label }) => (
              <option key={value} value={value} selected={value === field.value}>
                {label}
              </option>
            ))}
          </select>
          {hint}
        </div>
      );
    case 'toggle':
      return (
        <div class="form-field toggle">
          <input
            id={id}
            type="checkbox"
            name={field.name}
            value="on"
            defaultChecked={field.value === 'on'}
            aria-describedby={hintId}
            data-first={mark}
          />
          <label for={id}>{field.label}</label>
          {hint}
        </div>
      );
    default:
      return field.type satisfies never;
  }
}

/** What is typed can't be read before the button is pressed. */
function SecretInput(attributes: TextAttributes & { readonly autocapitalize: 'off' }) {
  const text = useText();
  const [isRevealed, setRevealed] = useState(false);
  return (
    <div class="secret">
      {isRevealed ? <input {...attributes} type="text" /> : <input {...attributes} type="password" />}
      <button
        type="button"
        class="quiet small"
        aria-pressed={isRevealed}
        aria-controls={attributes.id}
        onClick={() => setRevealed(!isRevealed)}
      >
        {text.reveal}
      </button>
    </div>
  );
}
