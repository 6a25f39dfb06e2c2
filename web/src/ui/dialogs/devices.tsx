import type { Actions } from '@gochat/view/actions';
import type { DeviceDialog, DevicesDialog, MenuItem } from '@gochat/view/dialog';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from '../icons.tsx';

interface With<D> {
  readonly dialog: D;
  readonly actions: Actions;
}

/** The devices, and below them what else can be done. */
export function DevicesView({ dialog, actions }: With<DevicesDialog>) {
  const box = useRef<HTMLDivElement>(null);
  // The list comes later than the dialog.
  useLayoutEffect(() => {
    if (!dialog.busy) box.current?.querySelector('button')?.focus();
  }, [dialog.busy]);
  return (
    <div class="devices" ref={box} aria-busy={dialog.busy}>
      {dialog.text.map((line) => (
        <p key={line}>{line}</p>
      ))}
      <p class="error" role="alert">
        {dialog.error}
      </p>
      <ul class="list">
        {dialog.items.map(({ name, label, detail, alarming }) => (
          <li key={name}>
            <button type="button" onClick={() => actions.pick(name)}>
              <Icon name={alarming ? 'warning' : 'device'} />
              <span class="words">
                <span class="name" dir="auto">
                  {label}
                </span>
                <small class={alarming ? 'error' : undefined}>{detail}</small>
              </span>
            </button>
          </li>
        ))}
      </ul>
      <Answers items={dialog.more} actions={actions} />
    </div>
  );
}

/** One device, or what goes on between two. */
export function DeviceView({ dialog, actions }: With<DeviceDialog>) {
  const digits = dialog.digits.join('');
  return (
    <div class="device">
      {dialog.text.map((line) => (
        <p key={line} dir="auto">
          {line}
        </p>
      ))}
      {digits !== '' && (
        <p class="digits">
          <span class="hidden">{[...digits].join(' ')}</span>
          {dialog.digits.map((group, i) => (
            <span key={i} aria-hidden="true">
              {group}
            </span>
          ))}
        </p>
      )}
      {dialog.lines.length > 0 && (
        <ul class="lines">
          {dialog.lines.map((line) => (
            <li key={line} dir="auto">
              {line}
            </li>
          ))}
        </ul>
      )}
      <p class="progress" role="status">
        {dialog.progress}
      </p>
      <p class="error" role="alert">
        {dialog.error}
      </p>
      <Answers items={dialog.items} actions={actions} />
    </div>
  );
}

/** Buttons; of several a list, as their labels are long. */
function Answers({ items, actions }: { readonly items: readonly MenuItem[]; readonly actions: Actions }) {
  const buttons = items.map(({ name, label, danger }) => (
    <button
      key={name}
      type="button"
      class={items.length > 1 ? (danger ? 'danger-text' : undefined) : 'soft'}
      onClick={() => actions.pick(name)}
    >
      {label}
    </button>
  ));
  if (buttons.length === 0) return null;
  if (buttons.length === 1) return <div class="answers">{buttons}</div>;
  return (
    <ul class="list">
      {buttons.map((button) => (
        <li key={button.key}>{button}</li>
      ))}
    </ul>
  );
}
