/**
 * The course format. Read docs/authoring.md first: it explains every key with an example.
 *
 * Two halves: what an author writes (course.yaml and lesson.yaml; the Markdown has its own rules) and what the parser
 * makes of it (Lesson, a JSON tree the renderer draws). What kinds of checks exist is grading's matter: here a check
 * carries its kind and, next to it, fields that the kind's own schema judges.
 */
import { z } from 'zod';

const Identifier = z.string().regex(/^[a-z][a-z0-9-]*$/, 'small letters, digits and dashes, beginning with a letter');

// --- what an author writes: course.yaml -----------------------------------------------------------------------------

export const UnitFile = z.strictObject({
  id: Identifier,
  title: z.string(),
  summary: z.string(),
  /** Lesson ids in order; the folders carry the same names. */
  lessons: z.array(Identifier).min(1),
});
export type UnitFile = z.infer<typeof UnitFile>;

/** Versions of Podwire: comparisons, all of which must hold. */
export const EngineRange = z.string().regex(/^(?:>=|<=|>|<|=)\d{1,4}\.\d{1,4}\.\d{1,4}(?: (?:>=|<=|>|<|=)\d{1,4}\.\d{1,4}\.\d{1,4})*$/, 'comparisons such as ">=0.1.0 <2.0.0"');

export const CourseFile = z.strictObject({
  id: Identifier,
  title: z.string(),
  summary: z.string(),
  version: z.string(),
  language: z.string(),
  licence: z.string(),
  credit: z.string(),
  /** The versions of Podwire it was written for; any when left out. */
  engine: EngineRange.optional(),
  units: z.array(UnitFile).min(1),
});
export type CourseFile = z.infer<typeof CourseFile>;

// --- what is written when a course is packed: manifest.json ---------------------------------------------------------

/**
 * What a pack says of itself, so that it can be listed, and later signed, without reading a lesson. The signature will stand
 * beside it as manifest.sig (Ed25519 over the bytes of manifest.json), which is kept and not looked at yet.
 */
export const PackManifest = z.strictObject({
  podwire: z.literal('pack'),
  format: z.literal(1),
  course: Identifier,
  title: z.string(),
  version: z.string(),
  engine: EngineRange.nullable(),
  licence: z.string(),
  languages: z.array(z.string()).min(1),
  /** Every other file of the pack, by its path. */
  files: z.record(z.string(), z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits'), bytes: z.number().int().min(0) })),
});
export type PackManifest = z.infer<typeof PackManifest>;

// --- what an author writes: lesson.yaml -----------------------------------------------------------------------------

/** A statement about the lab: a kind and that kind's fields, or a combination of statements. */
export interface Assertion {
  readonly kind: string;
  readonly [field: string]: unknown;
}
export const Assertion: z.ZodType<Assertion> = z.looseObject({ kind: z.string() });

/** `when` it holds, `say` this instead of the kind's own reason; `unless` it holds, its reason is the reason. */
export const Diagnosis = z.union([z.strictObject({ when: Assertion, say: z.string() }), z.strictObject({ unless: Assertion })]);
export type Diagnosis = z.infer<typeof Diagnosis>;

/** A hint that depends on how far the lab is: the first whose `when` holds; without `when` it always holds. */
export const HintChoice = z.strictObject({ when: Assertion.optional(), say: z.string() });
export type HintChoice = z.infer<typeof HintChoice>;
export const Hint = z.union([z.string(), z.array(HintChoice).min(1)]);
export type Hint = z.infer<typeof Hint>;

export const CheckCommon = z.strictObject({
  id: Identifier,
  kind: z.string(),
  /** The goal as a state. */
  goal: z.string(),
  points: z.number().int().min(0),
  needs: z.array(Identifier).default([]),
  holds: z.enum(['once', 'now']).default('once'),
  /** 1 where to look, 2 the idea or the look command, 3 the command. */
  hints: z.array(Hint).min(1).max(3),
  diagnoses: z.array(Diagnosis).default([]),
});
export const CheckSpec = z.looseObject(CheckCommon.shape);
export type CheckSpec = z.infer<typeof CheckSpec>;

/** The answer to a question that is not a list of options. Options live in lesson.md. */
export const QuestionSpec = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('value'),
    /** What is right, with placeholders; compared after trimming, case ignored. */
    expect: z.union([z.string(), z.array(z.string()).min(1)]),
    explain: z.string(),
    diagnoses: z.array(z.strictObject({ typed: z.string(), say: z.string() })).default([]),
  }),
  z.strictObject({
    kind: z.literal('point'),
    /** A pattern over the marked line or entry (see docs/authoring.md, patterns). */
    marks: z.array(z.string()).min(1),
    explain: z.string(),
    diagnoses: z.array(z.strictObject({ marks: z.string(), say: z.string() })).default([]),
  }),
]);
export type QuestionSpec = z.infer<typeof QuestionSpec>;

const seconds = z.number().positive().max(3600);

