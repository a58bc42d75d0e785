import { describeLessonInContainer, describeLessonsOnLinux } from './linux-lessons.ts';

describeLessonsOnLinux('single');
await describeLessonInContainer();
