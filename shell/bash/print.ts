/**
 * Commands as source again: `declare -f`, `type`, job texts. Read first: bash's print_cmd.c, whose one pass over the tree with its
 * indentation, pending semicolons and deferred here-documents is followed step by step.
 */
import type { Argument, Assignment, Command, Condition, FunctionDefinition, If, List, Redirect, Word } from './ast.ts';
import { isAssignment } from './ast.ts';
import { ansiText, quotePlain } from './escapes.ts';
import { parseProgram } from './parse.ts';
import { endOfAnsi, endOfArithmetic, endOfBacktick, endOfBrace, endOfCommand, endOfDouble, endOfSingle } from './scan.ts';

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
        this.text += `${command.kind} ${command.name} in ${command.words === undefined ? '"$@"' : command.words.map(sourceOf).join(' ')};`;
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
        this.text += `case ${sourceOf(command.word)} in `;
        this.indentation += INDENT;
        for (const item of command.items) {
          this.newline(`${item.patterns.map(sourceOf).join(' | ')})\n`);
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
    const target = sourceOf(redirect.target);
    if (operator === '>&' && (fd === '' || fd === '1') && !/^(?:\d+-?|-)$/.test(redirect.target.text)) return `>&${target}`;
    if ((operator === '<&' || operator === '>&') && redirect.target.text === '-') return `${fd === '' ? (operator === '<&' ? '0' : '1') : fd}>&-`;
    if (operator === '<&' || operator === '>&') return `${fd === '' ? (operator === '<&' ? '0' : '1') : fd}${operator}${target}`;
    if (operator === '&>' || operator === '&>>') return `${operator} ${target}`;
    if (operator === '<>') return `${fd === '' ? '0' : fd}<> ${target}`;
    const shown = (operator.startsWith('<') && fd === '0') || (operator.startsWith('>') && fd === '1') ? '' : fd;
    return `${shown}${operator} ${target}`;
  }
}

function argumentText(argument: Argument): string {
  return isAssignment(argument) ? assignmentText(argument) : sourceOf(argument);
}

function assignmentText(assignment: Assignment): string {
  return assignment.elements === undefined ? sourceText(assignment.text) : `${assignment.name}${assignment.append ? '+=' : '='}(${assignment.elements.map(sourceOf).join(' ')})`;
}

function condition(node: Condition): string {
  switch (node.kind) {
    case 'unary': return `${node.operator} ${sourceOf(node.operand)}`;
    case 'binary': return `${sourceOf(node.left)} ${node.operator} ${sourceOf(node.right)}`;
    case 'not': return `! ${condition(node.operand)}`;
    case 'group': return `( ${condition(node.operand)} )`;
    case 'logical': return node.operands.map(condition).join(` ${node.operator} `);
  }
}

const sourceOf = (word: Word): string => sourceText(word.text);

/** A word as bash keeps it: $'...' is turned into the text itself when it is read, and what is in $( ) is printed anew. */
function sourceText(text: string, isInDouble = false): string {
  if (!/\$['"(]|[<>]\(/.test(text)) return text;
  let made = '';
  for (let at = 0; at < text.length; ) {
    const c = text[at]!;
    const next = text[at + 1];
    let end = at + 1;
    if (c === '\\') end = at + 2;
    else if (c === '`') end = endOfBacktick(text, at + 1);
    else if (c === "'" && !isInDouble) end = endOfSingle(text, at + 1);
    else if (c === '"') {
      end = endOfDouble(text, at + 1);
      made += `"${sourceText(text.slice(at + 1, end - 1), true)}"`;
      at = end;
      continue;
    } else if (c === '$' && next === "'" && !isInDouble) {
      end = endOfAnsi(text, at + 2);
      made += quotePlain(ansiText(text.slice(at + 2, end - 1)));
      at = end;
      continue;
    } else if (c === '$' && next === '"' && !isInDouble) {
      at += 1;
      continue;
    } else if (c === '$' && next === '{') {
      end = endOfBrace(text, at + 2, isInDouble);
      const inside = text.slice(at + 2, end - 1);
      // In a pattern quotes count even inside double quotes.
      made += `\${${sourceText(inside, isInDouble && !/^!?\w+(?:\[[^\]]*\])?[#%/^,]/.test(inside))}}`;
      at = end;
      continue;
    } else if (next === '(' && (c === '$' || ((c === '<' || c === '>') && !isInDouble))) {
      const arithmeticEnd = c === '$' && text[at + 2] === '(' ? endOfArithmetic(text, at + 3) : undefined;
      end = arithmeticEnd ?? endOfCommand(text, at + 2);
      made += arithmeticEnd === undefined ? `${c}(${substitutionText(text.slice(at + 2, end - 1))})` : text.slice(at, end);
      at = end;
      continue;
    }
    made += text.slice(at, end);
    at = end;
  }
  return made;
}

/** print_comsub; here-documents stay as they were written. */
function substitutionText(text: string): string {
  const { items, trouble } = parseProgram(text);
  if (trouble !== undefined || /(?<!<)<<(?!<)/.test(text)) return text;
  const printed = items.map(({ command, isBackground, end }, index) => {
    const following = items[index + 1];
    const isLineEnd = following !== undefined && text.slice(end, following.start).includes('\n');
    return `${printJob(command)}${isBackground ? ' &' : ''}${following === undefined ? '' : isLineEnd ? '\n' : isBackground ? ' ' : '; '}`;
  }).join('');
  return printed.startsWith('( ') ? ` ${printed}` : printed;
}
