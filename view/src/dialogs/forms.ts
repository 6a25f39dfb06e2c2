import type { Field, FormDialog, MenuItem } from './dialog.ts';

/** A line of text to fill in. */
export function textField(name: string, label: string, value = '', hint = ''): Field {
  return { name, label, value, hint, type: 'text', choices: [] };
}

/** As {@link textField}, for what bystanders must not read: a passphrase, a token. */
export function secretField(name: string, label: string, hint = ''): Field {
  return { ...textField(name, label, '', hint), type: 'secret' };
}

export function choiceField(
  name: string,
  label: string,
  value: string,
  choices: readonly { readonly value: string; readonly label: string }[],
): Field {
  return { name, label, value, hint: '', type: 'choice', choices };
}

export function toggleField(name: string, label: string, on: boolean): Field {
  return { name, label, value: on ? 'on' : '', hint: '', type: 'toggle', choices: [] };
}

export function form(
  title: string,
  text: readonly string[],
  fields: readonly Field[],
  submit: string,
  danger = false,
): Omit<FormDialog, 'tick'> {
  const state = { busy: false, error: '', errorField: '' };
  return { kind: 'form', title, text, fields, focus: '', submit, danger, ...state };
}

/** An item of which more than its name is to be known. @param detail may be empty */
export function detailedItem(name: string, label: string, detail: string): MenuItem {
  return { ...menuItem(name, label), ...(detail !== '' && { detail }) };
}

export function menuItem(name: string, label: string, hint = '', danger = false): MenuItem {
  return { name, label, hint, danger };
}
