import { writeOnnx, type Node } from './tiny-onnx.js';

const BANDS = 80;
const FRAMES = 800;

interface Shape {
  readonly bands?: number;
  /** Columns that are looked at: from this one to the last. */
  readonly from?: number;
  /** Without a sigmoid at the end: any number comes out. */
  readonly bare?: boolean;
}

/** A model with smart-turn v3's input and output, whose probability is the sigmoid of the mean of the last columns. */
export function turnModel({ bands = BANDS, from = FRAMES - 50, bare = false }: Shape = {}): Uint8Array {
  const nodes: Node[] = [
    { op: 'Slice', inputs: ['input_features', 'from', 'to', 'axis'], outputs: ['end'] },
    { op: 'ReduceMean', inputs: ['end'], outputs: ['mean'], ints: { axes: [1, 2] } },
    { op: 'Reshape', inputs: ['mean', 'flat'], outputs: ['score'] },
    bare ? { op: 'Identity', inputs: ['score'], outputs: ['logits'] } : { op: 'Sigmoid', inputs: ['score'], outputs: ['logits'] },
  ];
  const one = (name: string, ...values: number[]) => ({ name, shape: [values.length], values, type: 'int64' as const });
  return writeOnnx({
    inputs: [{ name: 'input_features', type: 'float', shape: ['batch', bands, FRAMES] }],
    outputs: [{ name: 'logits', type: 'float', shape: ['batch', 1] }],
    nodes,
    constants: [one('from', from), one('to', FRAMES), one('axis', 2), one('flat', 1, 1)],
    metadata: {},
  });
}
