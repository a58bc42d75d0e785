import { fireEvent, render, screen } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import type { LabRequestInput, VisitView } from '../../../contracts/lab.ts';
import type { LabState } from '../../state/lab.svelte.ts';
import BrowserPane from './BrowserPane.svelte';
import { errorPage } from './net-errors.ts';
import { pageDocument } from './page-document.ts';

const from = { machine: 'browser', netns: '' };
const network = { titles: { browser: 'a laptop outside' }, outside: ['browser'], pods: [{ machine: 'node', netns: 'hello-1', address: '10.40.0.6' }], places: {}, namespaces: [{ machine: 'node', netns: '' }, { machine: 'browser', netns: '' }] };

function shown(visit: Partial<VisitView> | null): LabRequestInput[] {
  const sent: LabRequestInput[] = [];
  const whole = visit === null ? null : { id: 1, from, address: '1.2.3.4', url: 'http://1.2.3.4/', startedAtMs: 0, endedAtMs: 9, progress: 'done', peer: '1.2.3.4:80', answer: null, error: null, ...visit };
  render(BrowserPane, { lab: { visit: whole, network, clock: { atMs: 9 }, send: (request: LabRequestInput) => sent.push(request) } as unknown as LabState, isActive: true, onactivate: () => undefined, onclose: () => undefined });
  return sent;
}

describe('the browser of a lab', () => {
  it('asks from the machine outside unless another place is chosen', async () => {
    const sent = shown(null);
    await fireEvent.input(screen.getByLabelText('Address'), { target: { value: ' 35.1.2.3 ' } });
    await fireEvent.submit(screen.getByLabelText('Address').closest('form')!);
    await fireEvent.change(screen.getByLabelText('From'), { target: { value: 'node/hello-1' } });
    await fireEvent.submit(screen.getByLabelText('Address').closest('form')!);
    expect(sent).toEqual([{ type: 'visit', from, address: '35.1.2.3' }, { type: 'visit', from: { machine: 'node', netns: 'hello-1' }, address: '35.1.2.3' }]);
  });

  it('says what Chromium would where there is no page', () => {
    shown({ error: 'ERR_CONNECTION_TIMED_OUT' });
    expect(screen.queryByText('1.2.3.4 took too long to respond.')).not.toBeNull();
    expect(errorPage('DNS_PROBE_FINISHED_NXDOMAIN', 'http://nosuch.example/').text).toBe('Check if there is a typo in nosuch.example.');
  });

  it('shows text as it came', () => {
    shown({ answer: { statusLine: 'HTTP/1.1 200 OK', status: 200, headers: [], mediaType: 'text/plain', text: '<b>Hello', sizeBytes: 8, isCut: false } });
    expect(screen.queryByText('<b>Hello')).not.toBeNull();
  });

  it('stops what is still loading', async () => {
    const sent = shown({ progress: 'connecting', endedAtMs: null });
    await fireEvent.click(screen.getByRole('button', { name: 'Stop' }));
    expect(sent).toEqual([{ type: 'stop-visit' }]);
  });
});

describe('a page of the lab', () => {
  it.each([
    ['<script>alert(1)</script>', /script/], ['<img src="/index.html" onerror="alert(1)">', /index\.html|onerror/], ['<form action="/x"><button formaction="/y">go</button></form>', /<form|formaction|\/x/],
    ['<meta http-equiv="refresh" content="0;url=/">', /refresh/], ['<base href="https://example.com/">', /<base/], ['<iframe src="/"></iframe>', /iframe/], ['<link rel="stylesheet" href="/a.css">', /a\.css/], ['<style>@import "/a.css"</style>', /import/], ['<object data="/a"></object>', /object/],
    ['<a href="javascript:alert(1)">x</a>', /javascript/],
  ])('keeps nothing of %s that could run or ask', (html, forbidden) => {
    expect(pageDocument(html).replace(/^.*<body>/s, '')).not.toMatch(forbidden);
  });

  it('leaves links to the window', () => {
    expect(pageDocument('<a href="/next?a=b">next</a>')).toContain('<a href="#" data-address="/next?a=b">next</a>');
  });
});
