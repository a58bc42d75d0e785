/** The two names under which messages cross between a page and the main process. */
export const toHost = 'podwire:to-host';
export const toPage = 'podwire:to-page';