/** Keys by name for chords: ctrl-c, ctrl-a, enter, escape, up ...; a single character stands for itself. */
const KeyNames = z.array(z.string().min(1)).min(1);

const stepCommon = {
  /** Rows of the inventory this step performs, and a name others can refer to. */
  rows: z.array(z.number().int()).optional(),
  name: Identifier.optional(),
  /** Marked steps may be left out and the lesson still passes: looks, waits, tidying. */
  optional: z.boolean().default(false),
  /** Not needed for the goals, but for what comes after: leaving a shell. Unlike an optional step it is never skipped. */
  tidy: z.boolean().default(false),
};

export const TypeStep = z.strictObject({
  ...stepCommon,
  type: z.string(),
  at: Identifier.optional(),
  /** 'prompt' (default): the shell is asking again. 'running': the program stays. 'quiet': nothing moves for a while. */
  until: z.enum(['prompt', 'running', 'quiet']).default('prompt'),
  /** Let the program run this long, then press Ctrl+C. */
  interruptAfter: seconds.optional(),
});
export const KeysStep = z.strictObject({ ...stepCommon, keys: KeyNames, at: Identifier.optional(), until: z.enum(['prompt', 'running', 'quiet']).default('quiet') });
/** The lab's browser goes to an address from a place, and the page is waited for. */
export const VisitStep = z.strictObject({ ...stepCommon, visit: z.string(), from: Identifier });
export const WaitStep = z.strictObject({ ...stepCommon, wait: seconds });
export const AnswerStep = z.strictObject({
  ...stepCommon,
  answer: z.record(z.string(), z.union([z.string(), z.number().int().min(0), z.array(z.number().int().min(0))])),
});
export const SolutionStep = z.union([TypeStep, KeysStep, VisitStep, WaitStep, AnswerStep]);
export type SolutionStep = z.infer<typeof SolutionStep>;
export type TypeStep = z.infer<typeof TypeStep>;
export type KeysStep = z.infer<typeof KeysStep>;
export type VisitStep = z.infer<typeof VisitStep>;
export type WaitStep = z.infer<typeof WaitStep>;
export type AnswerStep = z.infer<typeof AnswerStep>;

/**
 * How a prediction is proved: on a fresh lab, the solution is done up to and including the step called `after` (all of
 * it when absent, nothing when 'start'), then `steps`, and `truth` must hold.
 */
export const PredictionProof = z.strictObject({
  after: Identifier.optional(),
  steps: z.array(SolutionStep).default([]),
  truth: Assertion,
});
export type PredictionProof = z.infer<typeof PredictionProof>;

export const Terminal = z.strictObject({
  id: Identifier,
  title: z.string(),
  /** Name of a place; its machine is where the terminal logs in. */
  place: Identifier,
  user: z.string().optional(),
});
export type Terminal = z.infer<typeof Terminal>;

export const LessonFile = z.strictObject({
  /** Names of places: machine, or machine/namespace; or what the lab chooses, by a pod's label. */
  places: z.record(Identifier, z.string().regex(/^([a-z0-9-]+(\/[A-Za-z0-9_.-]+)?|(node-of|node-beside|pod) [A-Za-z0-9._/-]+=[A-Za-z0-9._-]+)$/, 'machine, machine/namespace, node-of LABEL=VALUE, node-beside LABEL=VALUE or pod LABEL=VALUE')),
  terminals: z.array(Terminal).min(1),
  /** Why the lesson is left to the simulator where the learner has chosen real Linux: one sentence. Lessons in a cloud need not say it. */
  simulatorOnly: z.string().optional(),
  /** Commands run as root on the first machine, or at another place, before the first prompt, for what the lesson's start adds. */
  setup: z.array(z.strictObject({ run: z.string(), why: z.string(), at: Identifier.optional() })).default([]),
  checks: z.array(CheckSpec).min(1),
  questions: z.record(Identifier, QuestionSpec).default({}),
  predictions: z.record(Identifier, PredictionProof).default({}),
});
export type LessonFile = z.infer<typeof LessonFile>;

/** solution.yaml */
export const SolutionFile = z.strictObject({ steps: z.array(SolutionStep).min(1) });
export type SolutionFile = z.infer<typeof SolutionFile>;

/**
 * Another way through. It is the solution with the steps between the names `from` and `to` (both included) replaced;
 * without both it stands alone.
 */
export const Alternate = z.strictObject({
  name: z.string(),
  from: Identifier.optional(),
  to: Identifier.optional(),
  steps: z.array(SolutionStep),
});
export type Alternate = z.infer<typeof Alternate>;

/** A typical mistake: done in place of the steps `from`..`to` of the solution, whose rest is left undone. */
export const Mistake = z.strictObject({
  name: z.string(),
  from: Identifier.optional(),
  steps: z.array(SolutionStep).min(1),
  check: Identifier,
  because: z.string(),
});
export type Mistake = z.infer<typeof Mistake>;

