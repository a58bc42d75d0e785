/**
 * The program around the page: courses, progress, settings and input logs, behind one message line per window.
 * The same host serves Electron's windows and the loopback server's.
 */
import { join } from 'node:path';
import type { z } from 'zod';
import { HostRequest, LessonProgress, playCourse, type CourseEntry, type HostMessage, type HostHello, type OpenedLog, type CourseFiles, type RealLinux } from '../contracts/host.ts';
import { listCourses, readCourse } from './course-files.ts';
import { takeInstanceLock } from './instance-lock.ts';
import { LabDesk } from './lab-desk.ts';
import { linuxBackend } from './linux/backend.ts';
import { examine, wayToLinux } from './linux/doctor.ts';
import type { OpenSandbox } from './linux/sandbox.ts';
import { LogStore } from './log-store.ts';
import { PackDesk } from './packs/pack-desk.ts';
import { textsOf } from './packs/read-pack.ts';
import { ProgressStore } from './progress-store.ts';
import { version } from './version.ts';

export interface HostOptions {
  /** Where progress and logs live. */
  readonly userDataDir: string;
  readonly coursesDir: string;
  readonly shell: 'electron' | 'browser';
}

export interface HostConnection {
  send(message: unknown): void;
  onMessage(listener: (message: HostMessage) => void): void;
  close(): void;
}

export interface Host {
  connect(): HostConnection;
  /** A course pack, a file or folder, that the learner opened outside the page. The page that is there, or comes next, opens it. */
  offerPack(path: string): void;
  close(): void;
}

