/** Commands of gcloud outside compute and container as gcloud 528.0.0 declares them. See surface.ts for the notation. */
import type { CommandSurface } from './surface.ts';

export const otherCommands: readonly CommandSurface[] = [
  {
    path: 'version', help: 'Print version information for Google Cloud CLI components.',
    syntax: '[optional flags]', positionals: '',
    flags: '',
  },
  {
    path: 'info', help: 'Display information about the current gcloud environment.',
    syntax: '[optional flags]', positionals: '',
    flags: '±--show-log ±--run-diagnostics ±--anonymize',
  },
  {
    path: 'help', help: 'Search gcloud help text.',
    syntax: '[COMMAND ...] [optional flags] [-- SEARCH_TERMS ...]', positionals: 'COMMAND* --',
    flags: '--filter= --limit= --page-size= --sort-by=*',
  },
  {
    path: 'init', help: 'Initialize or reinitialize gcloud.',
    syntax: '[optional flags]', positionals: 'OBSOLETE_PROJECT_ARG?',
    flags: '--console-only|--no-launch-browser --no-browser ±--skip-diagnostics',
  },
  {
    path: 'projects list', help: 'List projects accessible by the active account.',
    syntax: '[optional flags]', positionals: '',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri',
  },
  {
    path: 'projects describe', help: 'Show metadata for a project.',
    syntax: 'PROJECT_ID_OR_NUMBER [optional flags]', positionals: 'PROJECT_ID_OR_NUMBER',
    flags: '',
  },
  {
    path: 'auth list', help: 'Lists credentialed accounts.',
    syntax: '[optional flags]', positionals: '',
    flags: '--filter= --limit= --page-size= --sort-by=* --filter-account=',
  },
  {
    path: 'config set', help: 'Set a Google Cloud CLI property.',
    syntax: 'SECTION/PROPERTY VALUE [optional flags]', positionals: 'SECTION/PROPERTY VALUE',
    flags: '±--installation',
  },
  {
    path: 'config get', help: 'Print the value of a Google Cloud CLI property.',
    syntax: 'SECTION/PROPERTY [optional flags]', positionals: 'SECTION/PROPERTY',
    flags: '',
  },
  {
    path: 'config get-value', help: 'Alias for `gcloud config get`, for backwards compatibility.',
    syntax: 'SECTION/PROPERTY [optional flags]', positionals: 'SECTION/PROPERTY',
    flags: '',
  },
  {
    path: 'config list', help: 'List Google Cloud CLI properties for the currently active configuration.',
    syntax: '[SECTION/PROPERTY] [optional flags]', positionals: 'SECTION/PROPERTY?',
    flags: '--filter= --limit= --sort-by=* ±--all',
  },
  {
    path: 'config unset', help: 'Unset a Google Cloud CLI property.',
    syntax: 'SECTION/PROPERTY [optional flags]', positionals: 'SECTION/PROPERTY',
    flags: '±--installation',
  },
  {
    path: 'config configurations list', help: 'Lists existing named configurations.',
    syntax: '[optional flags]', positionals: '',
    flags: '--filter= --limit= --sort-by=*',
  },
  {
    path: 'config configurations create', help: 'Creates a new named configuration.',
    syntax: 'CONFIGURATION_NAME [optional flags]', positionals: 'CONFIGURATION_NAME',
    flags: '±--activate',
  },
  {
    path: 'config configurations activate', help: 'Activates an existing named configuration.',
    syntax: 'CONFIGURATION_NAME [optional flags]', positionals: 'CONFIGURATION_NAME',
    flags: '',
  },
  {
    path: 'config configurations describe', help: 'Describes a named configuration by listing its properties.',
    syntax: 'CONFIGURATION_NAME [optional flags]', positionals: 'CONFIGURATION_NAME',
    flags: '±--all',
  },
  {
    path: 'config configurations delete', help: 'Deletes a named configuration.',
    syntax: 'CONFIGURATION_NAMES [CONFIGURATION_NAMES ...] [optional flags]', positionals: 'CONFIGURATION_NAMES+',
    flags: '',
  },
  {
    path: 'config configurations rename', help: 'Renames a named configuration.',
    syntax: 'CONFIGURATION_NAME --new-name=NEW_NAME [optional flags]', positionals: 'CONFIGURATION_NAME',
    flags: '!--new-name=',
    listed: '--help',
  },
  {
    path: 'services list', help: 'List services for a project.',
    syntax: '[optional flags]', positionals: '',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--enabled ±--available',
  },
  {
    path: 'services enable', help: 'Enables a service for consumption for a project.',
    syntax: '[SERVICE ...] [optional flags]', positionals: 'SERVICE*',
    flags: '±--async',
  },
  {
    path: 'services disable', help: 'Disable a service for consumption for a project.',
    syntax: '[SERVICE ...] [optional flags]', positionals: 'SERVICE*',
    flags: '±--async ±--force',
  },
];
