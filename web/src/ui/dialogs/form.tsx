import type { Actions } from '@gochat/view/actions';
import type { Field, FormDialog } from '@gochat/view/dialog';
import { isComposingKey } from '../composing-key.ts';
import { useText } from '../words.ts';

/** Fields and a submit button. The document holds what is filled in until it is submitted. */
export function FormView({ dialog, actions }: { readonly dialog: FormDialog; readonly actions: Actions }) {
  const text = useText();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const values = dialog.fields.map(({ name }): [string, string] => [name, String(data.get(name) ?? '')]);
    actions.submit(Object.fromEntries(values));
  };
  return (
    <form
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
        <FieldView key={field.name} field={field} first={i === 0} />
      ))}
      <p class="error" role="alert">
        {dialog.error}
      </p>
      <div class="answers">
        <button type="button" class="quiet" onClick={() => actions.close()}>
          {text.cancel}
        </button>
        <button
          type="submit"
          class={dialog.danger ? 'danger' : 'accent'}
          disabled={dialog.busy}
          data-first={dialog.fields.length === 0 ? '' : undefined}
        >
          {dialog.submit}
        </button>
      </div>
    </form>
  );
}

function FieldView({ field, first }: { readonly field: Field; readonly first: boolean }) {
  const id = `field-${field.name}`;
  const hintId = field.hint === '' ? undefined : `${id}-hint`;
  const hint = field.hint !== '' && <small id={hintId}>{field.hint}</small>;
  const mark = first ? '' : undefined;
  switch (field.type) {
    case 'text':
      return (
        <div class="form-field">
          <label for={id}>{field.label}</label>
          <input
            id={id}
            name={field.name}
            defaultValue={field.value}
            dir="auto"
            autocomplete="off"
            spellcheck={false}
            aria-describedby={hintId}
            data-first={mark}
          />
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
