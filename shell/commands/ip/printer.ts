/**
 * Text and JSON from one description, as iproute2 does it. Read first: lib/json_print.c, lib/json_writer.c, lib/color.c.
 * `put` is PRINT_ANY, `text` PRINT_FP, `json` PRINT_JSON.
 */
export type ColourName = 'ifname' | 'mac' | 'inet' | 'inet6' | 'up' | 'down';

/** A number as written, such as 0.00. */
export class RawNumber {
  readonly digits: string;
  constructor(digits: string) {
    this.digits = digits;
  }
}
export type Json = string | number | boolean | null | RawNumber | Json[] | { [key: string]: Json };

const colours: Record<ColourName, string> = { ifname: '36', mac: '33', inet: '35', inet6: '34', up: '32', down: '31' };
const boldColours: Record<ColourName, string> = { ifname: '1;36', mac: '1;33', inet: '1;35', inet6: '1;34', up: '1;32', down: '1;31' };

export class Printer {
  readonly isJson: boolean;
  readonly isPretty: boolean;
  /** What stands between the lines of one object: a newline, or `\` with -o. */
  readonly lineBreak: string;
  private readonly colour: 'off' | 'plain' | 'bold';
  private readonly write: (text: string) => void;
  private readonly root: Json[] = [];
  private readonly open: (Json[] | { [key: string]: Json })[] = [this.root];

  constructor(write: (text: string) => void, options: { json: boolean; pretty: boolean; oneLine: boolean; colour: 'off' | 'plain' | 'bold' }) {
    this.write = write;
    this.isJson = options.json;
    this.isPretty = options.pretty;
    this.lineBreak = options.oneLine ? '\\' : '\n';
    this.colour = options.colour;
  }

  put(key: string, text: string, value: Json): void {
    if (this.isJson) this.json(key, value);
    else this.write(text);
  }
  coloured(colour: ColourName | undefined, key: string, text: string, value: Json): void {
    if (this.isJson) this.json(key, value);
    else this.write(this.paint(colour, text));
  }
  paint(colour: ColourName | undefined, text: string): string {
    if (colour === undefined || this.colour === 'off') return text;
    return `\u001b[${(this.colour === 'bold' ? boldColours : colours)[colour]}m${text}\u001b[0m`;
  }
  text(text: string): void {
    if (!this.isJson) this.write(text);
  }
  newLine(): void {
    if (!this.isJson) this.write(this.lineBreak);
  }
  json(key: string | undefined, value: Json): void {
    if (!this.isJson) return;
    const into = this.open.at(-1)!;
    if (Array.isArray(into)) into.push(value);
    else into[key!] = value;
  }
  openObject(key?: string): void {
    if (!this.isJson) return;
    const made = {};
    this.json(key, made);
    this.open.push(made);
  }
  openArray(key: string): void {
    if (!this.isJson) return;
    const made: Json[] = [];
    this.json(key, made);
    this.open.push(made);
  }
  close(): void {
    if (this.isJson) this.open.pop();
  }
  /** An object between braces, or plain text. */
  object(body: () => void, key?: string): void {
    this.openObject(key);
    body();
    this.close();
  }
  array(key: string, body: () => void): void {
    this.openArray(key);
    body();
    this.close();
  }
  /** Writes the JSON document. Empty objects that a filter left behind are printed, as the real one does. */
  finish(): void {
    if (this.isJson) this.write(`${formatJson(this.root, this.isPretty)}\n`);
  }
}

/** The layout of lib/json_writer.c: compact, or its own idea of pretty. */
export function formatJson(value: Json, isPretty: boolean, depth = 0): string {
  if (value instanceof RawNumber) return value.digits;
  if (Array.isArray(value)) {
    const inner = value.map((item) => formatJson(item, isPretty, depth + 1)).join(',');
    if (!isPretty) return `[${inner}]`;
    return value.length === 0 ? '[ ]' : `[ ${inner} ]`;
  }
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value);
    if (entries.length === 0) return '{}';
    if (!isPretty) return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${formatJson(item, false)}`).join(',')}}`;
    const indent = '    '.repeat(depth + 1);
    const lines = entries.map(([key, item]) => `\n${indent}${JSON.stringify(key)}: ${formatJson(item, true, depth + 1)}`);
    return `{${lines.join(',')}\n${'    '.repeat(depth)}}`;
  }
  return JSON.stringify(value);
}
