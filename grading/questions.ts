/** The questions of a lesson: choose, several right options, predictions, a value from the lab, a marked line. */
import type { OptionBlock, QuestionSpec, Screen } from '../contracts/course.ts';
import type { Look } from './look.ts';
import { CannotTell } from './look.ts';
import { matchesLine } from './pattern.ts';
import { fill } from './values.ts';

export interface AskedQuestion {
  readonly id: string;
  readonly isPrediction: boolean;
  readonly points: number;
  readonly options: readonly OptionBlock[];
}

export function askedQuestions(screens: readonly Screen[]): AskedQuestion[] {
  return screens.flatMap(({ blocks }) => blocks).flatMap((block): AskedQuestion[] => {
    if (block.kind === 'predict') return [{ id: block.id, isPrediction: true, points: 0, options: block.options }];
    if (block.kind === 'question') return [{ id: block.id, isPrediction: false, points: block.points, options: block.options }];
    return [];
  });
}

/** All right options and no other. */
export function isRightChoice({ options }: AskedQuestion, chosen: readonly number[]): boolean {
  return options.length > 0 && options.every(({ isRight }, index) => isRight === chosen.includes(index));
}

/** What the chosen options explain; where several are right and one is missing, that some are. */
export function explainChoice(question: AskedQuestion, chosen: readonly number[]): string {
  const said = chosen.map((index) => plain(question.options[index]?.explain.html ?? '')).filter((text) => text !== '');
  const isShort = question.options.some(({ isRight }, index) => isRight && !chosen.includes(index));
  const isAllRight = chosen.every((index) => question.options[index]?.isRight === true);
  if (isShort && isAllRight) said.push('There is more that is right.');
  return said.join(' ');
}

/** @throws CannotTell when the lesson has no specification for the question, or the lab has no such value. */
export async function judgeTyped(spec: QuestionSpec | undefined, given: string, look: Look): Promise<{ isRight: boolean; because: string | undefined }> {
  if (spec === undefined) throw new CannotTell('the lesson does not say what is right');
  const typed = given.trim();
  if (spec.kind === 'value') {
    const wanted = await Promise.all([spec.expect].flat().map((text) => known(text, look)));
    if (wanted.some((text) => squeezed(text) === squeezed(typed))) return { isRight: true, because: (await fill(spec.explain, look)).text };
    for (const { typed: mistaken, say } of spec.diagnoses) {
      if (squeezed((await fill(mistaken, look)).text) === squeezed(typed)) return { isRight: false, because: (await fill(say, look, { typed })).text };
    }
    return { isRight: false, because: undefined };
  }
  for (const pattern of spec.marks) {
    if (matchesLine(await known(pattern, look), typed)) return { isRight: true, because: (await fill(spec.explain, look)).text };
  }
  for (const { marks, say } of spec.diagnoses) {
    if (matchesLine((await fill(marks, look)).text, typed)) return { isRight: false, because: (await fill(say, look, { marked: typed })).text };
  }
  return { isRight: false, because: undefined };
}

async function known(text: string, look: Look): Promise<string> {
  const filled = await fill(text, look);
  if (filled.missing.length > 0) throw new CannotTell(`the lab has no ${filled.missing.join(', ')} yet`);
  return filled.text;
}

function squeezed(text: string): string {
  return text.trim().toLowerCase().replace(/\s+/g, ' ');
}

/** Text without tags; live values stay as their placeholder. */
function plain(html: string): string {
  return html
    .replace(/<span class="live-value" data-value="([^"]*)"><\/span>/g, '{{$1}}')
    .replace(/<[^>]*>/g, '').replaceAll('&#x3C;', '<').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&#x26;', '&').replaceAll('&amp;', '&').trim();
}
