/** What the executor walks: commands as bash knows them (command.h of bash), words still as they were typed. */
import type { Piece } from './word.ts';

export interface Word {
  /** Source text, quotes and all. */
  readonly text: string;
  readonly line: number;
  /** Parsed on first use; several when braces expand. */
  variants?: Piece[][];
  plain?: Piece[];
}

export interface Assignment {
  readonly name: string;
  /** Source text of a subscript. */
  readonly index: string | undefined;
  readonly append: boolean;
  readonly value: Word | undefined;
  /** Elements of (...). */
  readonly elements: readonly Word[] | undefined;
  readonly text: string;
  readonly line: number;
}

export type RedirectOperator = '<' | '>' | '>>' | '>|' | '<>' | '<&' | '>&' | '&>' | '&>>' | '<<' | '<<-' | '<<<';
export interface Redirect {
  readonly operator: RedirectOperator;
  readonly fd: number | undefined;
  /** {name}> */
  readonly variable: string | undefined;
  readonly target: Word;
  /** Here-documents: the body is in `target`. */
  readonly isQuoted: boolean;
  readonly delimiter: string;
}

interface Base { readonly line: number; readonly redirects: readonly Redirect[] }
export type Argument = Word | Assignment;
export interface SimpleCommand extends Base { readonly kind: 'simple'; readonly assignments: readonly Assignment[]; readonly words: readonly Argument[] }
export interface Pipeline extends Base { readonly kind: 'pipeline'; readonly commands: readonly Command[]; readonly withErrors: readonly boolean[]; readonly isNegated: boolean; readonly time: 'no' | 'bash' | 'posix' }
export interface AndOr extends Base { readonly kind: 'and-or'; readonly commands: readonly Command[]; readonly operators: readonly ('&&' | '||')[] }
export interface ListItem { readonly command: Command; readonly isBackground: boolean; readonly line: number; readonly start: number; readonly end: number }
export interface List extends Base { readonly kind: 'list'; readonly items: readonly ListItem[] }
export interface If extends Base { readonly kind: 'if'; readonly branches: readonly { readonly test: List; readonly body: List }[]; readonly otherwise: List | undefined }
export interface For extends Base { readonly kind: 'for' | 'select'; readonly name: string; readonly words: readonly Word[] | undefined; readonly body: List }
export interface ArithmeticFor extends Base { readonly kind: 'arithmetic-for'; readonly start: Word; readonly test: Word; readonly update: Word; readonly body: List }
export interface While extends Base { readonly kind: 'while' | 'until'; readonly test: List; readonly body: List }
export interface Group extends Base { readonly kind: 'group' | 'subshell'; readonly body: List }
export interface CaseItem { readonly patterns: readonly Word[]; readonly body: List; readonly terminator: ';;' | ';&' | ';;&' }
export interface Case extends Base { readonly kind: 'case'; readonly word: Word; readonly items: readonly CaseItem[] }
export type Condition =
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Word }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Word; readonly right: Word }
  | { readonly kind: 'logical'; readonly operator: '&&' | '||'; readonly operands: readonly Condition[] }
  | { readonly kind: 'not'; readonly operand: Condition }
  | { readonly kind: 'group'; readonly operand: Condition };
export interface Conditional extends Base { readonly kind: 'conditional'; readonly condition: Condition }
export interface Arithmetic extends Base { readonly kind: 'arithmetic'; readonly expression: Word }
export interface FunctionDefinition extends Base { readonly kind: 'function'; readonly name: string; readonly body: Command }
export interface Coproc extends Base { readonly kind: 'coproc'; readonly name: string; readonly body: Command }

export type Command = SimpleCommand | Pipeline | AndOr | List | If | For | ArithmeticFor | While | Group | Case | Conditional | Arithmetic | FunctionDefinition | Coproc;

export function isAssignment(argument: Argument): argument is Assignment {
  return 'append' in argument;
}
