import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Half, Manifest, Piece, PieceKind, SourcePackage, Stream } from './format.js';
import type { MadePiece } from './pieces.js';
import type { Made } from './streams.js';

/** Writes the files of a set as they come, and at last its manifest. */
export class SetWriter {
  private readonly folder: string;
  private readonly partial: string;
  private readonly streams: Stream[] = [];
  private readonly pieces: Piece[] = [];
  private readonly counts = new Map<string, number>();

  /** Nothing is seen in `folder` until the set is whole: somebody may be measuring on the last one. */
  constructor(folder: string) {
    this.folder = folder;
    this.partial = `${folder}.partial`;
    rmSync(this.partial, { recursive: true, force: true });
    mkdirSync(join(this.partial, 'pieces'), { recursive: true });
  }

  addStream({ samples, ...stream }: Made): void {
    const file = `${stream.name}.s16`;
    this.streams.push({ ...stream, file, sha256: this.write(file, samples) });
  }

  addPiece(half: Half, { samples, ...piece }: MadePiece): void {
    const name = `${half}-${piece.kind}-${this.nextOf(half, piece.kind)}`;
    const file = `pieces/${name}.s16`;
    this.pieces.push({ name, half, ...piece, file, sha256: this.write(file, samples) });
  }

  /** The manifest of what was added. */
  finish(about: { readonly version: string; readonly packages: readonly SourcePackage[]; readonly notes: readonly string[] }): Manifest {
    return { ...about, streams: this.streams, pieces: this.pieces };
  }

  /** The new set in the place of the old one. */
  seal(manifest: Manifest): void {
    writeFileSync(join(this.partial, 'manifest.json'), `${JSON.stringify(manifest)}\n`);
    rmSync(this.folder, { recursive: true, force: true });
    renameSync(this.partial, this.folder);
  }

  /** Leaves the old set, if there is one, as it is. */
  discard(): void {
    rmSync(this.partial, { recursive: true, force: true });
  }

  private nextOf(half: Half, kind: PieceKind): string {
    const next = (this.counts.get(half + kind) ?? 0) + 1;
    this.counts.set(half + kind, next);
    return String(next).padStart(2, '0');
  }

  private write(file: string, samples: Int16Array): string {
    const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
    writeFileSync(join(this.partial, file), bytes);
    return createHash('sha256').update(bytes).digest('hex');
  }
}

/** The same for the same set: the hashes of all files are in the manifest. */
export const fingerprint = (manifest: Manifest): string => createHash('sha256').update(JSON.stringify(manifest)).digest('hex').slice(0, 16);
