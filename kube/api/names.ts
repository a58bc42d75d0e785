/**
 * What a name, a label or a port may look like, in the words of apimachinery/pkg/util/validation/validation.go. Each
 * function answers what is wrong; nothing wrong is an empty list. The expressions used here match what the shown ones do, but
 * in one pass: a megabyte of dashes must not take a second.
 */

type Problems = readonly string[];

export const tooLong = (limit: number): string => `must be no more than ${limit} characters`;
export const between = (low: number, high: number): string => `must be between ${low} and ${high}, inclusive`;

function pattern(message: string, shown: string, ...examples: readonly string[]): string {
  const such = examples.map((example) => `'${example}', `).join(' or ');
  return `${message} (${such === '' ? '' : `e.g. ${such}`}regex used for validation is '${shown}')`;
}

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const qualified = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const qualifiedMessage = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

interface Rule {
  readonly limit: number;
  readonly expression: RegExp;
  readonly message: string;
}

function check(value: string, { limit, expression, message }: Rule): string[] {
  const problems: string[] = [];
  if (value.length > limit) problems.push(tooLong(limit));
  if (!expression.test(value)) problems.push(message);
  return problems;
}

const rules = {
  label: {
    limit: 63, expression: /^[a-z0-9]+(?:-+[a-z0-9]+)*$/,
    message: pattern("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character", label, 'my-name', '123-abc'),
  },
  subdomain: {
    limit: 253, expression: /^[a-z0-9]+(?:-+[a-z0-9]+)*(?:\.[a-z0-9]+(?:-+[a-z0-9]+)*)*$/,
    message: pattern("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character", subdomain, 'example.com'),
  },
  wildcard: {
    limit: 253, expression: /^\*\.[a-z0-9]+(?:-+[a-z0-9]+)*(?:\.[a-z0-9]+(?:-+[a-z0-9]+)*)*$/,
    message: pattern("a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character", `\\*\\.${subdomain}`, '*.example.com'),
  },
  label1035: {
    limit: 63, expression: /^[a-z][a-z0-9]*(?:-+[a-z0-9]+)*$/,
    message: pattern("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character", '[a-z]([-a-z0-9]*[a-z0-9])?', 'my-name', 'abc-123'),
  },
  labelValue: {
    limit: 63, expression: /^(?:[A-Za-z0-9]+(?:[-_.]+[A-Za-z0-9]+)*)?$/,
    message: pattern("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character", `(${qualified})?`, 'MyValue', 'my_value', '12345'),
  },
  configKey: {
    limit: 253, expression: /^[-._a-zA-Z0-9]+$/,
    message: pattern("a valid config key must consist of alphanumeric characters, '-', '_' or '.'", '[-._a-zA-Z0-9]+', 'key.name', 'KEY_NAME', 'key-name'),
  },
  environmentName: {
    limit: Infinity, expression: /^[-._a-zA-Z][-._a-zA-Z0-9]*$/,
    message: pattern("a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit", '[-._a-zA-Z][-._a-zA-Z0-9]*', 'my.env-name', 'MY_ENV.NAME', 'MyEnvName1'),
  },
  headerName: {
    limit: Infinity, expression: /^[-A-Za-z0-9]+$/,
    message: pattern("a valid HTTP header must consist of alphanumeric characters or '-'", '[-A-Za-z0-9]+', 'X-Header-Name'),
  },
  percent: {
    limit: Infinity, expression: /^[0-9]+%$/,
    message: pattern("a valid percent string must be a numeric string followed by an ending '%'", '[0-9]+%', '1%', '93%'),
  },
} satisfies Record<string, Rule>;

export const labelProblems = (value: string): Problems => check(value, rules.label);
export const subdomainProblems = (value: string): Problems => check(value, rules.subdomain);
export const wildcardProblems = (value: string): Problems => check(value, rules.wildcard);
export const label1035Problems = (value: string): Problems => check(value, rules.label1035);
export const labelValueProblems = (value: string): Problems => check(value, rules.labelValue);
export const headerNameProblems = (value: string): Problems => check(value, rules.headerName);
export const percentProblems = (value: string): Problems => check(value, rules.percent);
export const configKeyProblems = (value: string): Problems => [...check(value, rules.configKey), ...parentProblems(value)];
export const environmentNameProblems = (value: string): Problems => [...check(value, rules.environmentName), ...parentProblems(value)];

function parentProblems(value: string): string[] {
  if (value === '.') return [`must not be '.'`];
  if (value === '..') return [`must not be '..'`];
  return value.startsWith('..') ? [`must not start with '..'`] : [];
}

/** `example.com/MyName`: keys of labels and annotations, names of resources and taints. */
export function labelKeyProblems(value: string): Problems {
  const parts = value.split('/');
  const expression = /^[A-Za-z0-9]+(?:[-_.]+[A-Za-z0-9]+)*$/;
  const message = pattern(qualifiedMessage, qualified, 'MyName', 'my.name', '123-abc');
  if (parts.length > 2) return [`a qualified name ${message} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  const problems: string[] = [];
  if (parts.length === 2) {
    const prefix = parts[0]!;
    if (prefix === '') problems.push('prefix part must be non-empty');
    else problems.push(...subdomainProblems(prefix).map((problem) => `prefix part ${problem}`));
  }
  const name = parts.at(-1)!;
  if (name === '') problems.push('name part must be non-empty');
  else if (name.length > 63) problems.push(`name part ${tooLong(63)}`);
  if (!expression.test(name)) problems.push(`name part ${message}`);
  return problems;
}

/** The name of a port of a container or of an endpoint. */
export function portNameProblems(value: string): Problems {
  const problems: string[] = [];
  if (value.length > 15) problems.push(tooLong(15));
  if (!/^[-a-z0-9]+$/.test(value)) problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(value)) problems.push('must contain at least one letter or number (a-z, 0-9)');
  if (value.includes('--')) problems.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) problems.push('must not begin or end with a hyphen');
  return problems;
}

export const portNumberProblems = (port: number): Problems => (port >= 1 && port <= 65_535 ? [] : [between(1, 65_535)]);

/** What net.ParseIP of Go takes: leading zeros are refused, as are zones. */
export function isIpv4(value: string): boolean {
  const parts = value.split('.');
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

export function isIpv6(value: string): boolean {
  if (!value.includes(':') || value.length > 45) return false;
  const halves = value.split('::');
  if (halves.length > 2) return false;
  let groups = 0;
  for (const half of halves) {
    if (half === '') continue;
    const parts = half.split(':');
    for (const [index, part] of parts.entries()) {
      const isTail = index === parts.length - 1 && half === halves.at(-1);
      if (isTail && part.includes('.')) {
        if (!isIpv4(part)) return false;
        groups += 2;
      } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups += 1;
      else return false;
    }
  }
  return halves.length === 2 ? groups < 8 : groups === 8;
}

export function ipProblems(value: string): Problems {
  return isIpv4(value) || isIpv6(value) ? [] : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
}
