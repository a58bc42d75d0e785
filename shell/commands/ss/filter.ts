/** ss filters: `state established`, `dst 10.0.0.1:80`, `sport = :22 or dport = :22`. Read first: misc/ssfilter.y. */
import { isInPrefix4, isInPrefix6, parseIp4, parseIp6 } from '../../ports/addresses.ts';
import type { SocketView } from '../../ports/kernel.ts';

interface Ports { number(name: string): number | undefined }
type Test = (socket: SocketView, ports: Ports) => boolean;
export interface Filter { readonly states: readonly string[] | undefined; readonly accepts: Test }

const stateWords: Readonly<Record<string, readonly string[]>> = {
  all: ['ESTAB', 'SYN-SENT', 'SYN-RECV', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'UNCONN', 'CLOSE-WAIT', 'LAST-ACK', 'LISTEN', 'CLOSING'],
  connected: ['ESTAB', 'SYN-SENT', 'SYN-RECV', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSING'],
  synchronized: ['ESTAB', 'SYN-RECV', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSING'],
  bucket: ['SYN-RECV', 'TIME-WAIT'], big: ['ESTAB', 'SYN-SENT', 'FIN-WAIT-1', 'FIN-WAIT-2', 'UNCONN', 'CLOSE-WAIT', 'LAST-ACK', 'LISTEN', 'CLOSING'],
  established: ['ESTAB'], 'syn-sent': ['SYN-SENT'], 'syn-recv': ['SYN-RECV'], 'fin-wait-1': ['FIN-WAIT-1'], 'fin-wait-2': ['FIN-WAIT-2'], 'time-wait': ['TIME-WAIT'],
  unconnected: ['UNCONN'], closed: ['UNCONN'], 'close-wait': ['CLOSE-WAIT'], 'last-ack': ['LAST-ACK'], listening: ['LISTEN'], closing: ['CLOSING'], listen: ['LISTEN'],
};

/** The filter, or what ss says about it. */
export function parseFilter(words: readonly string[]): Filter | string {
  const tokens = words.join(' ').replace(/([()!&|]|(?:[<>=]=?)|!=)/g, ' $1 ').replace(/! {2}= /g, '!= ').replace(/([<>=]) {2}=/g, '$1=').trim().split(/\s+/).filter((token) => token !== '');
  let at = 0;
  let states: string[] | undefined;
  while (tokens[at] === 'state' || tokens[at] === 'exclude' || tokens[at] === 'excl') {
    const isExcluded = tokens[at] !== 'state';
    const name = tokens[at + 1] ?? '';
    const named = stateWords[name.toLowerCase()];
    if (name === '') return 'Command line is not complete. Try option "help"';
    if (named === undefined) return `ss: wrong state name: ${name}`;
    if (isExcluded) states = (states ?? [...stateWords['all']!]).filter((state) => !named.includes(state));
    else states = [...(states ?? []), ...named];
    at += 2;
  }
  try {
    const accepts = at >= tokens.length ? () => true : alternatives();
    if (at < tokens.length) throw new SyntaxProblem();
    return { states, accepts };
  } catch (problem) {
    if (problem instanceof SyntaxProblem) return problem.text === '' ? `ss: bison bellows (while parsing filter): "syntax error!" Sorry.` : problem.text;
    throw problem;
  }

  function alternatives(): Test {
    let left = conjunction();
    while (tokens[at] === 'or' || tokens[at] === '|' || tokens[at] === '||') {
      at += 1;
      const [first, second] = [left, conjunction()];
      left = (socket, ports) => first(socket, ports) || second(socket, ports);
    }
    return left;
  }
  function conjunction(): Test {
    let left = single();
    while (at < tokens.length && tokens[at] !== ')' && tokens[at] !== 'or' && tokens[at] !== '|') {
      if (tokens[at] === 'and' || tokens[at] === '&') at += 1;
      const [first, second] = [left, single()];
      left = (socket, ports) => first(socket, ports) && second(socket, ports);
    }
    return left;
  }
  function single(): Test {
    const token = tokens[at];
    at += 1;
    if (token === '(') {
      const inner = alternatives();
      if (tokens[at] !== ')') throw new SyntaxProblem();
      at += 1;
      return inner;
    }
    if (token === 'not' || token === '!') {
      const inner = single();
      return (socket, ports) => !inner(socket, ports);
    }
    if (token === 'sport' || token === 'dport') return portTest(token === 'sport');
    if (token === 'src' || token === 'dst') {
      if (tokens[at] === '=' || tokens[at] === '==') at += 1;
      return addressTest(token === 'src', tokens[at++] ?? '');
    }
    if (token === 'dev') {
      const name = tokens[at++];
      return ({ device }) => device === name;
    }
    // A word alone is an address of the other end.
    if (token !== undefined && /^[\w.:/[\]-]+$/.test(token)) return addressTest(false, token);
    throw new SyntaxProblem();
  }
  function portTest(isSource: boolean): Test {
    const operators = ['=', '==', 'eq', '!=', 'ne', 'neq', '<=', 'le', 'leq', '>=', 'ge', 'geq', '<', 'lt', '>', 'gt'];
    const operator = operators.includes(tokens[at] ?? '') ? tokens[at++]! : '=';
    if (tokens[at] === undefined) throw new SyntaxProblem();
    const word = tokens[at++]!.replace(/^.*:/, '');
    return (socket, ports) => {
      const wanted = /^\d+$/.test(word) ? Number(word) : ports.number(word) ?? -1;
      const { port } = isSource ? socket.local : socket.remote;
      switch (operator) {
        case '!=': case 'ne': case 'neq': return port !== wanted;
        case '<=': case 'le': case 'leq': return port <= wanted;
        case '>=': case 'ge': case 'geq': return port >= wanted;
        case '<': case 'lt': return port < wanted;
        case '>': case 'gt': return port > wanted;
        default: return port === wanted;
      }
    };
  }
}

class SyntaxProblem extends Error {
  readonly text: string;
  constructor(text = '') {
    super('filter');
    this.text = text;
  }
}

function addressTest(isSource: boolean, word: string): Test {
  const bracketed = /^\[(.*?)\](?::(.*))?$/.exec(word);
  const isPlainSix = bracketed === null && word.split(':').length > 2;
  const [host = '', port] = bracketed !== null ? [bracketed[1]!, bracketed[2]] : isPlainSix ? [word, undefined] : word.split(':');
  const [address = '', length] = host.split('/');
  if (port !== undefined && port !== '*' && !/^\d+$/.test(port)) throw new SyntaxProblem(`Error: "${port}" does not look like a port.\nCannot parse dst/src address.`);
  const four = parseIp4(address);
  const six = parseIp6(address);
  const most = six === undefined ? 32 : 128;
  const isLengthRight = length === undefined || (/^\d+$/.test(length) && Number(length) <= most);
  if (address !== '' && address !== '*' && ((four === undefined && six === undefined) || !isLengthRight)) throw new SyntaxProblem(`Error: an inet prefix is expected rather than "${host}".\nCannot parse dst/src address.`);
  return (socket) => {
    const end = isSource ? socket.local : socket.remote;
    if (port !== undefined && port !== '*' && end.port !== Number(port)) return false;
    if (address === '' || address === '*') return true;
    if (four !== undefined) {
      const own = parseIp4(end.address);
      return own !== undefined && isInPrefix4(own, four, length === undefined ? 32 : Number(length));
    }
    const own = parseIp6(end.address);
    return own !== undefined && isInPrefix6(own, six!, length === undefined ? 128 : Number(length));
  };
}