/** proof.yaml */
export const ProofFile = z.strictObject({
  alternates: z.array(Alternate).default([]),
  mistakes: z.array(Mistake).default([]),
});
export type ProofFile = z.infer<typeof ProofFile>;

/** The head of lesson.md between its `---` lines. */
export const LessonHead = z.strictObject({
  id: Identifier,
  minutes: z.number().int().positive(),
  /** `scenario:<name>` or `after:<lesson>` (that lesson's own start, then its solution). */
  start: z.string().regex(/^(scenario|after):[a-z0-9-]+$/, 'scenario:NAME or after:LESSON'),
  rows: z.array(z.number().int()).optional(),
});
export type LessonHead = z.infer<typeof LessonHead>;

// --- what the parser makes of it ------------------------------------------------------------------------------------

/**
 * Sanitised HTML. A live value stands in it as `<span class="live-value" data-value="veth0.mac"></span>`, empty, for the
 * renderer to fill; `values` lists the names.
 */
export const RichText = z.strictObject({ html: z.string(), values: z.array(z.string()) });
export type RichText = z.infer<typeof RichText>;

export const OptionBlock = z.strictObject({ text: RichText, isRight: z.boolean(), explain: RichText });
export type OptionBlock = z.infer<typeof OptionBlock>;

export const RunLine = z.strictObject({ text: z.string(), values: z.array(z.string()) });
export type RunLine = z.infer<typeof RunLine>;

export interface ProseBlock { readonly kind: 'prose'; readonly text: RichText }
/** A block of text to read, not to run. */
export interface CodeBlock { readonly kind: 'code'; readonly language: string; readonly text: string }
/** Commands for a terminal: each line is typed and entered. `keys` is a chord to press instead. `stop` names how to end
 *  a command that does not end by itself. */
export interface RunBlock {
  readonly kind: 'run';
  readonly id: string;
  readonly terminal: string;
  readonly rows: readonly number[];
  readonly lines: readonly RunLine[];
  readonly keys: readonly string[] | null;
  readonly stop: string | null;
  readonly note: RichText | null;
}
export interface CheckBlock { readonly kind: 'check'; readonly id: string }
/** What `of` printed when it last ran in the lab at `terminal`. */
export interface OutputBlock { readonly kind: 'output'; readonly of: string; readonly terminal: string; readonly place: string | null }
/** Locks when a command of row `before` runs; scores nothing. */
export interface PredictBlock {
  readonly kind: 'predict';
  readonly id: string;
  readonly before: number | null;
  readonly prompt: RichText;
  readonly options: readonly OptionBlock[];
}
export interface QuestionBlock {
  readonly kind: 'question';
  readonly id: string;
  readonly type: 'choose' | 'multiple' | 'value' | 'point';
  readonly points: number;
  readonly prompt: RichText;
  readonly options: readonly OptionBlock[];
}
export interface AsideBlock { readonly kind: 'why' | 'today'; readonly title: string | null; readonly text: RichText }
/** Where to look in the drawn network; `text` says the same in a sentence. */
export interface PictureBlock { readonly kind: 'picture'; readonly focus: readonly string[]; readonly text: RichText }

export type Block = ProseBlock | CodeBlock | RunBlock | CheckBlock | OutputBlock | PredictBlock | QuestionBlock | AsideBlock | PictureBlock;

/** One screen: one idea, one action. */
export interface Screen {
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

export interface Lesson {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly minutes: number;
  readonly start: { readonly kind: 'scenario' | 'after'; readonly name: string };
  readonly places: Readonly<Record<string, { readonly machine: string; readonly netns: string }>>;
  readonly terminals: readonly Terminal[];
  /** Why it takes place in the simulator wherever the learner wants labs to run, as a sentence. */
  readonly simulatorOnly?: string | undefined;
  readonly setup: readonly { readonly run: string; readonly why: string; readonly at?: string | undefined }[];
  readonly screens: readonly Screen[];
  readonly checks: readonly CheckSpec[];
  readonly questions: Readonly<Record<string, QuestionSpec>>;
  readonly predictions: Readonly<Record<string, PredictionProof>>;
  readonly solution: readonly SolutionStep[];
  readonly alternates: readonly Alternate[];
  readonly mistakes: readonly Mistake[];
  /** Every placeholder name the lesson uses, in the order of first use. */
  readonly values: readonly string[];
  readonly points: number;
}

export interface Unit {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly lessons: readonly Lesson[];
}

export interface Course {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly version: string;
  readonly language: string;
  readonly licence: string;
  readonly credit: string;
  readonly engine?: string | undefined;
  readonly units: readonly Unit[];
}

/** One fault of a course, for its author: where, what was wanted, what was found, and the nearest right word. Line 0 is the file as a whole. */
export const CourseProblem = z.strictObject({ file: z.string(), line: z.number().int().min(0), key: z.string(), wanted: z.string(), found: z.string(), nearest: z.string().nullable() });
export type CourseProblem = Readonly<z.infer<typeof CourseProblem>>;
