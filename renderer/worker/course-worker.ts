/** Reads a course's files into the tree the pages draw. Course text is parsed away from the page's own thread. */
import '../zod-without-eval.ts';
import { loadCourse, problemText } from '../../labs/course/index.ts';

addEventListener('message', ({ data }: MessageEvent<Record<string, string>>) => {
  const { course, problems } = loadCourse(new Map(Object.entries(data)));
  postMessage({ course, problems: problems.map(problemText) });
});
