/** Where labs can run on this machine, what is missing for the others, and the one command that puts it right. */
import { z } from 'zod';

export const DoctorFinding = z.strictObject({
  id: z.string(),
  /** What was looked at. */
  title: z.string(),
  /** works; limited: labs run, something in them does not; missing: something to install; refused: this machine does not allow it. */
  status: z.enum(['works', 'limited', 'missing', 'refused']),
  /** One line. */
  because: z.string(),
  /** What to type, where typing helps. */
  command: z.string().nullable(),
});
export type DoctorFinding = z.infer<typeof DoctorFinding>;

export const DoctorReport = z.strictObject({
  backends: z.array(z.strictObject({ backend: z.enum(['simulator', 'linux', 'container']), title: z.string(), works: z.boolean(), because: z.string() })),
  findings: z.array(DoctorFinding),
  /** Installs everything that is missing; null when nothing is, or nobody knows how here. */
  install: z.string().nullable(),
});
export type DoctorReport = z.infer<typeof DoctorReport>;
