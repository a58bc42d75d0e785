/**
 * What the page asks of the program around it (Electron's main process or the loopback server): course files, progress, settings and
 * the store of input logs. JSON both ways; bytes as base64. Requests carry `id`; each is answered by `{id, ok}` or `{id, error}`.
 */
import { z } from 'zod';
import { CourseProblem } from './course.ts';

const Key = z.string().regex(/^[A-Za-z0-9._-]{1,80}$/, 'letters, digits, dots, dashes');

/** In base64; a pack holds at most 10 MB. */
const Bytes = z.string().max(14_000_000);

export const Settings = z.strictObject({
  theme: z.enum(['system', 'light', 'dark', 'contrast']).default('system'),
  terminalFontSize: z.number().int().min(10).max(24).default(13),
  lessonFontSize: z.number().int().min(12).max(22).default(15),
  terminalFont: z.string().max(80).default('JetBrains Mono Variable'),
  cursorBlink: z.boolean().default(true),
  reducedMotion: z.boolean().default(false),
  screenReader: z.boolean().default(false),
  layout: z.record(z.string(), z.number()).default({}),
  /** Where labs run, if this machine can. */
  backend: z.enum(['simulator', 'linux']).default('simulator'),
  /** How a lab on real Linux is made: in namespaces of this machine, in a container, or as it can be. */
  linux: z.enum(['auto', 'sandbox', 'container']).default('auto'),
});
export type Settings = z.infer<typeof Settings>;

/** As labs without a lesson are filed, beside courses. */
export const playCourse = 'free-play';

export const LessonProgress = z.strictObject({
  course: Key, lesson: Key, status: z.enum(['new', 'started', 'done']), pointsEarned: z.number(), points: z.number(),
  /** Check and question ids earned for good. */
  earned: z.array(z.string()), screen: z.number().int().min(1), hintsUsed: z.number().int(), updatedAtMs: z.number(),
});
export type LessonProgress = z.infer<typeof LessonProgress>;

export const HostRequest = z.discriminatedUnion('type', [
  z.strictObject({ id: z.number().int(), type: z.literal('hello') }),
  z.strictObject({ id: z.number().int(), type: z.literal('course'), course: Key }),
  z.strictObject({ id: z.number().int(), type: z.literal('progress') }),
  z.strictObject({ id: z.number().int(), type: z.literal('save-progress'), progress: LessonProgress }),
  z.strictObject({ id: z.number().int(), type: z.literal('save-settings'), settings: Settings }),
  /** The log of a lesson: opened for writing by one window at a time; another one takes over visibly. */
  z.strictObject({ id: z.number().int(), type: z.literal('open-log'), course: Key, lesson: Key, takeOver: z.boolean().default(false) }),
  z.strictObject({ id: z.number().int(), type: z.literal('append-log'), log: z.number().int(), sequence: z.number().int(), bytes: z.string() }),
  z.strictObject({ id: z.number().int(), type: z.literal('close-log'), log: z.number().int() }),
  /** A lab of free play goes for good, its log with it; refused while a window has it open. */
  z.strictObject({ id: z.number().int(), type: z.literal('remove-play'), name: Key }),
  /** Reads a pack, from a file's bytes or a folder's files (base64), and keeps nothing yet. Answers a PackOpened. */
  z.strictObject({ id: z.number().int(), type: z.literal('open-pack'), name: z.string().max(200), content: z.union([z.strictObject({ zip: Bytes }), z.strictObject({ files: z.record(z.string().max(500), Bytes) })]) }),
  /** The next pack that came from outside the page (a double click, the command line): a PackOpened, or null. */
  z.strictObject({ id: z.number().int(), type: z.literal('open-offered-pack') }),
  /** The pack this window read last is well formed: it joins the courses, in place of an older one of the same id. */
  z.strictObject({ id: z.number().int(), type: z.literal('keep-pack'), pack: z.number().int() }),
  /** Progress and logs of its lessons stay. */
  z.strictObject({ id: z.number().int(), type: z.literal('remove-pack'), course: Key }),
  /** A lab the host serves itself: answers `{lab}`. Its session then takes `lab-request`s and speaks in `lab-event`s, the messages of contracts/lab.ts. */
  z.strictObject({ id: z.number().int(), type: z.literal('open-lab'), backend: z.enum(['linux']) }),
  z.strictObject({ id: z.number().int(), type: z.literal('lab-request'), lab: z.number().int(), request: z.unknown() }),
  z.strictObject({ id: z.number().int(), type: z.literal('close-lab'), lab: z.number().int() }),
  /** Whether labs can run on real Linux as the settings want it: a RealLinux. */
  z.strictObject({ id: z.number().int(), type: z.literal('real-linux') }),
  /** Where labs can run here: a DoctorReport. */
  z.strictObject({ id: z.number().int(), type: z.literal('doctor') }),
  z.strictObject({ id: z.number().int(), type: z.literal('export-progress') }),
  z.strictObject({ id: z.number().int(), type: z.literal('import-progress'), text: z.string().max(4_000_000) }),
]);
export type HostRequest = z.infer<typeof HostRequest>;

