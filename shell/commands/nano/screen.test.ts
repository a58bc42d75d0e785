import { describe, expect, it } from 'vitest';
import { helpTitle, statusText } from './screen.ts';

describe('nano on a narrow terminal', () => {
  it.each([1, 2, 5, 18, 19, 20, 21, 80])('fills the title of its help to %d columns', (columns) => {
    expect(helpTitle(columns).length).toBe(columns);
  });
  it.each([1, 2, 5, 80])('has a status bar for %d columns', (columns) => {
    expect(statusText(columns, 'Wrote 3 lines')).toContain('[ ');
  });
});
