/**
 * Commands as source again: `declare -f`, `type`, job texts. Read first: bash's print_cmd.c, whose one pass over the tree with its
 * indentation, pending semicolons and deferred here-documents is followed step by step.
 */
import type { Argument, Assignment, Command, Condition, FunctionDefinition, If, List, Redirect } from './ast.ts';
import { isAssignment } from './ast.ts';

/** On one line, as $BASH_COMMAND has simple commands. */
export function printInline(command: Command): string {
  return printJob(command).replace(/\n/g, ' ');
}

/** make_command_string: what `jobs` shows. Compound commands go over several lines. */
export function printJob(command: Command): string {
  const printer = new Printer();
  printer.command(command);
  printer.flushDocuments();
  return printer.text;
}

/** named_function_string: `declare -f name`. */
export function printFunction(definition: FunctionDefinition): string {
  const printer = new Printer();
  printer.functionBody(definition.body);
  return `${definition.name} () \n${printer.text}`;
}

const INDENT = 4;

class Printer {
  text = '';
  private indentation = 0;
  private isInFunction = 0;
  private skipsIndent = false;
  private hasPrintedDocument = false;
  /** Bodies of here-documents whose line is not finished. */
  private documents: string[] = [];

  /** Prints one command, indented unless it goes on in the line. */
  command(command: Command): void {
    if (this.skipsIndent) this.skipsIndent = false;
    else this.indent();
    this.body(command);
    if (command.kind !== 'simple' && command.redirects.length > 0) {
      this.text += ' ';
      this.redirects(command.redirects);
    }
  }

  flushDocuments(mark = ''): void {
    this.text += mark;
    if (this.documents.length === 0) return;
    this.text += `\n${this.documents.splice(0).map((document) => `${document}\n`).join('')}`;
    if (mark !== '') this.text += ' ';
    this.hasPrintedDocument = true;
  }

  functionBody(body: Command): void {
    this.text += '{ \n';
    this.isInFunction += 1;
    this.indentation += INDENT;
    const redirects = body.kind === 'group' ? body.redirects : [];
    if (body.kind === 'group') this.list(body.body);
    else this.command(body);
    this.flushDocuments();
    this.indentation -= INDENT;
    this.isInFunction -= 1;
    this.newline('}');
    if (redirects.length > 0) {
      this.text += ' ';
      this.redirects(redirects);
    }
  }

  private indent(): void {
    this.text += ' '.repeat(this.indentation);
  }

  private newline(text: string): void {
    this.text += '\n';
    this.indent();
    this.text += text;
  }

  private semicolon(): void {
    if (!/[&\n]$/.test(this.text)) this.text += ';';
  }

  private inLine(command: Command): void {
    this.skipsIndent = true;
    this.command(command);
  }

  private body(command: Command): void {
    switch (command.kind) {
      case 'simple': {
        this.text += [...command.assignments.map(assignmentText), ...command.words.map(argumentText)].join(' ');
        if (command.redirects.length === 0) return;
        if (command.assignments.length + command.words.length > 0) this.text += ' ';
        this.redirects(command.redirects);
        return;
      }
      case 'pipeline': {
        if (command.time !== 'no') this.text += command.time === 'posix' ? 'time -p ' : 'time ';
        if (command.isNegated) this.text += '! ';
        for (const [index, stage] of command.commands.entries()) {
          if (index > 0) {
            this.flushDocuments(' |');
            this.text += ' ';
          }
          this.inLine(stage);
          if (command.withErrors[index] === true) this.text += ' 2>&1';
        }
        return;
      }
      case 'and-or': {
        for (const [index, part] of command.commands.entries()) {
          if (index > 0) this.flushDocuments(` ${command.operators[index - 1]!} `);
          this.inLine(part);
        }
        return;
      }
      case 'list': {
        this.skipsIndent = true;
        this.list(command);
        return;
      }
      case 'if': {
        this.branches(command, 0);
        return;
      }
      case 'while': case 'until': {
        this.text += `${command.kind} `;
        this.skipsIndent = true;
        this.list(command.test);
        this.flushDocuments();
        this.semicolon();
        this.text += ' do\n';
        this.block(command.body);
        this.newline('done');
        return;
      }
      case 'for': case 'select': {
        this.text += `${command.kind} ${command.name} in ${command.words === undefined ? '"$@"' : command.words.map((word) => word.text).join(' ')};`;
        this.newline('do\n');
        this.block(command.body);
        this.newline('done');
        return;
      }
      case 'arithmetic-for': {
        this.text += `for ((${[command.start, command.test, command.update].map((part) => part.text.trim() || '1').join('; ')}))`;
        this.newline('do\n');
        this.block(command.body);
        this.newline('done');
        return;
      }
      case 'group': {
        this.text += '{ ';
        if (this.isInFunction > 0) {
          this.text += '\n';
          this.indentation += INDENT;
        } else this.skipsIndent = true;
        this.list(command.body);
        this.flushDocuments();
        if (this.isInFunction > 0) {
          this.indentation -= INDENT;
          this.newline('');
        } else {
          this.semicolon();
          this.text += ' ';
        }
        this.text += '}';
        return;
      }
      case 'subshell': {
        this.text += '( ';
        this.skipsIndent = true;
        this.list(command.body);
        this.flushDocuments();
        this.text += ' )';
        return;
      }
      case 'case': {
        this.text += `case ${command.word.text} in `;
        this.indentation += INDENT;
        for (const item of command.items) {
          this.newline(`${item.patterns.map((pattern) => pattern.text).join(' | ')})\n`);
          this.indentation += INDENT;
          if (item.body.items.length > 0) this.list(item.body);
          this.indentation -= INDENT;
          this.flushDocuments();
          this.newline(item.terminator);
        }
        this.indentation -= INDENT;
        this.newline('esac');
        return;
      }
      case 'conditional': {
        this.text += `[[ ${condition(command.condition)} ]]`;
        return;
      }
      case 'arithmetic': {
        this.text += `((${command.expression.text}))`;
        return;
      }
      case 'function': {
        this.text += `function ${command.name} () \n`;
        this.indent();
        this.functionBody(command.body);
        return;
      }
      case 'coproc': {
        this.text += `coproc ${command.name} `;
        this.inLine(command.body);
      }
    }
  }

