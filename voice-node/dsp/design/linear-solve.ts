/** Solves A x = b in place by Gaussian elimination with partial pivoting. `a` is row-major, n by n. */
export function solveInPlace(a: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++) {
      if (Math.abs(a[row * n + column] as number) > Math.abs(a[pivot * n + column] as number)) pivot = row;
    }
    swapRows(a, b, n, column, pivot);
    const diagonal = a[column * n + column] as number;
    for (let row = column + 1; row < n; row++) {
      const factor = (a[row * n + column] as number) / diagonal;
      for (let k = column; k < n; k++) a[row * n + k] = (a[row * n + k] as number) - factor * (a[column * n + k] as number);
      b[row] = (b[row] as number) - factor * (b[column] as number);
    }
  }
  for (let row = n - 1; row >= 0; row--) {
    let sum = b[row] as number;
    for (let k = row + 1; k < n; k++) sum -= (a[row * n + k] as number) * (b[k] as number);
    b[row] = sum / (a[row * n + row] as number);
  }
  return b;
}

function swapRows(a: Float64Array, b: Float64Array, n: number, i: number, j: number): void {
  if (i === j) return;
  for (let k = 0; k < n; k++) {
    const kept = a[i * n + k] as number;
    a[i * n + k] = a[j * n + k] as number;
    a[j * n + k] = kept;
  }
  const kept = b[i] as number;
  b[i] = b[j] as number;
  b[j] = kept;
}
