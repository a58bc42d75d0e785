/** kubectl 1.20: finds the command among the words, reads its flags, and says what went wrong as cobra and kubectl do. */
import { defineCommand } from '../define.ts';
import { apply, createFromFiles, deleteObjects, diff, edit, patch, replace } from './apply.ts';
import { annotate, cordon, drain, expose, label, scale, setEnv, setImage, setResources, setSelector, setServiceAccount, taint, uncordon } from './change.ts';
import { canI } from './auth.ts';
import { autoscale, createClusterRole, createClusterRoleBinding, createCronJob, createDisruptionBudget, createRole, createRoleBinding } from './create-access.ts';
import * as config from './config-command.ts';
import { createIngress } from './create-ingress.ts';
import { createConfigMap, createDeployment, createJob, createNamespace, createSecret, createServiceAccount, createServiceClusterIp, createServiceExternalName, createServiceLoadBalancer, createServiceNodePort, run } from './create.ts';
import { describe } from './describe/describe.ts';
import { explain } from './explain.ts';
import { FlagProblem, Flags, splitCommand } from './flags.ts';
import { pages, globalFlags } from './generated/help.ts';
import { get } from './get.ts';
import { apiResources, apiVersions, clusterInfo, version } from './information.ts';
import { topNode, topPod } from './top.ts';
import { KubectlProblem, usageProblem } from './problem.ts';
import { proxy } from './proxy.ts';
import { history, pause, restart, resume, status, undo, waitFor } from './rollout.ts';
import { Session, type Command } from './session.ts';
import { attach, exec, logs, portForward } from './streams.ts';

const commands: Readonly<Record<string, Command>> = {
  get, describe, apply, create: createFromFiles, replace, patch, edit, diff, delete: deleteObjects, expose, run, scale, autoscale, label, annotate, explain, logs, exec, attach, 'port-forward': portForward, proxy, cordon, uncordon, drain, taint, version, wait: waitFor,
  'create deployment': createDeployment, 'create namespace': createNamespace, 'create configmap': createConfigMap, 'create serviceaccount': createServiceAccount, 'create job': createJob, 'create secret generic': createSecret,
  'create ingress': createIngress, 'create cronjob': createCronJob, 'create poddisruptionbudget': createDisruptionBudget, 'create role': createRole, 'create clusterrole': createClusterRole, 'create rolebinding': createRoleBinding, 'create clusterrolebinding': createClusterRoleBinding,
  'create service clusterip': createServiceClusterIp, 'create service nodeport': createServiceNodePort, 'create service loadbalancer': createServiceLoadBalancer, 'create service externalname': createServiceExternalName,
  'rollout status': status, 'rollout history': history, 'rollout undo': undo, 'rollout restart': restart, 'rollout pause': pause, 'rollout resume': resume, 'set image': setImage, 'set selector': setSelector, 'set resources': setResources, 'set serviceaccount': setServiceAccount, 'set env': setEnv,
  'cluster-info': clusterInfo, 'api-resources': apiResources, 'api-versions': apiVersions, 'auth can-i': canI, 'top node': topNode, 'top pod': topPod,
  'config view': config.view, 'config current-context': config.currentContext, 'config use-context': config.useContext, 'config get-contexts': config.getContexts, 'config get-clusters': config.getClusters, 'config get-users': config.getUsers, 'config set-cluster': config.setCluster,
  'config set-context': config.setContext, 'config set-credentials': config.setCredentials, 'config delete-context': config.deleteContext, 'config delete-cluster': config.deleteCluster, 'config delete-user': config.deleteUser, 'config rename-context': config.renameContext, 'config set': config.set, 'config unset': config.unset,
};
/** Spelled otherwise than the page says. */
const ALIASES: Readonly<Record<string, string>> = { 'create deploy': 'create deployment', 'create ns': 'create namespace', 'create cm': 'create configmap', 'create sa': 'create serviceaccount', 'create svc': 'create service', 'create cj': 'create cronjob', 'create ing': 'create ingress', 'create pdb': 'create poddisruptionbudget', 'config use': 'config use-context', 'top nodes': 'top node', 'top no': 'top node', 'top pods': 'top pod', 'top po': 'top pod', 'config get-context': 'config get-contexts', 'rollout': 'rollout' };
/** Groups that only hold commands: alone they print their page. */
const isGroup = (command: string): boolean => commands[command] === undefined && Object.keys(pages).some((name) => name.startsWith(command === '' ? '' : `${command} `));

