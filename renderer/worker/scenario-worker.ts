/** The labs one can play in, and what is wrong with the text of one. Read away from the page's own thread, as courses are. */
import '../zod-without-eval.ts';
import { problemText } from '../../labs/course/index.ts';
import { scenarios } from '../../labs/scenarios/index.ts';
import { readScenario, scenarioText } from '../../labs/scenarios/text.ts';
import type { Judged, LabKind } from '../state/plays.svelte.ts';

addEventListener('message', ({ data }: MessageEvent<string | null>) => {
  if (data === null) {
    postMessage(scenarios.map((scenario): LabKind => ({ id: scenario.id, title: scenario.title, text: scenarioText(scenario) })));
    return;
  }
  const { scenario, problems } = readScenario(data);
  postMessage({ text: data, id: scenario?.id ?? null, title: scenario?.title ?? null, problems: problems.map((problem) => ({ line: problem.line, text: problemText(problem) })) } satisfies Judged);
});
