import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fidelityPage } from './fidelity.ts';

it('docs/FIDELITY.md says what is recorded and known (npm run update-fidelity writes it)', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'FIDELITY.md'), 'utf8');
  expect(page).toBe(fidelityPage(join(import.meta.dirname, 'recordings')));
});
