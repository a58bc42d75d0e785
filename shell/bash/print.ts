/** Commands as source again: `declare -f`, `type`, job texts. Read first: bash's print_cmd.c */
import type { Argument, Assignment, Command, Condition, List, Redirect, Word } from './ast.ts';
import { isAssignment } from './ast.ts';

/** One line, as `jobs` shows it. */
export function printInline(command: Command): string {
  return new Printer(true).command(command).replace(/\n/g, ' ');
}

/** `declare -f name`. */
export function printCommand(command: Command): string {
  return new Printer(false).command(command);
}

class Printer {
  private readonly isInline: boolean;
  private depth = 0;
  private documents: string[] = [];

  constructor(isInline: boolean) {
    this.isInline = isInline;
  }

  private pad(): string {
    return this.isInline ? '' : '    '.repeat(this.depth);
  }

  private get newline(): string {
    return this.isInline ? ' ' : '\n';
  }

  command(command: Command): string {
    const text = this.body(command);
    const redirects = command.kind === 'simple' ? '' : command.redirects.map((redirect) => ` ${this.redirect(redirect)}`).join('');
    return text + redirects;
  }

  private body(command: Command): string {
    switch (command.kind) {
      case 'simple': return [...command.assignments.map(assignmentText), ...command.words.map(argumentText), ...command.redirects.map((redirect) => this.redirect(redirect))].join(' ');
      case 'pipeline': return (command.time === 'no' ? '' : command.time === 'posix' ? 'time -p ' : 'time ') + (command.isNegated ? '! ' : '') + command.commands.map((stage, index) => this.command(stage) + (command.withErrors[index] === true ? ' 2>&1' : '')).join(' | ');
      case 'and-or': return command.commands.map((part, index) => (index === 0 ? '' : ` ${command.operators[index - 1]!} `) + this.command(part)).join('');
      case 'list': return this.list(command);
      case 'if': return `${command.branches.map((branch, index) => `${index === 0 ? 'if' : `${this.pad()}elif`} ${this.list(branch.test, true)}; then${this.block(branch.body)}`).join('')}${command.otherwise === undefined ? '' : `${this.pad()}else${this.block(command.otherwise)}`}${this.pad()}fi`;
      case 'while': case 'until': return `${command.kind} ${this.list(command.test, true)}; do${this.block(command.body)}${this.pad()}done`;
      case 'for': case 'select': return `${command.kind} ${command.name}${command.words === undefined ? '' : ` in ${command.words.map((word) => word.text).join(' ')}`};${this.newline}${this.pad()}do${this.block(command.body)}${this.pad()}done`;
      case 'arithmetic-for': return `for ((${command.start.text}; ${command.test.text.trim()}; ${command.update.text.trim()}))${this.newline}${this.pad()}do${this.block(command.body)}${this.pad()}done`;
      case 'group': return this.isInline ? `{ ${this.list(command.body)}; }`.replace('&; }', '& }') : `{ ${this.block(command.body)}${this.pad()}}`;
      case 'subshell': return `( ${this.list(command.body)} )`;
      case 'case': return this.cases(command.word, command.items);
      case 'conditional': return `[[ ${condition(command.condition)} ]]`;
      case 'arithmetic': return `((${command.expression.text}))`;
      case 'function': return `${command.name} ()${this.isInline ? ' ' : ' \n'}${this.functionBody(command.body)}`;
      case 'coproc': return `coproc ${command.name === 'COPROC' ? '' : `${command.name} `}${this.command(command.body)}`;
    }
  }

  private functionBody(body: Command): string {
    if (body.kind === 'group') {
      const redirects = body.redirects.map((redirect) => ` ${this.redirect(redirect)}`).join('');
      return this.isInline ? `{ ${this.list(body.body)} }${redirects}` : `{ ${this.block(body.body, true)}${this.pad()}}${redirects}`;
    }
    this.depth += 1;
    const text = this.isInline ? `{ ${this.command(body)} }` : `{ \n${this.pad()}${this.command(body)}\n}`;
    this.depth -= 1;
    return text;
  }

  private block(list: List, bare = false): string {
    if (this.isInline) return ` ${this.list(list)}; `.replace(/&; $/, '& ');
    this.depth += 1;
    const text = this.list(list);
    this.depth -= 1;
    const ends = bare || text.endsWith('&') || text.endsWith('\n') ? '' : ';';
    return `\n${this.pad()}    ${text}${ends}${text.endsWith('\n') ? '' : '\n'}`;
  }

  private list(list: List, isTest = false): string {
    let out = '';
    list.items.forEach((item, index) => {
      const isLast = index === list.items.length - 1;
      out += this.command(item.command);
      const documents = this.documents.splice(0);
      if (item.isBackground) out += isLast ? ' &' : ' & ';
      else if (!isLast && documents.length === 0) out += isTest || this.isInline ? '; ' : `;\n${this.pad()}`;
      if (documents.length > 0 && !this.isInline) out += `\n${documents.join('')}${isLast ? '' : this.pad()}`;
    });
    return out;
  }

  private cases(word: Word, items: Extract<Command, { kind: 'case' }>['items']): string {
    this.depth += 1;
    const body = items.map((item) => {
      const patterns = item.patterns.map((pattern) => pattern.text).join(' | ');
      this.depth += 1;
      const text = item.body.items.length === 0 ? '' : this.list(item.body);
      this.depth -= 1;
      return this.isInline ? ` ${patterns}) ${text} ${item.terminator}` : `${this.pad()}${patterns})\n${text === '' ? '' : `${this.pad()}    ${text}\n`}${this.pad()}${item.terminator}\n`;
    }).join('');
    this.depth -= 1;
    return `case ${word.text} in ${this.isInline ? `${body} ` : `\n${body}${this.pad()}`}esac`;
  }

  private redirect(redirect: Redirect): string {
    const { operator } = redirect;
    const fd = redirect.variable !== undefined ? `{${redirect.variable}}` : redirect.fd === undefined ? '' : String(redirect.fd);
    if (operator === '<<' || operator === '<<-') {
      const delimiter = redirect.isQuoted ? `'${redirect.delimiter}'` : redirect.delimiter;
      this.documents.push(`${redirect.target.text}${redirect.delimiter}\n`);
      return `${fd}${operator}${delimiter}`;
    }
    if (operator === '<&' || operator === '>&') return `${fd === '' ? (operator === '<&' ? '0' : '1') : fd}${operator}${redirect.target.text}`;
    if (operator === '&>' || operator === '&>>') return `${operator} ${redirect.target.text}`;
    const shown = (operator === '<' && fd === '0') || (operator.startsWith('>') && fd === '1') ? '' : fd;
    return `${shown}${operator} ${redirect.target.text}`;
  }
}

function argumentText(argument: Argument): string {
  return isAssignment(argument) ? assignmentText(argument) : argument.text;
}

function assignmentText(assignment: Assignment): string {
  return assignment.elements === undefined ? assignment.text : `${assignment.name}${assignment.append ? '+=' : '='}(${assignment.elements.map((word) => word.text).join(' ')})`;
}

function condition(node: Condition): string {
  switch (node.kind) {
    case 'unary': return `${node.operator} ${node.operand.text}`;
    case 'binary': return `${node.left.text} ${node.operator} ${node.right.text}`;
    case 'not': return `! ${condition(node.operand)}`;
    case 'group': return `( ${condition(node.operand)} )`;
    case 'logical': return node.operands.map(condition).join(` ${node.operator} `);
  }
}
