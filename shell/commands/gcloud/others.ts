/** What is left: projects, services, auth, info, version, init. */
import { child, objects, text, type JsonObject } from '../../ports/cloud.ts';
import type { GcloudCommand } from './commands.ts';
import { GcloudProblem, HttpProblem } from './problem.ts';
import type { Gcloud } from './session.ts';

export const VERSION = '528.0.0';

export const otherCommands: readonly GcloudCommand[] = [
  { path: 'version', supports: '', run: (gcloud) => gcloud.call.out(`Google Cloud SDK ${VERSION}`) },
  { path: 'info', supports: '', run: info },
  { path: 'projects list', supports: 'filter limit page-size sort-by uri', run: async (gcloud) => gcloud.showList(objects(await gcloud.request('GET', '/v1/projects'), 'projects'), 'table(projectId:label=PROJECT_ID,name,projectNumber)') },
  { path: 'projects describe', supports: '', run: describeProject },
  { path: 'auth list', supports: 'filter limit page-size sort-by uri filter-account', run: authList },
  { path: 'services list', supports: 'available enabled filter limit page-size sort-by uri', run: listServices },
  { path: 'services enable', supports: 'async', run: enableServices },
];

async function describeProject(gcloud: Gcloud): Promise<void> {
  const [name = ''] = gcloud.names;
  try {
    gcloud.showOne(await gcloud.request('GET', `/v1/projects/${name}`));
  } catch (thrown) {
    if (!(thrown instanceof HttpProblem)) throw thrown;
    throw new GcloudProblem(`[${gcloud.account}] does not have permission to access projects instance [${name}] (or it may not exist): ${thrown.message}`);
  }
}

function authList(gcloud: Gcloud): void {
  if (gcloud.account === '') return gcloud.status('\nNo credentialed accounts.\n\nTo login, run:\n  $ gcloud auth login `ACCOUNT`\n');
  const format = gcloud.flag('format');
  if (format !== undefined) return gcloud.showList([{ account: gcloud.account, status: 'ACTIVE' }], 'table(status,account)');
  gcloud.call.write(`   Credentialed Accounts\nACTIVE  ACCOUNT\n*       ${gcloud.account}\n`);
  gcloud.status('\nTo set the active account, run:\n    $ gcloud config set account `ACCOUNT`\n');
}

async function listServices(gcloud: Gcloud): Promise<void> {
  gcloud.showList(objects(await gcloud.request('GET', `/v1/projects/${gcloud.project}/services?filter=state:ENABLED`), 'services'), 'table(config.name:label=NAME,config.title)');
}

async function enableServices(gcloud: Gcloud): Promise<void> {
  for (const name of gcloud.names) {
    const present = await gcloud.request('GET', `/v1/projects/${gcloud.project}/services/${name}`);
    if (text(present, 'state') === 'ENABLED') continue;
    const operation = await gcloud.request('POST', `/v1/projects/${gcloud.project}/services/${name}:enable`, {});
    gcloud.status(`Operation "${text(operation, 'name')}" finished successfully.`);
  }
}

function info(gcloud: Gcloud): void {
  const configuration: JsonObject = { account: gcloud.account, active_config_name: gcloud.properties.configuration, project: gcloud.project, properties: Object.fromEntries(gcloud.properties.all().map(([section, values]) => [section, Object.fromEntries(values)])) };
  const about: JsonObject = { basic: { version: VERSION, operating_system: { name: 'Linux' } }, config: configuration, installation: { sdk_root: '/usr/lib/google-cloud-sdk' } };
  if (gcloud.flag('format') !== undefined) return gcloud.showOne(about);
  const properties = Object.entries(child(configuration, 'properties') ?? {}).map(([section, values]) => `  [${section}]\n${Object.entries((values ?? {}) as JsonObject).map(([name, value]) => `    ${name}: [${String(value as string)}]\n`).join('')}`).join('');
  gcloud.call.write(`Google Cloud SDK [${VERSION}]\n\nPlatform: [Linux, x86_64]\nInstallation Root: [/usr/lib/google-cloud-sdk]\n\nUser Config Directory: [${gcloud.properties.directory}]\nActive Configuration Name: [${gcloud.properties.configuration}]\nActive Configuration Path: [${gcloud.properties.directory}/configurations/config_${gcloud.properties.configuration}]\n\nAccount: [${gcloud.account}]\nProject: [${gcloud.project}]\n\nCurrent Properties:\n${properties}\n`);
}
