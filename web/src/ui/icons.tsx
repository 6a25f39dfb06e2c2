/** Line icons of 24 by 24, drawn in the colour of the text around them. */
const PATHS = {
  plus: 'M12 5v14M5 12h14',
  link: 'M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.6-5.6L12 7.2M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.6 5.6L12 16.8',
  send: 'M5 12h13M12 5l7 7-7 7',
  smile: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M8.5 14.5s1.2 2 3.5 2 3.5-2 3.5-2M9 9.5h.01M15 9.5h.01',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14M16 16l4.5 4.5',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M2.5 20c.4-3.6 3-5.5 6.5-5.5s6.1 1.9 6.5 5.5M16 4.3a3.5 3.5 0 0 1 0 6.4M18.5 15c1.8.9 2.8 2.6 3 5',
  invite:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M2.5 20c.4-3.6 3-5.5 6.5-5.5s6.1 1.9 6.5 5.5M19 8v6M16 11h6',
  dots: 'M5 12h.01M12 12h.01M19 12h.01',
  back: 'M15 5l-7 7 7 7',
  close: 'M6 6l12 12M18 6L6 18',
  reply: 'M10 8L5 13l5 5M5 13h8c3.5 0 6 1.8 6 5.5',
  pencil: 'M4 20l1-4L16.5 4.5l3 3L8 19l-4 1M14 7l3 3',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  shield: 'M12 3l7.5 3v5.5c0 4.6-3.1 8-7.5 9.5-4.4-1.5-7.5-4.9-7.5-9.5V6zM8.8 12l2.2 2.2 4.2-4.4',
  warning: 'M12 4l9 16H3zM12 10v4.5M12 17.5h.01',
  down: 'M12 5v14M6 13l6 6 6-6',
  up: 'M12 19V5M6 11l6-6 6 6',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 7.5V12l3 2',
  check: 'M5 12.5l4.5 4.5L19 7',
  checks: 'M2.5 12.5L7 17l8.5-9M11 16l1 1 9-9.5',
  bell: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15zM10 20.5h4',
  muted: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15zM10 20.5h4M4 4l16 16',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12M12 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5',
  bin: 'M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.2 10.5v6M13.8 10.5v6',
  leave: 'M10 5H5v14h5M14.5 8l4 4-4 4M18 12H9.5',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  clip: 'M8 12.5l6.2-6.2a3 3 0 0 1 4.3 4.3l-8.3 8.3a5 5 0 0 1-7.1-7.1L11 3.9',
  camera: 'M4 8h3.5l1.5-2.5h6L16.5 8H20v11.5H4zM12 16.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4',
  microphone: 'M12 14.5a3 3 0 0 0 3-3v-5a3 3 0 0 0-6 0v5a3 3 0 0 0 3 3M6 11.5a6 6 0 0 0 12 0M12 17.5V21',
  file: 'M7 3.5h7l4 4v13H7zM14 3.5v4h4',
  device: 'M11 16H4V5h14v3M2 19.5h9M14 10.5h6.5v9H14zM16.8 17h.9',
  gear: 'M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6M12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.1 2.1M16.3 16.3l2.1 2.1M18.4 5.6l-2.1 2.1M7.7 16.3l-2.1 2.1',
} as const;

export type IconName = keyof typeof PATHS;

/** The logo: a speech bubble with a lock in it. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 512 512" aria-hidden="true" focusable="false">
      <path d="M136 130h240a44 44 0 0 1 44 44v126a44 44 0 0 1-44 44H258l-82 66v-66h-40a44 44 0 0 1-44-44V174a44 44 0 0 1 44-44Z" />
      <path
        class="keyhole"
        d="M220 226v-16a36 36 0 0 1 72 0v16h4a12 12 0 0 1 12 12v52a12 12 0 0 1-12 12h-80a12 12 0 0 1-12-12v-52a12 12 0 0 1 12-12Zm22 0h28v-16a14 14 0 0 0-28 0Z"
      />
    </svg>
  );
}

/** Hidden from screen readers: the text beside it, or the control's label, says what it means. */
export function Icon({ name }: { readonly name: IconName }) {
  return <Drawn path={PATHS[name]} width={name === 'dots' ? 3 : undefined} />;
}

/** An icon by its path. @param width of its lines */
export function Drawn({ path, width }: { readonly path: string; readonly width?: number | undefined }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false">
      <path d={path} stroke-width={width} />
    </svg>
  );
}
