/**
 * The program around the page: courses, progress, settings and input logs, behind one message line per window.
 * The same host serves Electron's windows and the loopback server's.
 */
import { join } from 'node:path';
import type { z } from 'zod';
import { HostRequest, LessonProgress, type HostMessage, type HostHello, type OpenedLog, type CourseFiles } from '../contracts/host.ts';
import { listCourses, readCourse } from './course-files.ts';
import { takeInstanceLock } from './instance-lock.ts';
import { LogStore } from './log-store.ts';
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
  return {
    connect: () => connect(progress, logs, coursesDir, shell),
    close: () => {
      logs.closeAll();
      progress.close();
      releaseLock();
    },
  };
}

function connect(progress: ProgressStore, logs: LogStore, coursesDir: string, shell: 'electron' | 'browser'): HostConnection {
  const listeners: ((message: HostMessage) => void)[] = [];
  const owned = new Set<number>();
  const tell = (message: HostMessage): void => listeners.forEach((listener) => listener(message));

  const openLog = (request: RequestOf<'open-log'>): z.infer<typeof OpenedLog> => {
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
  const answer = (request: HostRequest): unknown => {
    switch (request.type) {
      case 'hello': {
        const hello: z.infer<typeof HostHello> = {
          version, platform: process.platform, shell, settings: progress.settings(), progress: progress.all(), courses: listCourses(coursesDir).map(({ id, title }) => ({ id, title })),
          realLinux: { isAvailable: false, because: 'Labs on a real Linux kernel are not part of this version yet; every lesson runs in the simulator.' },
        };
        return hello;
      }
      case 'course': {
        const course = listCourses(coursesDir).find(({ id }) => id === request.course);
        if (course === undefined) throw new Refusal('not-found', `There is no course ${request.course}.`);
        return { course: course.id, files: readCourse(course.path) } satisfies z.infer<typeof CourseFiles>;
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
      case 'export-progress': return JSON.stringify({ podwire: 'progress', version: 1, lessons: progress.all() }, null, 2);
      case 'import-progress': return { lessons: progress.merge(parseExport(request.text)) };
      default: return request satisfies never;
    }
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
        tell({ id: parsed.data.id, ok: answer(parsed.data) ?? null });
      } catch (cause) {
        const code = cause instanceof Refusal ? cause.code : 'io';
        tell({ id: parsed.data.id, error: { code, message: cause instanceof Error ? cause.message : String(cause) } });
      }
    },
    onMessage: (listener) => void listeners.push(listener),
    close: () => owned.forEach((log) => logs.close(log)),
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
