import type { Actions } from '@gochat/view/actions';
import type { PictureDialog } from '@gochat/view/dialog';
import type { ComponentChildren, RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { shownPicture } from '../../files/shown.ts';
import { Icon } from '../icons.tsx';
import { useText } from '../words.ts';
import { useBlobUrl } from './blob-url.ts';
import { Blur } from './blur.tsx';
import { Glyph } from './glyph.tsx';
import { useZoom } from './use-zoom.ts';
import type { Zoom } from './zoom.ts';

interface PictureProps {
  readonly dialog: PictureDialog;
  readonly actions: Actions;
}

const STEP = 1.5;
/** A finger that moves this far to a side, in pixels, asks for the next picture. */
const SWIPE = 60;

/** One picture, as large as fits, and what is said about it. */
export function PictureView({ dialog, actions }: PictureProps) {
  const text = useText();
  const { file } = dialog;
  const stage = useRef<HTMLDivElement>(null);
  const { zoom, change, reset } = useZoom(stage, file.id);
  // The dialog may be older than what draws the picture.
  useLayoutEffect(() => stage.current?.focus(), []);
  const go = (by: 'previous' | 'next') => {
    if (by === 'previous' ? dialog.hasPrevious : dialog.hasNext) actions.pick(by);
  };
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => go('previous'),
    ArrowRight: () => go('next'),
    '+': () => change(STEP),
    '=': () => change(STEP),
    '-': () => change(1 / STEP),
    '0': reset,
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const act = event.ctrlKey || event.altKey || event.metaKey ? undefined : keys[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  const tool = (icon: ComponentChildren, label: string, act: () => void, isOff = false) => (
    <button
      type="button"
      class="quiet"
      aria-label={label}
      title={label}
      aria-disabled={isOff}
      onClick={() => !isOff && act()}
    >
      {icon}
    </button>
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys work wherever the focus is inside
    <div class="picture-view" onKeyDown={onKeyDown}>
      <Stage {...{ dialog, actions, stage, zoom, go }} />
      <div class="picture-tools">
        <p class="picture-about">
          <span dir="auto">{dialog.text}</span> <span>{dialog.position}</span>
        </p>
        {tool(<Icon name="back" />, text.dialogs.previousPicture, () => go('previous'), !dialog.hasPrevious)}
        {tool(<Glyph name="forward" />, text.dialogs.nextPicture, () => go('next'), !dialog.hasNext)}
        {tool(<Glyph name="minus" />, text.picture.zoomOut, () => change(1 / STEP), zoom.scale === 1)}
        {tool(<Icon name="plus" />, text.picture.zoomIn, () => change(STEP))}
        {tool(<Glyph name="save" />, text.dialogs.savePicture, () => actions.pick('save'))}
      </div>
      {file.alt !== '' && (
        <p class="picture-alt" dir="auto">
          {file.alt}
        </p>
      )}
    </div>
  );
}

interface StageProps extends PictureProps {
  readonly stage: RefObject<HTMLDivElement | null>;
  readonly zoom: Zoom;
  readonly go: (by: 'previous' | 'next') => void;
}

/** Where the picture lies: blurred, then as the smaller picture, then whole. */
function Stage({ dialog, actions, stage, zoom, go }: StageProps) {
  const text = useText().picture;
  const { file, row } = dialog;
  const [state, setState] = useState<{ readonly id: string; readonly failed: boolean } | undefined>(
    undefined,
  );
  const load = (which: 'preview' | 'whole') => async () => {
    const bytes = await actions.picture(row, file.index, which);
    const blob = bytes && shownPicture(bytes);
    if (which === 'whole') setState({ id: file.id, failed: blob === undefined });
    return blob;
  };
  const preview = useBlobUrl(`${file.id} preview`, file.state, load('preview'));
  const whole = useBlobUrl(file.id, file.state, load('whole'));
  const isOver = state?.id === file.id;
  const failed = isOver && state.failed;
  const said = failed ? file.text || text.notShown : isOver ? '' : file.text || text.loading;
  const style = { transform: `translate(${zoom.x}px, ${zoom.y}px) scale(${zoom.scale})` };
  const swipe = useSwipe(zoom, go);
  return (
    <div
      ref={stage}
      class={zoom.scale > 1 ? 'stage zoomed' : 'stage'}
      role="img"
      aria-label={`${file.spoken}. ${text.keys}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys of the picture are pressed here
      tabIndex={0}
      data-first=""
      {...swipe}
    >
      {whole === undefined && preview === undefined && file.thumb !== undefined && (
        <span class="stage-picture" style={style}>
          <Blur thumb={file.thumb} />
        </span>
      )}
      {(whole ?? preview) !== undefined && (
        <img
          class="stage-picture"
          src={whole ?? preview}
          alt=""
          draggable={false}
          style={style}
          onError={() => setState({ id: file.id, failed: true })}
        />
      )}
      <p class="stage-text" role="status">
        {said}
      </p>
    </div>
  );
}

/** A finger that wipes a whole picture aside. */
function useSwipe({ scale }: Zoom, go: (by: 'previous' | 'next') => void) {
  const from = useRef<Touch | undefined>(undefined);
  return {
    onTouchStart: (event: TouchEvent) => {
      from.current = event.touches.length === 1 && scale === 1 ? event.touches[0] : undefined;
    },
    onTouchEnd: (event: TouchEvent) => {
      const to = event.changedTouches[0];
      const by = from.current === undefined || to === undefined ? 0 : to.clientX - from.current.clientX;
      from.current = undefined;
      if (Math.abs(by) > SWIPE) go(by > 0 ? 'previous' : 'next');
    },
  };
}
