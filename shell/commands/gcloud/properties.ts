/** Properties: flags, CLOUDSDK_* variables, the active configuration's file. Read first: `gcloud topic configurations`, googlecloudsdk/core/properties.py */
import type { Invocation } from '../define.ts';
import { GcloudProblem } from './problem.ts';

/** What `gcloud config set` knows; a * stands for any name. */
const sections: Readonly<Record<string, string>> = {
  accessibility: 'screen_reader', api_endpoint_overrides: '*', auth: 'disable_credentials token_host access_token_file impersonate_service_account login_config_file', billing: 'quota_project', component_manager: 'additional_repositories disable_update_check', compute: 'zone region use_new_list_usable_subnets_api image_family_scope',
  container: 'cluster use_client_certificate use_application_default_credentials build_timeout', context_aware: 'use_client_certificate', core: 'account default_regional_backend_service disable_color disable_prompts disable_usage_reporting enable_feature_flags verbosity user_output_enabled log_http trace_token project show_structured_logs check_gce_metadata custom_ca_certs_file console_log_format disable_file_logging max_log_days interactive_ux_style parse_error_details log_http_redact_token request_reason lint default_format format',
  functions: 'region gen2', interactive: 'context', proxy: 'address port rdns username password type', run: 'region cluster cluster_location platform', ssh: 'putty_force_connect verify_internal_ip', survey: 'disable_prompts',
};

type File = Map<string, Map<string, string>>;

export class Properties {
  private readonly call: Invocation;
  private readonly overrides: ReadonlyMap<string, string>;
  private active = 'default';
  private file: File = new Map();

  private constructor(call: Invocation, overrides: ReadonlyMap<string, string>) {
    this.call = call;
    this.overrides = overrides;
  }

  /** `overrides`: properties given as flags. */
  static async read(call: Invocation, overrides: ReadonlyMap<string, string>, configuration: string | undefined): Promise<Properties> {
    const properties = new Properties(call, overrides);
    properties.active = configuration ?? call.env.get('CLOUDSDK_ACTIVE_CONFIG_NAME') ?? (await properties.text('active_config')).trim();
    if (properties.active === '') properties.active = 'default';
    if (configuration !== undefined && configuration !== 'default' && !(await properties.configurations()).includes(configuration)) throw new GcloudProblem(`Cannot use configuration [${configuration}], it does not exist. You can create it by running:\n  $ gcloud config configurations create ${configuration}`);
    properties.file = parse(await properties.text(`configurations/config_${properties.active}`));
    return properties;
  }

  get directory(): string {
    const set = this.call.env.get('CLOUDSDK_CONFIG');
    return set !== undefined && set !== '' ? set : `${this.call.env.get('HOME') ?? '/root'}/.config/gcloud`;
  }

  get configuration(): string {
    return this.active;
  }

  private async text(path: string): Promise<string> {
    const read = await this.call.sys.readText(`${this.directory}/${path}`);
    return read.ok ? read.value : '';
  }

  get(section: string, name: string): string | undefined {
    const flag = this.overrides.get(`${section}/${name}`);
    if (flag !== undefined) return flag;
    const variable = this.call.env.get(`CLOUDSDK_${section.toUpperCase()}_${name.toUpperCase()}`);
    if (variable !== undefined && variable !== '') return variable;
    return this.file.get(section)?.get(name);
  }

  isTrue(section: string, name: string): boolean {
    return ['1', 'true', 'yes', 'on', 'y'].includes((this.get(section, name) ?? '').toLowerCase());
  }

  /** All that are set, by section and name. */
  all(): [string, [string, string][]][] {
    const found = new Map<string, Map<string, string>>();
    const put = (section: string, name: string, value: string): void => void (found.get(section) ?? found.set(section, new Map()).get(section)!).set(name, value);
    for (const [section, values] of this.file) for (const [name, value] of values) put(section, name, value);
    for (const [variable, value] of this.call.env) {
      const match = /^CLOUDSDK_([A-Z_]+)$/.exec(variable);
      if (match === null || value === '' || variable === 'CLOUDSDK_CONFIG' || variable === 'CLOUDSDK_ACTIVE_CONFIG_NAME') continue;
      const name = match[1]!.toLowerCase();
      const section = Object.keys(sections).find((one) => name.startsWith(`${one}_`));
      if (section !== undefined) put(section, name.slice(section.length + 1), value);
    }
    for (const [key, value] of this.overrides) put(key.split('/')[0]!, key.split('/')[1]!, value);
    return [...found].filter(([, values]) => values.size > 0).sort(([left], [right]) => (left < right ? -1 : 1)).map(([section, values]) => [section, [...values].sort(([left], [right]) => (left < right ? -1 : 1))]);
  }

  /** undefined removes it. */
  async set(section: string, name: string, value: string | undefined): Promise<void> {
    const values = this.file.get(section) ?? new Map<string, string>();
    if (value === undefined) values.delete(name);
    else values.set(name, value);
    this.file.set(section, values);
    await this.write(`configurations/config_${this.active}`, format(this.file));
    if ((await this.text('active_config')) === '') await this.write('active_config', this.active);
  }

  async write(path: string, content: string): Promise<void> {
    const { sys } = this.call;
    const full = `${this.directory}/${path}`;
    const parts = full.split('/').slice(1, -1);
    for (let depth = 1; depth <= parts.length; depth += 1) sys.makeDirectory(`/${parts.slice(0, depth).join('/')}`, 0o755);
    const written = await sys.writeFile(full, content);
    if (!written.ok) throw new GcloudProblem(`Unable to write file [${full}]: [Errno 13] Permission denied: '${full}'`);
  }

  async configurations(): Promise<string[]> {
    const listed = this.call.sys.list(`${this.directory}/configurations`);
    const names = listed.ok ? listed.value.filter((name) => name.startsWith('config_')).map((name) => name.slice('config_'.length)) : [];
    return [...new Set(['default', ...names])].sort();
  }

  async ofConfiguration(name: string): Promise<File> {
    return parse(await this.text(`configurations/config_${name}`));
  }
}

function parse(text: string): File {
  const file: File = new Map();
  let section = new Map<string, string>();
  for (const line of text.split('\n')) {
    const head = /^\[([^\]]+)\]\s*$/.exec(line.trim());
    if (head !== null) {
      section = file.get(head[1]!) ?? new Map<string, string>();
      file.set(head[1]!, section);
      continue;
    }
    const pair = /^([^=;#\s][^=]*?)\s*=\s*(.*)$/.exec(line.trim());
    if (pair !== null) section.set(pair[1]!, pair[2]!);
  }
  return file;
}

function format(file: File): string {
  return [...file].filter(([, values]) => values.size > 0).map(([section, values]) => `[${section}]\n${[...values].map(([name, value]) => `${name} = ${value}\n`).join('')}\n`).join('');
}

/** `zone` alone means core/zone; throws what gcloud says of names it does not know. */
export function propertyNamed(given: string): { section: string; name: string } {
  const [first = '', second] = given.split('/');
  const section = second === undefined ? 'core' : first;
  const name = second ?? first;
  const known = sections[section];
  if (known === undefined) throw new GcloudProblem(`Section "${section}" does not exist.`);
  if (known !== '*' && !known.split(' ').includes(name)) throw new GcloudProblem(`Section [${section}] has no property [${name}].`);
  return { section, name };
}
