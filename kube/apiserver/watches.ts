/**
 * GET with ?watch=true: what happens to the objects of a path, one JSON event a line (apiserver/pkg/endpoints/handlers/watch.go,
 * storage/cacher).
 */
import type { StoredAny } from '../api/kinds.ts';
import { badRequest, StatusError } from '../api/status.ts';
import type { JsonObject } from '../api/values.ts';
import type { WatchEvent } from '../client.ts';
import type { Cancel } from '../runtime.ts';
import { groupVersion, shown } from './convert.ts';
import type { ApiStreamed } from './http.ts';
import { filterOf, seenThrough } from './in-process-client.ts';
import type { Call } from './call.ts';
import { selected, table } from './rest.ts';
import { openStream } from './streams.ts';
import { partialMetadata } from './tables.ts';

const bookmarkEveryMs = 60_000;
/** A real server ends a watch that names no time after 30 to 60 minutes. */
const longestMs = 45 * 60_000;

export function serveWatch(call: Call): ApiStreamed {
  const { registry, path, query } = call;
  const { store, runtime } = registry;
  const version = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(version)) throw badRequest(`Invalid value: ${JSON.stringify(version)}: strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`);
  const labelSelector = query.get('labelSelector');
  const fieldSelector = [query.get('fieldSelector') ?? '', path.name === undefined ? '' : `metadata.name=${path.name}`].filter((text) => text !== '').join(',');
  const filter = filterOf(path.info.resource, { ...(labelSelector ? { labelSelector } : {}), ...(fieldSelector === '' ? {} : { fieldSelector }) });
  const isWanted = (object: StoredAny): boolean => (path.namespace === undefined || object.metadata.namespace === path.namespace) && (filter === undefined || filter(object));
  const wantsBookmarks = query.is('allowWatchBookmarks');
  const wantsInitial = query.is('sendInitialEvents') && wantsBookmarks && registry.config.minor >= 27;

  const cancels: Cancel[] = [];
  const output = openStream('body', { onClose: () => { for (const cancel of cancels) cancel(); } });
  let hasColumns = true;
  const send = (type: string, object: JsonObject): void => { output.write(new TextEncoder().encode(`${JSON.stringify({ type, object })}\n`)); };
  const tell = ({ type, object }: WatchEvent<StoredAny>): void => {
    send(type, viewOf(call, object, hasColumns));
    hasColumns = false;
  };
  const bookmark = (annotations?: Record<string, string>): void => {
    const metadata = { resourceVersion: String(store.version), creationTimestamp: null, ...(annotations === undefined ? {} : { annotations }) };
    send('BOOKMARK', { kind: path.info.kind, apiVersion: groupVersion(path.info, path.version), metadata });
  };

  const isFromNow = version === '' || version === '0' || wantsInitial;
  const from = isFromNow ? store.version : Number(version);
  if (isFromNow) {
    const initial = selected(call).filter(isWanted);
    store.later(() => {
      for (const object of initial) tell({ type: 'ADDED', object });
      if (wantsInitial) bookmark({ 'k8s.io/initial-events-end': 'true' });
    });
  }
  const cancel = store.watch(path.info.resource, from, (change) => {
    const event = seenThrough(change, isWanted);
    if (event !== undefined) tell(event);
  });
  if (cancel === 'gone') {
    const error = new StatusError(410, 'Expired', `too old resource version: ${version} (${store.version})`);
    store.later(() => {
      send('ERROR', { ...error.status });
      output.end();
    });
  } else cancels.push(cancel);
  if (wantsBookmarks) {
    const again = (): Cancel => runtime.after(bookmarkEveryMs, () => {
      bookmark();
      if (output.isOpen) cancels.push(again());
    });
    cancels.push(again());
  }
  const seconds = query.number('timeoutSeconds') ?? 0;
  cancels.push(runtime.after(seconds > 0 ? seconds * 1000 : longestMs, () => { output.end(); }));
  return { status: 200, headers: { 'content-type': 'application/json', 'cache-control': 'no-cache, private' }, stream: output.stream };
}

function viewOf(call: Call, object: StoredAny, hasColumns: boolean): JsonObject {
  const { path, form } = call;
  if (form.as === 'Table') return table(call, [object], { resourceVersion: object.metadata.resourceVersion }, hasColumns);
  return form.as === 'object' ? shown(path.info, path.version, object) : partialMetadata(object, form.version);
}
