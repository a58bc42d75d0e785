/**
 * A page of the lab as a document that can do nothing: no scripts (the frame's sandbox), no request of any kind (its own policy, on top of the
 * application's), and nothing in it that names an address but its links, which the window follows itself.
 */
import DOMPurify from 'dompurify';

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'";
const ADDRESSES = ['src', 'srcset', 'action', 'formaction', 'poster', 'background', 'ping', 'data', 'target'];

export function pageDocument(html: string): string {
  const body = DOMPurify.sanitize(html, { RETURN_DOM_FRAGMENT: true, FORBID_TAGS: ['style', 'form', 'base', 'meta', 'link'], FORBID_ATTR: ADDRESSES, ALLOW_DATA_ATTR: false });
  for (const link of body.querySelectorAll('[href]')) {
    const address = link.getAttribute('href') ?? '';
    link.setAttribute('href', '#');
    link.setAttribute('data-address', address);
  }
  const holder = document.createElement('div');
  holder.append(body);
  return `<!doctype html><html><head><meta http-equiv="Content-Security-Policy" content="${POLICY}"><style>body { background: #fff; color: #000; font: 16px/1.4 sans-serif; margin: 8px; }</style></head><body>${holder.innerHTML}</body></html>`;
}