/** `pack` is null for a course that came with Podwire. */
export const CourseEntry = z.strictObject({ id: Key, title: z.string(), pack: z.strictObject({ version: z.string(), licence: z.string(), languages: z.array(z.string()) }).nullable() });
export type CourseEntry = z.infer<typeof CourseEntry>;

/** A pack that is refused for its files, or read: its texts, which the page judges, and the version it would take the place of. */
export const PackOpened = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('refused'), name: z.string(), problems: z.array(CourseProblem) }),
  z.strictObject({ status: z.literal('read'), name: z.string(), pack: z.number().int(), files: z.record(z.string(), z.string()), installed: z.strictObject({ version: z.string(), isSame: z.boolean() }).nullable() }),
]);
export type PackOpened = z.infer<typeof PackOpened>;

export const RealLinux = z.strictObject({ isAvailable: z.boolean(), because: z.string() });
export const HostHello = z.strictObject({ version: z.string(), platform: z.string(), shell: z.enum(['electron', 'browser']), settings: Settings, progress: z.array(LessonProgress), courses: z.array(CourseEntry), realLinux: RealLinux });
export type HostHello = z.infer<typeof HostHello>;
export const CourseFiles = z.strictObject({ course: Key, files: z.record(z.string(), z.string()) });
export const OpenedLog = z.strictObject({ log: z.number().int(), bytes: z.string(), seed: z.number().int(), tornBytes: z.number().int() });
export type OpenedLog = z.infer<typeof OpenedLog>;

/** Every answer, and what the host says unasked. */
export const HostMessage = z.union([
  z.strictObject({ id: z.number().int(), ok: z.unknown() }),
  z.strictObject({ id: z.number().int(), error: z.strictObject({ code: z.enum(['bad-message', 'not-found', 'in-use', 'io', 'bad-file']), message: z.string() }) }),
  /** Another window took this log over. */
  z.strictObject({ type: z.literal('log-taken'), log: z.number().int() }),
  z.strictObject({ type: z.literal('menu'), command: z.string() }),
  z.strictObject({ type: z.literal('courses'), courses: z.array(CourseEntry) }),
  /** What a lab of the host's says: a LabEvent, the bytes of its data in base64. */
  z.strictObject({ type: z.literal('lab-event'), lab: z.number().int(), event: z.unknown() }),
  /** To be fetched with open-offered-pack. */
  z.strictObject({ type: z.literal('pack-offered') }),
]);
export type HostMessage = z.infer<typeof HostMessage>;

/** The line between a page and its host: Electron's IPC or a WebSocket. */
export interface Transport {
  send(message: HostRequest): void;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
}
