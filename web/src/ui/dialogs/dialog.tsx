import type { Actions } from '@gochat/view/actions';
import type { Dialog, PictureDialog } from '@gochat/view/dialog';
import type { Flash } from '@gochat/view/snapshot';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { useFileParts } from '../files/load.ts';
import { Icon } from '../icons.tsx';
import { FlashView } from '../page/banner.tsx';
import { useText } from '../words.ts';
import { DevicesView, DeviceView } from './devices.tsx';
import { EmojiView, PaletteView } from './find.tsx';
import { FormView } from './form.tsx';
import { HelpView, InspectView, InvitesView, InviteView, MemberView, MenuView } from './show.tsx';

interface DialogProps {
  readonly dialog: Dialog;
  readonly actions: Actions;
}

interface FrontProps extends DialogProps {
  readonly flash: Flash | undefined;
  /** The id of the open room, or undefined. */
  readonly room: string | undefined;
  /** Is called after the dialog has been closed when the focus can't or should not return: another room was opened meanwhile. */
  readonly endedElsewhere: () => void;
}

const TITLE_ID = 'dialog-title';

/** The open dialog. While it is open, the focus stays in it; closed, it returns the focus to where it was. */
export function DialogView({ dialog, flash, room, endedElsewhere, actions }: FrontProps) {
  const text = useText();
  const box = useRef<HTMLDialogElement>(null);
  // A press that began inside, such as a selection dragged beyond the edge, must not close the dialog.
  const pressed = useRef<EventTarget | null>(null);
  const now = useRef({ room, endedElsewhere });
  now.current = { room, endedElsewhere };
  useLayoutEffect(() => {
    const element = box.current;
    const before = document.activeElement;
    const roomBefore = room;
    element?.showModal();
    return () => {
      element?.close();
      const isLeft = now.current.room !== roomBefore || before === document.body;
      if (!isLeft && before instanceof HTMLElement && before.isConnected) before.focus();
      else now.current.endedElsewhere();
    };
  }, []);
  // From one picture to the next the focus stays on the button that was pressed.
  const step = dialog.kind === 'picture' ? dialog.kind : dialog.tick;
  useLayoutEffect(() => {
    const first =
      box.current?.querySelector<HTMLElement>('[data-first]') ??
      box.current?.querySelector<HTMLElement>('input, select, .answers button, .list button') ??
      box.current?.querySelector<HTMLElement>('header>button');
    first?.focus();
    if (first instanceof HTMLInputElement) first.select();
  }, [step]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Esc closes, which is the dialog's own
    <dialog
      ref={box}
      class={`dialog ${dialog.kind}`}
      aria-labelledby={TITLE_ID}
      onCancel={(event) => {
        event.preventDefault();
        actions.close();
      }}
      onPointerDown={(event) => {
        pressed.current = event.target;
      }}
      onClick={(event) => {
        if (event.target === box.current && pressed.current === box.current && dialog.kind !== 'form')
          actions.close();
      }}
    >
      <div class="sheet">
        <header>
          <h2 id={TITLE_ID}>{dialog.title}</h2>
          <button
            type="button"
            class="quiet small"
            aria-label={text.close}
            title={text.close}
            onClick={() => actions.close()}
          >
            <Icon name="close" />
          </button>
        </header>
        <div class="inside" key={step}>
          <Inside dialog={dialog} actions={actions} />
        </div>
      </div>
      <FlashView flash={flash} actions={actions} />
    </dialog>
  );
}

function Inside({ dialog, actions }: DialogProps): ComponentChildren {
  switch (dialog.kind) {
    case 'form':
      return <FormView dialog={dialog} actions={actions} />;
    case 'menu':
      return <MenuView dialog={dialog} actions={actions} />;
    case 'invite':
      return <InviteView dialog={dialog} actions={actions} />;
    case 'invites':
      return <InvitesView dialog={dialog} actions={actions} />;
    case 'member':
      return <MemberView dialog={dialog} actions={actions} />;
    case 'palette':
      return <PaletteView dialog={dialog} actions={actions} />;
    case 'emoji':
      return <EmojiView dialog={dialog} actions={actions} />;
    case 'help':
      return <HelpView dialog={dialog} />;
    case 'inspect':
      return <InspectView dialog={dialog} />;
    case 'devices':
      return <DevicesView dialog={dialog} actions={actions} />;
    case 'device':
      return <DeviceView dialog={dialog} actions={actions} />;
    case 'picture':
      return <LoadedPicture dialog={dialog} actions={actions} />;
    default:
      return dialog satisfies never;
  }
}

function LoadedPicture(props: { readonly dialog: PictureDialog; readonly actions: Actions }) {
  const parts = useFileParts(true);
  return parts === undefined ? null : <parts.PictureView {...props} />;
}
