import { describe, expect, it } from 'vitest';
import { JsonPathProblem, parseJsonPath, printJsonPath } from './jsonpath.ts';

const pods = {
  kind: 'List',
  items: [
    { metadata: { name: 'a', labels: { 'app.kubernetes.io/name': 'x' } }, status: { phase: 'Running', ports: [80, 443] } },
    { metadata: { name: 'b' }, status: { phase: 'Pending', ports: [] } },
  ],
};

describe('JSONPath', () => {
  it.each([
    ['{.kind}', 'List'],
    ['{.items[0].metadata.name}', 'a'],
    ['{.items[-1].metadata.name}', 'b'],
    ['{.items[*].metadata.name}', 'a b'],
    ['{.items[*].metadata.name}\n', 'a b\n'],
    ['{range .items[*]}{.metadata.name}{"\\t"}{.status.phase}{"\\n"}{end}', 'a\tRunning\nb\tPending\n'],
    ['{.items[?(@.status.phase=="Running")].metadata.name}', 'a'],
    ["{.items[?(@.status.phase!='Running')].metadata.name}", 'b'],
    ['{.items[0].metadata.labels.app\\.kubernetes\\.io/name}', 'x'],
    ["{.items[0].metadata.labels['app\\.kubernetes\\.io/name']}", 'x'],
    ['{.items[0].status.ports}', '[80,443]'],
    ['{.items[0].status.ports[0:1]}', '80'],
    ["{.items[0]['metadata.name', 'status.phase']}", ''],
    ['{..name}', 'a b'],
    ['{.missing}', ''],
    ['name={.items[0].metadata.name};', 'name=a;'],
    ['{.items[0].metadata}', '{"labels":{"app.kubernetes.io/name":"x"},"name":"a"}'],
  ])('%s', (path, printed) => {
    expect(printJsonPath(parseJsonPath(path), pods, { allowMissing: true })).toBe(printed);
  });

  it.each([
    ['{.items[', 'unterminated array'], ['{.kind', 'unclosed action'], ['{.items[9].x}', 'array index out of bounds: index 9, length 2'],
  ])('%s is refused', (path, problem) => {
    expect(() => printJsonPath(parseJsonPath(path), pods, { allowMissing: true })).toThrow(new JsonPathProblem(problem));
  });
});
