import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fidelityData, fidelityPage } from './fidelity.ts';

const recordings = join(import.meta.dirname, 'recordings');

it.each([['docs/FIDELITY.md', fidelityPage], ['contracts/generated/fidelity.json', fidelityData]])('%s says what is recorded and known (npm run update-fidelity writes it)', (name, write) => {
  expect(readFileSync(join(import.meta.dirname, '..', '..', name), 'utf8')).toBe(write(recordings));
});
