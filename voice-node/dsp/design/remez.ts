/**
 * Equiripple linear-phase FIR of odd length by the Parks-McClellan algorithm: Remez exchange on
 * A(x) = sum c_n cos(n omega), evaluated in barycentric Lagrange form.
 * (T. W. Parks, J. H. McClellan, IEEE Trans. Circuit Theory 19(2), 1972; J.-P. Berrut, L. N. Trefethen,
 * "Barycentric Lagrange interpolation", SIAM Review 46(3), 2004.)
 */
export interface Band {
  /** Edges in cycles per sample, 0..0.5. What lies between two bands is not constrained. */
  readonly from: number;
  readonly to: number;
  readonly gain: number;
  /** Relative weight of the error at a frequency; a number, or weights at both edges, linear in between. */
  readonly weight: number | readonly [number, number];
}

export interface RemezCall {
  /** Odd. */
  readonly taps: number;
  readonly bands: readonly Band[];
}

interface Grid {
  readonly x: Float64Array;
  readonly gain: Float64Array;
  readonly weight: Float64Array;
  /** True where a band begins: no extremum is shared across a gap. */
  readonly starts: Uint8Array;
}

const GRID_DENSITY = 24;
const MAX_EXCHANGES = 200;

/** The taps, symmetric. Throws when the exchange does not settle. */
export function designRemez({ taps, bands }: RemezCall): Float64Array {
  const half = (taps - 1) / 2;
  const count = half + 2;
  const grid = makeGrid(bands, half);
  let extrema = Array.from({ length: count }, (_, i) => Math.round((i * (grid.x.length - 1)) / (count - 1)));
  const error = new Float64Array(grid.x.length);
  for (let round = 0; round < MAX_EXCHANGES; round++) {
    const fit = interpolate(grid, extrema);
    for (let i = 0; i < error.length; i++) {
      error[i] = (grid.weight[i] as number) * ((grid.gain[i] as number) - fit.at(grid.x[i] as number));
    }
    const next = exchange(error, grid.starts, count);
    if (next.length < count) throw new Error(`Parks-McClellan lost an extremum in exchange ${round}`);
    const settled = next.every((index, i) => index === extrema[i]);
    extrema = next;
    if (settled) return impulseResponse(interpolate(grid, extrema).at, taps);
  }
  throw new Error(`Parks-McClellan did not settle in ${MAX_EXCHANGES} exchanges`);
}

function makeGrid(bands: readonly Band[], half: number): Grid {
  const x: number[] = [];
  const gain: number[] = [];
  const weight: number[] = [];
  const starts: number[] = [];
  for (const band of bands) {
    const points = Math.max(8, Math.ceil((band.to - band.from) * 2 * half * GRID_DENSITY));
    const [w0, w1] = typeof band.weight === 'number' ? [band.weight, band.weight] : band.weight;
    for (let i = 0; i <= points; i++) {
      x.push(Math.cos(2 * Math.PI * (band.from + ((band.to - band.from) * i) / points)));
      gain.push(band.gain);
      weight.push(w0 + ((w1 - w0) * i) / points);
      starts.push(i === 0 ? 1 : 0);
    }
  }
  return { x: Float64Array.from(x), gain: Float64Array.from(gain), weight: Float64Array.from(weight), starts: Uint8Array.from(starts) };
}

/** The polynomial that misses the goal by the same weighted amount, with alternating sign, at every extremum. */
function interpolate(grid: Grid, extrema: readonly number[]): { at: (x: number) => number } {
  const nodes = extrema.map((i) => grid.x[i] as number);
  const full = barycentricWeights(nodes);
  let above = 0;
  let below = 0;
  for (const [k, i] of extrema.entries()) {
    above += (full[k] as number) * (grid.gain[i] as number);
    below += ((k % 2 === 0 ? 1 : -1) * (full[k] as number)) / (grid.weight[i] as number);
  }
  const deviation = above / below;
  const values = extrema.map((i, k) => (grid.gain[i] as number) - ((k % 2 === 0 ? 1 : -1) * deviation) / (grid.weight[i] as number));
  // The last node is spare: the polynomial of this degree is fixed by the others.
  const last = nodes.length - 1;
  const weights = nodes.slice(0, last).map((node, k) => (full[k] as number) * (node - (nodes[last] as number)));
  const at = (x: number): number => {
    let top = 0;
    let bottom = 0;
    for (let k = 0; k < last; k++) {
      const distance = x - (nodes[k] as number);
      if (distance === 0) return values[k] as number;
      const term = (weights[k] as number) / distance;
      top += term * (values[k] as number);
      bottom += term;
    }
    return top / bottom;
  };
  return { at };
}

/** 1 / prod (x_k - x_j), up to a common factor; by logarithms, as the products span hundreds of decades. */
function barycentricWeights(nodes: readonly number[]): Float64Array {
  const logs = nodes.map((xk, k) => nodes.reduce((sum, xj, j) => (j === k ? sum : sum - Math.log(Math.abs(xk - xj))), 0));
  const largest = Math.max(...logs);
  // The nodes descend, so the number of negative differences is the number of nodes before.
  return Float64Array.from(logs, (log, k) => (k % 2 === 0 ? 1 : -1) * Math.exp(log - largest));
}

/** The next reference: local extremes of the error with alternating sign, `count` of them, the largest ones. */
function exchange(error: Float64Array, starts: Uint8Array, count: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < error.length; i++) {
    const e = Math.abs(error[i] as number);
    const sign = Math.sign(error[i] as number);
    const before = starts[i] === 1 || i === 0 ? -Infinity : sign * (error[i - 1] as number);
    const after = i + 1 === error.length || starts[i + 1] === 1 ? -Infinity : sign * (error[i + 1] as number);
    if (e < before || e <= after) continue;
    const last = found[found.length - 1];
    if (last !== undefined && Math.sign(error[last] as number) === sign) {
      if (e > Math.abs(error[last] as number)) found[found.length - 1] = i;
    } else found.push(i);
  }
  while (found.length > count) dropSmallest(found, error, found.length - count);
  return found;
}

/** Drops from the ends when one is too many, else the smallest and, to keep the alternation, a neighbour. */
function dropSmallest(found: number[], error: Float64Array, excess: number): void {
  const size = (k: number): number => Math.abs(error[found[k] as number] as number);
  const last = found.length - 1;
  if (excess === 1) {
    if (size(0) < size(last)) found.shift();
    else found.pop();
    return;
  }
  let smallest = 0;
  for (let k = 1; k <= last; k++) if (size(k) < size(smallest)) smallest = k;
  if (smallest === 0) found.shift();
  else if (smallest === last) found.pop();
  else found.splice(size(smallest - 1) < size(smallest + 1) ? smallest - 1 : smallest, 2);
}

/** Impulse response from the response: inverse DFT of A at multiples of 1 / taps. */
function impulseResponse(at: (x: number) => number, taps: number): Float64Array {
  const half = (taps - 1) / 2;
  const samples = Array.from({ length: half + 1 }, (_, k) => at(Math.cos((2 * Math.PI * k) / taps)));
  return Float64Array.from({ length: taps }, (_, i) => {
    let sum = samples[0] as number;
    for (let k = 1; k <= half; k++) sum += 2 * (samples[k] as number) * Math.cos((2 * Math.PI * k * (i - half)) / taps);
    return sum / taps;
  });
}
