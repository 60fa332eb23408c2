import { VoiceNodeError } from '../../../domain/errors.js';

/** Float weights as a model file holds them. */
export interface OnnxTensor {
  readonly shape: readonly number[];
  /** Row by row. */
  readonly values: Float32Array;
}

/** One graph's own float constants by name, without those of the graphs inside it. */
export type OnnxGraph = ReadonlyMap<string, OnnxTensor>;

/**
 * The float constants of an ONNX file, graph by graph: a branch of an `If` is a graph of its own, and both branches
 * may use the same names. Field numbers: onnx.proto. Tensors of other types, or with values in another form than
 * `raw_data`, are left out. Throws `vad_failed` where the bytes are not protobuf.
 */
export function readOnnxGraphs(bytes: Uint8Array): OnnxGraph[] {
  const graphs: OnnxGraph[] = [];
  eachField(bytes, (field, part) => {
    if (field === MODEL_GRAPH && part instanceof Uint8Array) readGraph(part, graphs);
  });
  return graphs;
}

const MODEL_GRAPH = 7;
const GRAPH_NODE = 1;
const GRAPH_INITIALIZER = 5;
const NODE_ATTRIBUTE = 5;
const ATTRIBUTE_TENSOR = 5;
const ATTRIBUTE_GRAPH = 6;
const TENSOR_DIMS = 1;
const TENSOR_TYPE = 2;
const TENSOR_NAME = 8;
const TENSOR_RAW = 9;
const TYPE_FLOAT = 1;

const text = new TextDecoder();

function readGraph(bytes: Uint8Array, graphs: OnnxGraph[]): void {
  const own = new Map<string, OnnxTensor>();
  graphs.push(own);
  eachField(bytes, (field, part) => {
    if (!(part instanceof Uint8Array)) return;
    if (field === GRAPH_INITIALIZER) readTensor(part, own);
    if (field === GRAPH_NODE) readNode(part, own, graphs);
  });
}

/** A constant may be an initializer of the graph or the attribute of a node `Constant`. */
function readNode(bytes: Uint8Array, own: Map<string, OnnxTensor>, graphs: OnnxGraph[]): void {
  eachField(bytes, (nodeField, attribute) => {
    if (nodeField !== NODE_ATTRIBUTE || !(attribute instanceof Uint8Array)) return;
    eachField(attribute, (field, part) => {
      if (!(part instanceof Uint8Array)) return;
      if (field === ATTRIBUTE_TENSOR) readTensor(part, own);
      if (field === ATTRIBUTE_GRAPH) readGraph(part, graphs);
    });
  });
}

function readTensor(bytes: Uint8Array, into: Map<string, OnnxTensor>): void {
  const shape: number[] = [];
  let type = 0;
  let name = '';
  let raw: Uint8Array | undefined;
  eachField(bytes, (field, part) => {
    if (typeof part === 'number') {
      if (field === TENSOR_DIMS) shape.push(part);
      if (field === TENSOR_TYPE) type = part;
    } else if (field === TENSOR_DIMS) {
      eachVarint(part, (dim) => shape.push(dim));
    } else if (field === TENSOR_NAME) {
      name = text.decode(part);
    } else if (field === TENSOR_RAW) {
      raw = part;
    }
  });
  if (type !== TYPE_FLOAT || name === '' || raw === undefined) return;
  const count = shape.reduce((product, dim) => product * dim, 1);
  if (raw.length !== 4 * count) throw broken(`tensor ${name}: expected ${count} floats, got ${raw.length} bytes`);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = view.getFloat32(4 * i, true);
  into.set(name, { shape, values });
}

const broken = (what: string): VoiceNodeError => new VoiceNodeError('vad_failed', `ONNX file: ${what}`);

/** Protobuf's wire types: 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes. Fixed ones are of no use here. */
function eachField(bytes: Uint8Array, visit: (field: number, part: Uint8Array | number) => void): void {
  const reader = new Reader(bytes);
  while (!reader.done) {
    const tag = reader.varint();
    const field = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 0) visit(field, reader.varint());
    else if (wire === 2) visit(field, reader.take(reader.varint()));
    else if (wire === 1) reader.take(8);
    else if (wire === 5) reader.take(4);
    else throw broken(`expected wire type 0, 1, 2 or 5, got ${wire}`);
  }
}

function eachVarint(bytes: Uint8Array, visit: (value: number) => void): void {
  const reader = new Reader(bytes);
  while (!reader.done) visit(reader.varint());
}

class Reader {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  /** Up to 64 bits, seven in a byte, lowest first. Above 2^53 it is only roughly right, which no length or type is. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw broken('ends in the middle of a number');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw broken('expected a number of at most 10 bytes');
  }

  take(length: number): Uint8Array {
    const part = this.bytes.subarray(this.at, this.at + length);
    if (part.length !== length) throw broken(`expected ${length} more bytes, got ${part.length}`);
    this.at += length;
    return part;
  }
}
