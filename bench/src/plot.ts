import type { Row } from './rows.ts';

const WIDTH = 720;
const BAR = 16;
const GAP = 8;
const LEFT = 110;
const RIGHT = 90;
const TOP = 44;

/** Bars of processor seconds for each million deliveries, the least on top, on a logarithmic scale; as SVG for both themes. */
export function plot(rows: readonly Row[], name: string, title: string): string {
  const drawn = rows
    .filter((row) => row.case === name && (row.cpuSecondsPerMillion ?? 0) > 0)
    .sort((a, b) => (a.cpuSecondsPerMillion ?? 0) - (b.cpuSecondsPerMillion ?? 0));
  const costs = drawn.map((row) => row.cpuSecondsPerMillion ?? 0);
  const least = Math.log10(Math.min(...costs) / 2);
  const most = Math.log10(Math.max(...costs));
  const lengthOf = (cost: number) => ((Math.log10(cost) - least) / (most - least)) * (WIDTH - LEFT - RIGHT);
  const bars = drawn.map((row, i) => {
    const y = TOP + i * (BAR + GAP);
    const cost = row.cpuSecondsPerMillion ?? 0;
    const length = lengthOf(cost).toFixed(1);
    const kind = row.system.startsWith('gochat') ? 'own' : 'peer';
    return [
      `<text class="name" x="${LEFT - 8}" y="${y + 12}">${row.system}</text>`,
      `<rect class="${kind}" x="${LEFT}" y="${y}" width="${length}" height="${BAR}" rx="2"/>`,
      `<text class="cost" x="${(LEFT + Number(length) + 6).toFixed(1)}" y="${y + 12}">${Number(cost.toPrecision(2))} s</text>`,
    ].join('');
  });
  const height = TOP + drawn.length * (BAR + GAP) + 4;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">
<style>text{font:13px system-ui,sans-serif;fill:#1f2328}.name{text-anchor:end}.title{font-weight:600}.own{fill:#0b6b57}.peer{fill:#9aa4ad}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.own{fill:#5fd3b8}.peer{fill:#6b7681}}</style>
<text class="title" x="8" y="22">${title}</text>
${bars.join('\n')}
</svg>
`;
}
