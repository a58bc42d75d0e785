/** What is wrong with fields, in the words of apimachinery/pkg/util/validation/field/errors.go. */
import type { FieldCause } from '../status.ts';

/** A value as Go's %#v shows it, when it is neither text, number nor truth. */
export interface GoText {
  readonly go: string;
}

type Shown = string | number | boolean | undefined | GoText;

export class Problems {
  readonly list: FieldCause[] = [];

  private add(reason: string, field: string, message: string): void {
    this.list.push({ reason, message, field });
  }

  required(field: string, detail = ''): void {
    this.add('FieldValueRequired', field, `Required value${detail === '' ? '' : `: ${detail}`}`);
  }

  invalid(field: string, value: Shown, detail: string): void {
    this.add('FieldValueInvalid', field, `Invalid value: ${shown(value)}: ${detail}`);
  }

  /** One problem for each sentence. */
  invalidAll(field: string, value: Shown, details: readonly string[]): void {
    for (const detail of details) this.invalid(field, value, detail);
  }

  duplicate(field: string, value: Shown): void {
    this.add('FieldValueDuplicate', field, `Duplicate value: ${shown(value)}`);
  }

  unsupported(field: string, value: Shown, supported: readonly string[]): void {
    this.add('FieldValueNotSupported', field, `Unsupported value: ${shown(value)}: supported values: ${supported.map((one) => JSON.stringify(one)).join(', ')}`);
  }

  forbidden(field: string, detail: string): void {
    this.add('FieldValueForbidden', field, `Forbidden: ${detail}`);
  }

  notFound(field: string, value: Shown): void {
    this.add('FieldValueNotFound', field, `Not found: ${shown(value)}`);
  }

  tooLong(field: string, limit: number): void {
    this.add('FieldValueTooLong', field, `Too long: must have at most ${limit} bytes`);
  }

  notNegative(field: string, value: number | undefined): void {
    if ((value ?? 0) < 0) this.invalid(field, value, 'must be greater than or equal to 0');
  }

  oneOf(field: string, value: string | undefined, supported: readonly string[]): void {
    if (!supported.includes(value ?? '')) this.unsupported(field, value ?? '', supported);
  }

  immutable(field: string, isSame: boolean, value: Shown): void {
    if (!isSame) this.invalid(field, value, 'field is immutable');
  }
}

export function shown(value: Shown): string {
  if (value === undefined) return '""';
  if (typeof value === 'object') return value.go;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

// ---------------------------------------------------------------- Go's own notation

export function goMap(map: Readonly<Record<string, string>> | undefined): GoText {
  if (map === undefined) return { go: 'map[string]string(nil)' };
  return { go: `map[string]string{${Object.keys(map).sort().map((key) => `${JSON.stringify(key)}:${JSON.stringify(map[key])}`).join(', ')}}` };
}

export function goStrings(list: readonly string[] | undefined): GoText {
  return { go: list === undefined ? '[]string(nil)' : `[]string{${list.map((one) => JSON.stringify(one)).join(', ')}}` };
}

export function goIntOrString(value: number | string | undefined): GoText {
  const [type, number, text] = typeof value === 'string' ? [1, 0, value] : [0, value ?? 0, ''];
  return { go: `intstr.IntOrString{Type:${type}, IntVal:${number}, StrVal:${JSON.stringify(text)}}` };
}
