/** Chromium's error pages in its own words, as recorded from Chromium 142. The two about names: components/error_page_strings.grdp. */
export interface ErrorPage { readonly title: string; readonly text: string; readonly code: string }

const UNREACHED = 'This site can’t be reached';
const BROKEN = 'This page isn’t working';

const pages: Readonly<Record<string, (host: string, url: string) => readonly [title: string, text: string]>> = {
  ERR_CONNECTION_REFUSED: (host) => [UNREACHED, `${host} refused to connect.`],
  ERR_CONNECTION_TIMED_OUT: (host) => [UNREACHED, `${host} took too long to respond.`],
  ERR_CONNECTION_RESET: () => [UNREACHED, 'The connection was reset.'],
  ERR_ADDRESS_UNREACHABLE: (_, url) => [UNREACHED, `${url} is unreachable.`],
  ERR_NAME_NOT_RESOLVED: (host) => [UNREACHED, `${host}’s server IP address could not be found.`],
  DNS_PROBE_FINISHED_NXDOMAIN: (host) => [UNREACHED, `Check if there is a typo in ${host}.`],
  ERR_NETWORK_ACCESS_DENIED: () => ['Your Internet access is blocked', 'Firewall or antivirus software may have blocked the connection.'],
  ERR_EMPTY_RESPONSE: (host) => [BROKEN, `${host} didn’t send any data.`],
  ERR_INVALID_HTTP_RESPONSE: (host) => [BROKEN, `${host} sent an invalid response.`],
  ERR_TOO_MANY_REDIRECTS: (host) => [BROKEN, `${host} redirected you too many times.`],
};

export function errorPage(code: string, url: string): ErrorPage {
  const host = /^[a-z]+:\/\/(\[[^\]]+\]|[^/:]+)/.exec(url)?.[1] ?? url;
  if (code === 'https is not simulated yet') return { title: 'https is not simulated yet', text: 'The lab’s browser speaks http. Put http:// in front of the address.', code: '' };
  if (code === 'ERR_ABORTED') return { title: 'Stopped', text: `The visit to ${url} was stopped before there was an answer.`, code };
  const [title, text] = (pages[code] ?? (() => [UNREACHED, `The webpage at ${url} might be temporarily down or it may have moved permanently to a new web address.`] as const))(host, url);
  return { title, text, code };
}

/** An answer without a page: Chromium shows one of its own. */
export function statusPage(status: number, url: string): ErrorPage {
  const host = /^[a-z]+:\/\/(\[[^\]]+\]|[^/:]+)/.exec(url)?.[1] ?? url;
  if (status === 404) return { title: `This ${host} page can’t be found`, text: `No webpage was found for the web address: ${url}`, code: 'HTTP ERROR 404' };
  return { title: BROKEN, text: `${host} is currently unable to handle this request.`, code: `HTTP ERROR ${status}` };
}
