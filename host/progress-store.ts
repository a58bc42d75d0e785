/** Progress and settings of one learner, in SQLite. Logs are never kept here. Journal mode DELETE, synchronous FULL (the defaults). */
import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import sqlite from 'node-sqlite3-wasm';
import { LessonProgress, Settings } from '../contracts/host.ts';

const schema = `
  CREATE TABLE IF NOT EXISTS progress (course TEXT NOT NULL, lesson TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (course, lesson));
  CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);`;

export class ProgressStore {
  private readonly database: InstanceType<typeof sqlite.Database>;

  /** Call only while holding the single-instance lock: a killed process leaves the database's lock directory behind. */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    rmSync(`${path}.lock`, { recursive: true, force: true });
    this.database = new sqlite.Database(path);
    this.database.exec(schema);
  }

  all(): LessonProgress[] {
    return this.database.all('SELECT record FROM progress ORDER BY course, lesson').flatMap((row) => {
      const parsed = LessonProgress.safeParse(JSON.parse(String(row.record)));
      return parsed.success ? [parsed.data] : [];
    });
  }

  save(progress: LessonProgress): void {
    this.database.run('INSERT INTO progress (course, lesson, record) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET record = excluded.record', [progress.course, progress.lesson, JSON.stringify(progress)]);
  }

  remove(course: string, lesson: string): void {
    this.database.run('DELETE FROM progress WHERE course = ? AND lesson = ?', [course, lesson]);
  }

  settings(): Settings {
    const row = this.database.get("SELECT value FROM settings WHERE name = 'settings'");
    const parsed = Settings.safeParse(row === null || row === undefined ? {} : JSON.parse(String(row.value)));
    return parsed.success ? parsed.data : Settings.parse({});
  }

  saveSettings(settings: Settings): void {
    this.database.run("INSERT INTO settings (name, value) VALUES ('settings', ?) ON CONFLICT DO UPDATE SET value = excluded.value", [JSON.stringify(settings)]);
  }

  /** Keeps the better of what is here and what comes in, lesson by lesson: nothing earned is lost. */
  merge(incoming: readonly LessonProgress[]): number {
    const here = new Map(this.all().map((progress) => [`${progress.course}/${progress.lesson}`, progress]));
    let changed = 0;
    this.database.exec('BEGIN');
    try {
      for (const progress of incoming) {
        const mine = here.get(`${progress.course}/${progress.lesson}`);
        if (mine !== undefined && mine.pointsEarned >= progress.pointsEarned) continue;
        this.save({ ...progress, earned: [...new Set([...progress.earned, ...(mine?.earned ?? [])])] });
        changed++;
      }
      this.database.exec('COMMIT');
    } catch (cause) {
      this.database.exec('ROLLBACK');
      throw cause;
    }
    return changed;
  }

  close(): void {
    this.database.close();
  }
}