  /** `elif` is an if inside the else. */
  private branches(command: If, at: number): void {
    const { test, body } = command.branches[at]!;
    this.text += 'if ';
    this.skipsIndent = true;
    this.list(test);
    this.semicolon();
    this.text += ' then\n';
    this.block(body);
    if (at + 1 < command.branches.length) {
      this.newline('else\n');
      this.indentation += INDENT;
      this.indent();
      this.branches(command, at + 1);
      this.indentation -= INDENT;
      this.semicolon();
    } else if (command.otherwise !== undefined) {
      this.newline('else\n');
      this.block(command.otherwise);
    }
    this.newline('fi');
  }

  private block(list: List): void {
    this.indentation += INDENT;
    this.list(list);
    this.flushDocuments();
    this.indentation -= INDENT;
    this.semicolon();
  }

  private list(list: List): void {
    for (const [index, item] of list.items.entries()) {
      const isLast = index === list.items.length - 1;
      this.command(item.command);
      if (item.isBackground) {
        this.flushDocuments(' &');
        if (!isLast) {
          this.text += ' ';
          this.skipsIndent = true;
        }
        continue;
      }
      if (isLast) break;
      if (this.documents.length > 0) this.flushDocuments();
      else if (!this.hasPrintedDocument) this.text += ';';
      this.hasPrintedDocument = false;
      if (this.isInFunction > 0) this.text += '\n';
      else {
        this.text += ' ';
        this.skipsIndent = true;
      }
    }
  }

  private redirects(redirects: readonly Redirect[]): void {
    this.hasPrintedDocument = false;
    this.text += redirects.map((redirect) => this.redirect(redirect)).join(' ');
  }

  private redirect(redirect: Redirect): string {
    const { operator } = redirect;
    const fd = redirect.variable !== undefined ? `{${redirect.variable}}` : redirect.fd === undefined ? '' : String(redirect.fd);
    if (operator === '<<' || operator === '<<-') {
      const delimiter = redirect.isQuoted ? `'${redirect.delimiter}'` : redirect.delimiter;
      this.documents.push(`${redirect.target.text}${redirect.delimiter}`);
      return `${fd}${operator}${delimiter}`;
    }
    if (operator === '>&' && (fd === '' || fd === '1') && !/^(?:\d+-?|-)$/.test(redirect.target.text)) return `>&${redirect.target.text}`;
    if ((operator === '<&' || operator === '>&') && redirect.target.text === '-') return `${fd === '' ? (operator === '<&' ? '0' : '1') : fd}>&-`;
    if (operator === '<&' || operator === '>&') return `${fd === '' ? (operator === '<&' ? '0' : '1') : fd}${operator}${redirect.target.text}`;
    if (operator === '&>' || operator === '&>>') return `${operator} ${redirect.target.text}`;
    const shown = (operator.startsWith('<') && operator !== '<>' && fd === '0') || (operator.startsWith('>') && fd === '1') ? '' : fd;
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
