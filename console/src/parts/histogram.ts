/** Arithmetic of the response-time histogram; no drawing. */

/** Bars of a histogram: from, to (µs) and the count. */
export interface Bar {
  from: number;
  to: number;
  count: number;
}

/** Buckets are eight to an octave, so a bucket starts at its upper bound times this. */
const STEP = 2 ** (-1 / 8);
/** More bars than this are merged pairwise: they would be thinner than two pixels. */
const MOST_BARS = 90;

export function barsOf(histogram: readonly (readonly [number, number])[]): Bar[] {
  let bars = histogram
    .filter(([, count]) => count > 0)
    .map(([to, count]) => ({ from: Math.max(to, 1) * STEP, to: Math.max(to, 1), count }));
  const octaves = bars.length > 0 ? Math.log2((bars.at(-1)?.to ?? 1) / (bars[0]?.from ?? 1)) : 0;
  for (let width = 2; octaves * (16 / width) > MOST_BARS && width < 16; width *= 2) {
    bars = merged(bars, width / 8);
  }
  return bars;
}

function merged(bars: readonly Bar[], octaves: number): Bar[] {
  const result = new Map<number, Bar>();
  for (const bar of bars) {
    const key = Math.ceil(Math.log2(bar.to) / octaves - 1e-9);
    const there = result.get(key);
    if (there) there.count += bar.count;
    else {
      const to = 2 ** (key * octaves);
      result.set(key, { from: 2 ** ((key - 1) * octaves), to, count: bar.count });
    }
  }
  return [...result.values()];
}

export interface Axis {
  low: number;
  high: number;
}

/** At least one decade round the bars, so that a single bar is not a wall. */
export function axisOf(bars: readonly Bar[]): Axis {
  const low = Math.min(...bars.map((bar) => bar.from));
  const high = Math.max(...bars.map((bar) => bar.to));
  if (!Number.isFinite(low)) return { low: 1e3, high: 1e6 };
  const spare = Math.max(1.15, Math.sqrt(10 / (high / low)));
  return { low: low / spare, high: high * spare };
}

/** Place of a time on a logarithmic axis, 0 to 1. */
export function along(us: number, { low, high }: Axis): number {
  return Math.log(Math.max(us, 1e-3) / low) / Math.log(high / low);
}

/** The time at a place; the inverse of `along`. */
export function timeAt(place: number, { low, high }: Axis): number {
  return low * (high / low) ** place;
}

/** Times for the axis: powers of ten, and 2 and 5 between them where there is room. */
export function ticksOf(axis: Axis): number[] {
  const decades = Math.log10(axis.high / axis.low);
  const factors = decades <= 2 ? [1, 2, 5] : [1];
  const step = decades > 6 ? 2 : 1;
  const ticks: number[] = [];
  for (
    let power = Math.floor(Math.log10(axis.low));
    power <= Math.log10(axis.high);
    power += step
  ) {
    for (const factor of factors) {
      const tick = factor * 10 ** power;
      if (tick >= axis.low && tick <= axis.high) ticks.push(tick);
    }
  }
  return ticks;
}

/** The edges of the bars that a stroke from one time to another touches; null when it touches none. */
export function snapped(bars: readonly Bar[], from: number, to: number): [number, number] | null {
  const [low, high] = from <= to ? [from, to] : [to, from];
  const touched = bars.filter((bar) => bar.to > low && bar.from < high);
  const [first, last] = [touched[0], touched.at(-1)];
  return first && last ? [first.from, last.to] : null;
}