type RequestOf<Type extends HostRequest['type']> = Extract<HostRequest, { type: Type }>;
class Refusal extends Error {
  readonly code: 'bad-message' | 'not-found' | 'in-use' | 'io' | 'bad-file';
  constructor(code: Refusal['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Throws `AlreadyRunning` when another Podwire uses this folder. */
export function createHost({ userDataDir, coursesDir, shell }: HostOptions): Host {
  const releaseLock = takeInstanceLock(userDataDir);
  const progress = new ProgressStore(join(userDataDir, 'progress.sqlite'));
  const logs = new LogStore(join(userDataDir, 'logs'));
  const packs = new PackDesk(join(userDataDir, 'packs'), () => listCourses(coursesDir).map(({ id }) => id));
  const lines = new Set<(message: HostMessage) => void>();
  return {
    connect: () => connect({ progress, logs, packs, lines, coursesDir, shell }),
    offerPack(path) {
      packs.offer(path);
      for (const tell of lines) tell({ type: 'pack-offered' });
    },
    close: () => {
      logs.closeAll();
      progress.close();
      releaseLock();
    },
  };
}

interface Services {
  readonly progress: ProgressStore;
  readonly logs: LogStore;
  readonly packs: PackDesk;
  /** Every window's, for what concerns all. */
  readonly lines: Set<(message: HostMessage) => void>;
  readonly coursesDir: string;
  readonly shell: 'electron' | 'browser';
}

function connect({ progress, logs, packs, lines, coursesDir, shell }: Services): HostConnection {
  const listeners: ((message: HostMessage) => void)[] = [];
  const owned = new Set<number>();
  const tell = (message: HostMessage): void => listeners.forEach((listener) => listener(message));
  lines.add(tell);
  const labs = new LabDesk(tell);
  const courses = (): CourseEntry[] => [
    ...listCourses(coursesDir).map(({ id, title }) => ({ id, title, pack: null })),
    ...packs.store.all().map(({ course, title, version, licence, languages }) => ({ id: course, title, pack: { version, licence, languages } })),
  ];
  const tellCourses = (): void => lines.forEach((each) => each({ type: 'courses', courses: courses() }));

  const openLog = (request: RequestOf<'open-log'>): OpenedLog => {
    const opened = logs.open(request.course, request.lesson, request.takeOver, () => {
      owned.delete(opened!.id);
      tell({ type: 'log-taken', log: opened!.id });
    });
    if (opened === undefined) throw new Refusal('in-use', 'This lesson is open in another window. Take it over to go on here.');
    owned.add(opened.id);
    return { log: opened.id, bytes: Buffer.from(opened.bytes).toString('base64'), seed: opened.seed, tornBytes: opened.tornBytes };
  };
  const own = (log: number): void => {
    if (!owned.has(log)) throw new Refusal('in-use', 'This log is no longer open in this window.');
  };
  const realLinux = async (): Promise<z.infer<typeof RealLinux>> => {
    const { isAvailable, because } = await wayToLinux(progress.settings().linux);
    return { isAvailable, because };
  };
  const openSandbox: OpenSandbox = async (scenario) => {
    const way = await wayToLinux(progress.settings().linux);
    if (!way.isAvailable) throw new Error(way.because);
    return way.open(scenario);
  };
  const answer = (request: HostRequest): unknown => {
    switch (request.type) {
      case 'hello': {
        const settings = progress.settings();
        return realLinux().then((found): HostHello => ({ version, platform: process.platform, shell, settings, progress: progress.all(), courses: courses(), realLinux: found }));
      }
      case 'course': {
        const shipped = listCourses(coursesDir).find(({ id }) => id === request.course);
        const pack = shipped === undefined ? packs.store.files(request.course) : undefined;
        if (shipped === undefined && pack === undefined) throw new Refusal('not-found', `There is no course ${request.course}.`);
        const files = pack === undefined ? readCourse(shipped!.path) : Object.fromEntries(textsOf(pack));
        return { course: request.course, files } satisfies z.infer<typeof CourseFiles>;
      }
      case 'open-pack': return packs.open(request.name, request.content);
      case 'open-offered-pack': return packs.openOffered();
      case 'keep-pack': {
        const course = packs.keep(request.pack);
        if (course === undefined) throw new Refusal('not-found', 'Another pack was opened meanwhile. Open this one again.');
        tellCourses();
        return { course };
      }
      case 'remove-pack': {
        if (!packs.store.remove(request.course)) throw new Refusal('not-found', `There is no pack ${request.course}.`);
        return tellCourses();
      }
      case 'progress': return progress.all();
      case 'save-progress': return progress.save(request.progress);
      case 'save-settings': return progress.saveSettings(request.settings);
      case 'open-log': return openLog(request);
      case 'append-log': {
        own(request.log);
        logs.append(request.log, Buffer.from(request.bytes, 'base64'));
        return { sequence: request.sequence };
      }
      case 'close-log': {
        own(request.log);
        owned.delete(request.log);
        return logs.close(request.log);
      }
      case 'remove-play': {
        if (!logs.remove(playCourse, request.name)) throw new Refusal('in-use', 'This lab is open in another window. Leave it there first.');
        return progress.remove(playCourse, request.name);
      }
      case 'open-lab': return { lab: labs.open(linuxBackend(openSandbox)) };
      case 'lab-request': {
        if (!labs.request(request.lab, request.request)) throw new Refusal('not-found', 'This lab has been closed.');
        return null;
      }
      case 'close-lab': return labs.close(request.lab);
      case 'real-linux': return realLinux();
      case 'doctor': return examine();
      case 'export-progress': return JSON.stringify({ podwire: 'progress', version: 1, lessons: progress.all() }, null, 2);
      case 'import-progress': return { lessons: progress.merge(parseExport(request.text)) };
      default: return request satisfies never;
    }
  };

  const refuse = (id: number, cause: unknown): void => {
    const code = cause instanceof Refusal ? cause.code : 'io';
    tell({ id, error: { code, message: cause instanceof Error ? cause.message : String(cause) } });
  };
  return {
    send(message) {
      const parsed = HostRequest.safeParse(message);
      const id = (message as { id?: unknown } | null)?.id;
      if (!parsed.success) {
        const issue = parsed.error.issues[0];
        tell({ id: typeof id === 'number' ? id : -1, error: { code: 'bad-message', message: `${issue?.path.join('.') || 'message'}: ${issue?.message ?? 'of no known shape'}` } });
        return;
      }
      try {
        const answered = answer(parsed.data);
        if (answered instanceof Promise) answered.then((ok: unknown) => tell({ id: parsed.data.id, ok }), (cause: unknown) => refuse(parsed.data.id, cause));
        else tell({ id: parsed.data.id, ok: answered ?? null });
      } catch (cause) {
        refuse(parsed.data.id, cause);
      }
    },
    onMessage: (listener) => void listeners.push(listener),
    close: () => {
      lines.delete(tell);
      labs.closeAll();
      owned.forEach((log) => logs.close(log));
    },
  };
}

function parseExport(text: string): LessonProgress[] {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (cause) {
    throw new Refusal('bad-file', `This is not a progress file: ${(cause as Error).message}`);
  }
  const lessons = (file as { podwire?: unknown; lessons?: unknown } | null)?.lessons;
  if ((file as { podwire?: unknown } | null)?.podwire !== 'progress' || !Array.isArray(lessons)) throw new Refusal('bad-file', 'This is not a progress file: it lacks "podwire": "progress".');
  return lessons.map((lesson, index) => {
    const parsed = LessonProgress.safeParse(lesson);
    if (parsed.success) return parsed.data;
    throw new Refusal('bad-file', `lessons[${index}].${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`);
  });
}
