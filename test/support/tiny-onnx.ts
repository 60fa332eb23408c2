/** Just enough of ONNX's protobuf (onnx.proto, IR version 8) to write a model of a few nodes. Deterministic. */
type Bytes = Uint8Array;

const varint = (value: number): number[] => {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    out.push(rest > 0n ? byte | 0x80 : byte);
  } while (rest > 0n);
  return out;
};
const int = (field: number, value: number): Bytes => Uint8Array.from([...varint(field << 3), ...varint(value)]);
const bytes = (field: number, value: Bytes): Bytes => Buffer.concat([Uint8Array.from([...varint((field << 3) | 2), ...varint(value.length)]), value]);
const text = (field: number, value: string): Bytes => bytes(field, Buffer.from(value, 'utf8'));
const message = (field: number, ...parts: Bytes[]): Bytes => bytes(field, Buffer.concat(parts));

const FLOAT = 1;
const INT64 = 7;

export interface Port {
  readonly name: string;
  readonly type: 'float' | 'int64';
  /** A name stands for any length. */
  readonly shape: readonly (number | string)[];
}

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly ints?: Readonly<Record<string, readonly number[]>>;
}

export interface Constant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
  readonly type: 'float' | 'int64';
}

export interface Model {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly nodes: readonly Node[];
  readonly constants: readonly Constant[];
  readonly metadata: Readonly<Record<string, string>>;
}

const typeNumber = (type: 'float' | 'int64'): number => (type === 'float' ? FLOAT : INT64);

function port(field: number, { name, type, shape }: Port): Bytes {
  const dims = shape.map((dim) => message(1, typeof dim === 'number' ? int(1, dim) : text(2, dim)));
  return message(field, text(1, name), message(2, message(1, int(1, typeNumber(type)), message(2, ...dims))));
}

function node({ op, inputs, outputs, ints = {} }: Node): Bytes {
  const INTS = 7;
  const attributes = Object.entries(ints).map(([name, values]) => message(5, text(1, name), ...values.map((value) => int(8, value)), int(20, INTS)));
  return message(1, ...inputs.map((name) => text(1, name)), ...outputs.map((name) => text(2, name)), text(4, op), ...attributes);
}

function constant({ name, shape, values, type }: Constant): Bytes {
  const data = Buffer.alloc(values.length * (type === 'float' ? 4 : 8));
  values.forEach((value, i) => (type === 'float' ? data.writeFloatLE(value, 4 * i) : data.writeBigInt64LE(BigInt(value), 8 * i)));
  return message(5, ...shape.map((dim) => int(1, dim)), int(2, typeNumber(type)), text(8, name), bytes(9, data));
}

/** The bytes of a .onnx file. */
export function writeOnnx(model: Model): Bytes {
  const graph = [
    ...model.nodes.map(node),
    text(2, 'tiny'),
    ...model.constants.map(constant),
    ...model.inputs.map((each) => port(11, each)),
    ...model.outputs.map((each) => port(12, each)),
  ];
  const metadata = Object.entries(model.metadata).map(([key, value]) => message(14, text(1, key), text(2, value)));
  return Buffer.concat([int(1, 8), message(7, ...graph), message(8, text(1, ''), int(2, 13)), ...metadata]);
}
