import { describeLessonsOnLinux } from './linux-lessons.ts';

describeLessonsOnLinux('single');
