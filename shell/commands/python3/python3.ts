/** python3(1), version 3.11: its module http.server, and nothing else of Python. */
import { defineCommand, notSimulated } from '../define.ts';
import { httpServer } from './http-server.ts';

/** Modules of the standard library that people run; any other name is unknown to Python as well. */
const otherModules = ['pip', 'venv', 'json.tool', 'timeit', 'pdb', 'cProfile', 'unittest', 'doctest', 'zipfile', 'tarfile', 'calendar', 'smtpd', 'this', 'base64', 'site', 'platform', 'ensurepip', 'compileall', 'http', 'http.client', 'os', 'sys', 'json', 'socket'];

export const python3 = defineCommand({
  name: 'python3', aliases: ['python3.11'], summary: 'the http.server module of Python', package: 'python3',
  run: async (call) => {
    // Nothing is held back here, so -u changes nothing.
    const words = call.args.filter((word, index) => word !== '-u' || call.args.slice(0, index).some((each) => each !== '-u'));
    const [first, module, ...rest] = words;
    if (first === '-V' || first === '--version') {
      call.out('Python 3.11.2');
      return 0;
    }
    if (first === '-m' && module === 'http.server') return httpServer(call, rest);
    if (first === '-m' && module !== undefined && !otherModules.includes(module)) {
      call.err(`/usr/bin/python3: No module named ${module}`);
      return 1;
    }
    return notSimulated(call, first === undefined ? 'the interactive interpreter' : first === '-m' ? `module ${module ?? ''}` : first === '-c' ? 'option -c' : `the script ${first}`);
  },
});
