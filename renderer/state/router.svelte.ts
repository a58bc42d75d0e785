/** Where one is, in the address after #: home or a lesson. Reload and back return there. */
export type Route = { readonly page: 'home' } | { readonly page: 'lesson'; readonly lesson: string };

function read(): Route {
  const [, page, name] = location.hash.split('/');
  return page === 'lesson' && name !== undefined && name !== '' ? { page, lesson: decodeURIComponent(name) } : { page: 'home' };
}

class Router {
  route = $state<Route>(read());
  constructor() {
    addEventListener('hashchange', () => {
      this.route = read();
    });
  }
  home(): void {
    location.hash = '#/';
  }
  open(lesson: string): void {
    location.hash = `#/lesson/${encodeURIComponent(lesson)}`;
  }
}

export const router = new Router();
export const lessonAddress = (lesson: string): string => `#/lesson/${encodeURIComponent(lesson)}`;
