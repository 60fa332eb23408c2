/** What every call to SpeechKit carries (SpeechKit docs, "Authentication with the API"). */
export const speechKitHeaders = ({ apiKey, folderId }: { readonly apiKey: string; readonly folderId?: string | undefined }): Record<string, string> => ({
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
