import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pageFile, pageHeaders } from './pages.ts';

describe('the files behind the pages', () => {
  let outside: string;
  let pages: string;
  beforeAll(() => {
    outside = mkdtempSync(join(tmpdir(), 'pages-'));
    pages = join(outside, 'renderer');
    mkdirSync(join(pages, 'assets'), { recursive: true });
    for (const name of ['index.html', 'assets/main-1a2b.js', 'a b.css']) writeFileSync(join(pages, name), '');
    writeFileSync(join(outside, 'secret.html'), '');
    mkdirSync(join(outside, 'renderer-other'));
    writeFileSync(join(outside, 'renderer-other', 'index.html'), '');
  });
  afterAll(() => rmSync(outside, { recursive: true, force: true }));

  test.each([
    ['/', 'index.html'],
    ['/index.html', 'index.html'],
    ['/assets/main-1a2b.js', 'assets/main-1a2b.js'],
    ['/assets/../index.html', 'index.html'],
    ['/a%20b.css', 'a b.css'],
  ])('%s is %s', (path, file) => expect(pageFile(pages, path)).toBe(join(pages, file)));

  test.each(['/../secret.html', '/%2e%2e/secret.html', '/..%2fsecret.html', '/..\\secret.html', '/../renderer-other/index.html', '/nothing.js', '/assets', '/%', '/index.html%00.js'])(
    '%s is nobody\'s', (path) => expect(pageFile(pages, path)).toBeUndefined());

  test('only files named after their contents are kept by the browser', () => {
    expect(pageHeaders(join(pages, 'assets/main-1a2b.js'))['cache-control']).toContain('immutable');
    expect(pageHeaders(join(pages, 'index.html'))['cache-control']).toBe('no-cache');
  });

  test('the policy names no other origin and no inline script', () => {
    const policy = pageHeaders(join(pages, 'index.html'))['content-security-policy'] ?? '';
    expect(policy).not.toMatch(/https?:|\*|ws:/);
    expect(policy.split('; ').find((part) => part.startsWith('script-src'))).toBe("script-src 'self' 'wasm-unsafe-eval'");
  });
});
