/** The pixels of one bar, with the space after it. */
const STEP = 3;
const HEIGHT = 32;

/** Bars for levels from 0 to 1. @param at up to here they are marked, from 0 to 1 */
export function Wave({ levels, at }: { readonly levels: readonly number[]; readonly at: number }) {
  return (
    <svg
      class="wave-bars"
      viewBox={`0 0 ${levels.length * STEP} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      {levels.map((level, i) => {
        const height = Math.max(2, level * HEIGHT);
        const isPast = i < at * levels.length;
        return (
          <rect
            key={i}
            class={isPast ? 'past' : undefined}
            x={i * STEP}
            y={(HEIGHT - height) / 2}
            width={STEP - 1}
            height={height}
            rx={1}
          />
        );
      })}
    </svg>
  );
}
