/**
 * The browser behind the windows. Chromium knows no app:// scheme outside Electron, so the page lives at a secure
 * stand-in origin, and addresses are translated in both directions; handlers of `protocol` answer its requests.
 * Everything else that would leave for a network is refused and written down.
 */
import type { BrowserContext, Request as PageRequest, Route } from '@playwright/test';

type ProtocolHandler = (request: Request) => Response | Promise<Response>;

export class Pages {
  readonly context: BrowserContext;
  readonly handlers = new Map<string, ProtocolHandler>();
  /** Addresses that pages asked for and that nobody here serves. */
  readonly refused: string[] = [];
  /** Decides about a navigation of a main frame: false stops it. */
  onNavigation: (request: PageRequest, address: string) => boolean = () => true;

  constructor(context: BrowserContext) {
    this.context = context;
  }

  async start(): Promise<void> {
    await this.context.route(() => true, (route, request) => this.answer(route, request));
    await this.context.routeWebSocket(() => true, (socket) => {
      this.refused.push(socket.url());
      void socket.close();
    });
  }

  /** app://podwire/x becomes https://podwire.app.double/x */
  toBrowser(address: string): string {
    const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/.exec(address);
    if (match === null || !this.handlers.has(match[1] as string)) return address;
    return `https://${match[2]}.${match[1]}.double${match[3] === '' ? '/' : match[3]}`;
  }

  fromBrowser(address: string): string {
    const match = /^https:\/\/([^/?#]*)\.([a-z][a-z0-9+-]*)\.double(.*)$/.exec(address);
    return match === null ? address : `${match[2]}://${match[1]}${match[3]}`;
  }

  private mayNavigate(request: PageRequest, address: string): boolean {
    try {
      return request.frame().parentFrame() !== null || this.onNavigation(request, address);
    } catch {
      return false; // a popup, so new that it has no frame: its opener is asked when it appears
    }
  }

  private async answer(route: Route, request: PageRequest): Promise<void> {
    const address = this.fromBrowser(request.url());
    const scheme = address.slice(0, address.indexOf(':'));
    if (request.isNavigationRequest() && !this.mayNavigate(request, address)) return route.abort('aborted');
    const handler = this.handlers.get(scheme);
    if (handler === undefined) {
      this.refused.push(address);
      return route.abort('addressunreachable');
    }
    const response = await handler(new Request(address, { method: request.method(), headers: request.headers() }));
    await route.fulfill({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    }).catch(() => undefined); // the page went away meanwhile
  }
}
