/** The robot that room metadata asks for: `{"robot":"echo"}`. Anything else is not for us: undefined. */
export function robotNameIn(metadata: string): string | undefined {
  if (!metadata.trimStart().startsWith('{')) return undefined;
  try {
    const robot: unknown = (JSON.parse(metadata) as { robot?: unknown }).robot;
    return typeof robot === 'string' ? robot : undefined;
  } catch {
    return undefined;
  }
}
