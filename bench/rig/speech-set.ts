import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../voice-node/config.js';
import type { Half, Manifest, Piece, PieceKind, Stream } from '../speech-set/format.js';

/** Where `scripts/speech-set` leaves the set. */
export const SET_FOLDER = join(ROOT, '.cache/speech-set');

/** The labelled set on disk. Reads a file when it is asked for, and keeps none. */
export class SpeechSet {
  readonly manifest: Manifest;

  private constructor(manifest: Manifest) {
    this.manifest = manifest;
  }

  /** Throws where the set has not been made. */
  static open(): SpeechSet {
    const file = join(SET_FOLDER, 'manifest.json');
    if (!existsSync(file)) throw new Error(`expected the labelled set at ${file}, found none; make it with scripts/speech-set`);
    return new SpeechSet(JSON.parse(readFileSync(file, 'utf8')) as Manifest);
  }

  pieces(half: Half, kind: PieceKind): readonly Piece[] {
    return this.manifest.pieces.filter((piece) => piece.half === half && piece.kind === kind);
  }

  streams(half: Half): readonly Stream[] {
    return this.manifest.streams.filter((stream) => stream.half === half);
  }

  /** Mono int16 at 8 kHz. */
  samples({ file }: Pick<Piece | Stream, 'file'>): Int16Array {
    const bytes = readFileSync(join(SET_FOLDER, file));
    return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.byteLength & ~1)));
  }
}
