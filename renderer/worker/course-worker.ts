/** Reads a course's files into the tree the pages draw. Course text is parsed away from the page's own thread. */
import '../zod-without-eval.ts';
import { judgePack, loadCourse, problemText } from '../../labs/course/index.ts';

/** With `packFor`, Podwire's version, the files are judged as a pack's; else lessons with problems are left out. */
interface Asked { readonly files: Readonly<Record<string, string>>; readonly packFor?: string }

addEventListener('message', ({ data: { files, packFor } }: MessageEvent<Asked>) => {
  const texts = new Map(Object.entries(files));
  const { course, problems } = packFor === undefined ? loadCourse(texts) : judgePack(texts, packFor);
  postMessage({ course, problems, lines: problems.map(problemText) });
});
