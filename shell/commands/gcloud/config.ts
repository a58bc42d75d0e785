/** `gcloud config`: properties and configurations. Read first: `gcloud topic configurations` */
import type { GcloudCommand } from './commands.ts';
import { GcloudProblem, HttpProblem } from './problem.ts';
import { propertyNamed } from './properties.ts';
import type { Gcloud } from './session.ts';

export const configCommands: readonly GcloudCommand[] = [
  { path: 'config set', supports: 'installation', run: setProperty },
  { path: 'config unset', supports: 'installation', run: unsetProperty },
  { path: 'config get', supports: '', run: getProperty },
  { path: 'config get-value', supports: '', run: getProperty },
  { path: 'config list', supports: 'all', run: listProperties },
  { path: 'config configurations list', supports: 'filter limit page-size sort-by uri', run: listConfigurations },
  { path: 'config configurations create', supports: 'activate', run: createConfiguration },
  { path: 'config configurations activate', supports: '', run: activateConfiguration },
  { path: 'config configurations describe', supports: 'all', run: describeConfiguration },
  { path: 'config configurations delete', supports: '', run: deleteConfigurations },
];

async function setProperty(gcloud: Gcloud): Promise<void> {
  const { section, name } = propertyNamed(gcloud.positional('SECTION/PROPERTY'));
  const value = gcloud.positional('VALUE');
  if (section === 'compute' && (name === 'zone' || name === 'region')) await checkPlace(gcloud, name, value);
  await gcloud.properties.set(section, name, value);
  gcloud.status(`Updated property [${section}/${name}].`);
}

/** A place that the API does not know is set all the same, with a warning. */
async function checkPlace(gcloud: Gcloud, kind: 'zone' | 'region', value: string): Promise<void> {
  try {
    await gcloud.request('GET', `/compute/v1/projects/${gcloud.project}/${kind}s/${value}`);
  } catch (thrown) {
    if (thrown instanceof HttpProblem && thrown.status === 404) gcloud.warning(`${value} is not a valid ${kind}. Run \`gcloud compute ${kind}s list\` to get all ${kind}s.`);
    else if (!(thrown instanceof HttpProblem) && !(thrown instanceof GcloudProblem)) throw thrown;
  }
}

async function unsetProperty(gcloud: Gcloud): Promise<void> {
  const { section, name } = propertyNamed(gcloud.positional('SECTION/PROPERTY'));
  await gcloud.properties.set(section, name, undefined);
  gcloud.status(`Unset property [${section}/${name}].`);
}

function getProperty(gcloud: Gcloud): void {
  const { section, name } = propertyNamed(gcloud.positional('SECTION/PROPERTY'));
  const value = gcloud.properties.get(section, name);
  if (value === undefined) gcloud.status('(unset)');
  else gcloud.call.out(value);
}

async function listProperties(gcloud: Gcloud): Promise<void> {
  const wanted = gcloud.positional('SECTION/PROPERTY');
  const found = gcloud.properties.all().filter(([section]) => wanted === '' || wanted.split('/')[0] === section).map(([section, values]) => [section, Object.fromEntries(values.filter(([name]) => !wanted.includes('/') || name === wanted.split('/')[1]))] as const);
  const format = gcloud.flag('format');
  if (format === undefined) for (const [section, values] of found) gcloud.call.write(`[${section}]\n${Object.entries(values).map(([name, value]) => `${name} = ${value}\n`).join('')}`);
  else gcloud.showOne(Object.fromEntries(found));
  await gcloud.call.flush();
  gcloud.status(`\nYour active configuration is: [${gcloud.properties.configuration}]`);
}

async function listConfigurations(gcloud: Gcloud): Promise<void> {
  const rows: Record<string, string | boolean>[] = [];
  for (const name of await gcloud.properties.configurations()) {
    const file = await gcloud.properties.ofConfiguration(name);
    rows.push({ name, is_active: name === gcloud.properties.configuration, account: file.get('core')?.get('account') ?? '', project: file.get('core')?.get('project') ?? '', zone: file.get('compute')?.get('zone') ?? '', region: file.get('compute')?.get('region') ?? '' });
  }
  gcloud.showList(rows, 'table(name,is_active,account,project,zone:label=COMPUTE_DEFAULT_ZONE,region:label=COMPUTE_DEFAULT_REGION)');
}

async function createConfiguration(gcloud: Gcloud): Promise<void> {
  const [name = ''] = gcloud.names;
  if (!/^[a-z][-a-z0-9]*$/.test(name)) throw new GcloudProblem(`Invalid name [${name}] for a configuration.  Except for special cases (NONE), configuration names start with a lower case letter and contain only lower case letters a-z, digits 0-9, and hyphens '-'.`);
  if ((await gcloud.properties.configurations()).includes(name)) throw new GcloudProblem(`Cannot create configuration [${name}], it already exists.`);
  await gcloud.properties.write(`configurations/config_${name}`, '');
  gcloud.status(`Created [${name}].`);
  if (gcloud.choice('activate') === false) return gcloud.status(`To use this configuration by default, run:\n  $ gcloud config configurations activate ${name}\n`);
  await gcloud.properties.write('active_config', name);
  gcloud.status(`Activated [${name}].`);
}

async function activateConfiguration(gcloud: Gcloud): Promise<void> {
  const [name = ''] = gcloud.names;
  if (!(await gcloud.properties.configurations()).includes(name)) throw new GcloudProblem(`Cannot activate configuration [${name}], it does not exist.`);
  await gcloud.properties.write('active_config', name);
  gcloud.status(`Activated [${name}].`);
}

async function describeConfiguration(gcloud: Gcloud): Promise<void> {
  const [name = ''] = gcloud.names;
  if (!(await gcloud.properties.configurations()).includes(name)) throw new GcloudProblem(`Could not find configuration [${name}].`);
  const file = await gcloud.properties.ofConfiguration(name);
  gcloud.showOne({ is_active: name === gcloud.properties.configuration, name, properties: Object.fromEntries([...file].map(([section, values]) => [section, Object.fromEntries(values)])) });
}

async function deleteConfigurations(gcloud: Gcloud): Promise<void> {
  const known = await gcloud.properties.configurations();
  for (const name of gcloud.names) {
    if (!known.includes(name)) throw new GcloudProblem(`Cannot delete configuration [${name}], it does not exist.`);
    if (name === gcloud.properties.configuration) throw new GcloudProblem(`Deleting named configuration failed because configuration [${name}] is set as active.  Use \`gcloud config configurations activate\` to change the active configuration.`);
  }
  await gcloud.confirm(`The following configurations will be deleted:\n${gcloud.names.map((name) => ` - ${name}`).join('\n')}`);
  for (const name of gcloud.names) {
    gcloud.call.sys.unlink(`${gcloud.properties.directory}/configurations/config_${name}`);
    gcloud.status(`Deleted [${name}].`);
  }
}
