/** What kubectl shares with the API server: how objects are shaped, patched and counted (kube/api). The server itself is reached by HTTP only. */
export { mergePatch } from '../../kube/api/patches/merge.ts';
export { jsonPatch, PatchProblem } from '../../kube/api/patches/json.ts';
export { strategicMergePatch } from '../../kube/api/patches/strategic.ts';
export { jsonStream } from '../../kube/api/go-json.ts';
export { inOrder, readGoYaml, YamlProblem } from '../../kube/api/go-yaml.ts';
export { scalarSchema, structOfKind } from '../../kube/api/openapi.ts';
export { descriptionOf } from '../../kube/api/descriptions.ts';
export { manifestProblems, toldTogether } from '../../kube/api/manifest-check.ts';
export { decode, WrongType } from '../../kube/api/decode.ts';
export { typeProblem } from '../../kube/apiserver/decode-problems.ts';
export { canonicalQuantity, milliValue, parseQuantity, wholeValue } from '../../kube/api/quantity.ts';
export { fieldOf, structNamed, type Field, type Struct, type Type } from '../../kube/api/schema.ts';
export { equal as equalJson, isObject } from '../../kube/api/values.ts';
export { parseTimestamp, timestamp } from '../../kube/runtime.ts';