export const kubectl = defineCommand({
  name: 'kubectl',
  summary: 'control the Kubernetes cluster manager',
  package: 'kubernetes-client',
  async run(call) {
    const { words, rest } = splitCommand(withAliases(call.args));
    const command = words.join(' ');
    let session: Session | undefined;
    try {
      const flags = new Flags(command, rest);
      for (const warning of flags.warnings) call.err(warning);
      if (flags.is('help') || (command === 'help')) return page(call.write, command === 'help' ? flags.operands.join(' ') : command);
      if (command === '' && flags.operands[0] === 'help') return page(call.write, flags.operands.slice(1).join(' '));
      if (command === 'options') return options(call.write);
      if (isGroup(command) && !(command === 'create' && flags.list('filename').length > 0)) {
        const [unknown] = flags.operands;
        if (unknown !== undefined && command === '') return unknownCommand(call.err, unknown);
        if (unknown !== undefined) call.err(`error: unknown command "${flags.operands.join(' ')}"\nSee 'kubectl ${command} -h' for help and examples`);
        else call.write(pages[command]!);
        // DefaultSubCommandRun: a group by itself is a mistake that prints its page.
        return command === '' ? 0 : 1;
      }
      const act = commands[command];
      if (act === undefined) {
        call.err(`podwire: kubectl: ${command} is not simulated yet`);
        return 125;
      }
      if (command === 'create' && flags.list('filename').length === 0 && flags.operands.length === 0) {
        call.err(`Error: must specify one of -f and -k\n`);
        call.writeErr(pages['create']!);
        return 1;
      }
      if (command === 'create' && flags.operands.length > 0) throw usageProblem('create', `Unexpected args: [${flags.operands.join(' ')}]`);
      session = new Session(call, command, flags);
      return await act(session);
    } catch (error) {
      await call.flush();
      if (error instanceof FlagProblem) {
        call.err(`Error: ${error.message}\nSee 'kubectl${command === '' ? '' : ` ${command}`} --help' for usage.`);
        return 1;
      }
      if (!(error instanceof KubectlProblem)) throw error;
      call.err(error.isWhole ? error.message : `error: ${error.message}`);
      return error.exit;
    } finally {
      session?.close();
    }
  },
});

function withAliases(args: readonly string[]): readonly string[] {
  const [one = '', two = ''] = args;
  const alias = ALIASES[`${one} ${two}`];
  return alias === undefined ? args : [...alias.split(' '), ...args.slice(2)];
}

function page(write: (text: string) => void, command: string): number {
  const text = pages[command];
  write(text ?? `Unknown help topic [\`${command}\`]\n`);
  return 0;
}

function options(write: (text: string) => void): number {
  write('The following options can be passed to any command:\n\n');
  for (const [name, short, value] of globalFlags) write(`  ${short === '' ? '    ' : `-${short}, `}--${name}=${value}\n`);
  return 0;
}

/** With what it may have meant: cobra suggests what is at most two letters away or begins alike. */
function unknownCommand(err: (line: string) => void, word: string): number {
  const known = Object.keys(pages).filter((name) => name !== '' && !name.includes(' '));
  const near = known.filter((name) => distance(name, word) <= 2 || name.startsWith(word));
  err(`Error: unknown command "${word}" for "kubectl"${near.length === 0 ? '' : `\n\nDid you mean this?\n${near.map((name) => `\t${name}\n`).join('')}`}\n${near.length === 0 ? '' : ''}Run 'kubectl --help' for usage.`);
  return 1;
}

function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let at = 1; at <= one.length; at++) {
    const next = [at];
    for (let to = 1; to <= other.length; to++) next.push(Math.min(row[to]! + 1, next[to - 1]! + 1, row[to - 1]! + (one[at - 1] === other[to - 1] ? 0 : 1)));
    row = next;
  }
  return row[other.length]!;
}
