/** The version shown to people; package.json's, put in by the build. */
declare const PODWIRE_VERSION: string | undefined;
export const version = typeof PODWIRE_VERSION === 'string' ? PODWIRE_VERSION : 'development';
