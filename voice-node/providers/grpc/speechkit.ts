import type { Clock } from '../../domain/clock.js';

/** What recognition and synthesis have in common. */
export interface SpeechKitOptions {
  readonly apiKey: string;
  /** Only for keys that do not belong to one folder. */
  readonly folderId?: string | undefined;
  /** `host:port`; default: the service's own. */
  readonly address?: string | undefined;
  /** Without TLS. */
  readonly insecure?: boolean | undefined;
  /** PEM of the authorities to trust instead of the usual ones. */
  readonly rootCertificates?: string | undefined;
  readonly clock: Clock;
}

/** What every call to SpeechKit carries (SpeechKit docs, "Authentication with the API"). */
export const speechKitHeaders = ({ apiKey, folderId }: Pick<SpeechKitOptions, 'apiKey' | 'folderId'>): Record<string, string> => ({
  authorization: `Api-Key ${apiKey}`,
  ...(folderId !== undefined && { 'x-folder-id': folderId }),
});

/** SpeechKit wants a region as well (SpeechKit docs, "Recognition models"). */
const REGIONS: Readonly<Record<string, string>> = {
  de: 'de-DE',
  en: 'en-US',
  es: 'es-ES',
  fi: 'fi-FI',
  fr: 'fr-FR',
  he: 'he-IL',
  it: 'it-IT',
  kk: 'kk-KZ',
  nl: 'nl-NL',
  pl: 'pl-PL',
  pt: 'pt-PT',
  ru: 'ru-RU',
  sv: 'sv-SE',
  tr: 'tr-TR',
  uz: 'uz-UZ',
};

export const speechKitLanguage = (language: string): string => REGIONS[language] ?? language;
