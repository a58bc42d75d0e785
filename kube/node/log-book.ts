/** What a container has written, line by line, and the file it stands in: docker's json-file, or the CRI's. Read first: kubernetes pkg/kubelet/kuberuntime/logs/logs.go */
import { nanoTimestamp } from './programs/civil.ts';
import type { LogOptions } from '../pod-streams.ts';
import { parseTimestamp } from '../runtime.ts';

export interface LogLine { readonly atUs: number; readonly stream: 'stdout' | 'stderr'; readonly text: string; /** Without the newline that would end it. */ readonly isPartial: boolean }

/** The runtimes cut lines here. */
const LONGEST_LINE = 16_384;
/** kubelet --container-log-max-size, in lines rather than bytes; older ones are rotated away. */
const MOST_LINES = 100_000;

export class LogBook {
  readonly lines: LogLine[] = [];
  private readonly open = new Map<LogLine['stream'], string>();
  private readonly followers = new Set<{ line(line: LogLine): void; end(): void }>();
  private readonly append: (text: string) => void;
  private readonly style: 'json' | 'cri';
  private readonly nowUs: () => number;
  isClosed = false;

  constructor(append: (text: string) => void, style: 'json' | 'cri', nowUs: () => number) {
    this.append = append;
    this.style = style;
    this.nowUs = nowUs;
  }

  add(stream: LogLine['stream'], text: string): void {
    let rest = (this.open.get(stream) ?? '') + text;
    for (;;) {
      const end = rest.indexOf('\n');
      if (end < 0 && rest.length < LONGEST_LINE) break;
      const isWhole = end >= 0 && end <= LONGEST_LINE;
      this.write(stream, rest.slice(0, isWhole ? end : LONGEST_LINE), !isWhole);
      rest = rest.slice(isWhole ? end + 1 : LONGEST_LINE);
    }
    this.open.set(stream, rest);
  }

  close(): void {
    for (const [stream, text] of this.open) if (text !== '') this.write(stream, text, true);
    this.open.clear();
    this.isClosed = true;
    for (const follower of [...this.followers]) follower.end();
    this.followers.clear();
  }

  private write(stream: LogLine['stream'], text: string, isPartial: boolean): void {
    const line: LogLine = { atUs: this.nowUs(), stream, text, isPartial };
    this.lines.push(line);
    if (this.lines.length > MOST_LINES) this.lines.splice(0, MOST_LINES / 10);
    const stamp = nanoTimestamp(line.atUs);
    this.append(this.style === 'json' ? `${JSON.stringify({ log: `${text}${isPartial ? '' : '\n'}`, stream, time: stamp })}\n` : `${stamp} ${stream} ${isPartial ? 'P' : 'F'} ${text}\n`);
    for (const follower of this.followers) follower.line(line);
  }

  /** What the options choose of the past, as kubectl logs prints it. */
  text(options: Omit<LogOptions, 'follow' | 'previous'>, nowMs: number): string {
    const { tailLines, limitBytes, sinceSeconds, sinceTime } = options;
    const sinceUs = (sinceSeconds !== undefined ? nowMs - sinceSeconds * 1000 : (parseTimestamp(sinceTime) ?? -Infinity)) * 1000;
    const chosen = this.lines.filter(({ atUs }) => atUs >= sinceUs);
    const tail = tailLines === undefined ? chosen : tailLines === 0 ? [] : chosen.slice(-tailLines);
    const text = tail.map((line) => printed(line, options.timestamps)).join('');
    return limitBytes === undefined ? text : text.slice(0, limitBytes);
  }

  follow(follower: { line(line: LogLine): void; end(): void }): () => void {
    this.followers.add(follower);
    return () => this.followers.delete(follower);
  }
}

export function printed({ atUs, text, isPartial }: LogLine, hasTimestamps: boolean): string {
  return `${hasTimestamps ? `${nanoTimestamp(atUs)} ` : ''}${text}${isPartial ? '' : '\n'}`;
}
