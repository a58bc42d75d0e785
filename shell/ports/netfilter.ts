/** Netfilter as iptables and conntrack meet it: tables as data, and the one place where rules are parsed and printed. */
export type { ChainState, ConntrackEvent, ConntrackView, RuleState, TableName, TableState, TupleView } from '../../simulator/netfilter/api.ts';
export type { IpSet, IpSetType } from '../../simulator/netfilter/ipset.ts';
export { listAddress } from '../../simulator/netfilter/address.ts';
export { applyCommand, errnoText, operationName, TableDraft, type EditResult } from '../../simulator/netfilter/edit.ts';
export { ParameterProblem } from '../../simulator/netfilter/extension.ts';
export { matchExtensions } from '../../simulator/netfilter/matches/index.ts';
export { builtInNames, type Names } from '../../simulator/netfilter/names.ts';
export { restore, splitWords, VERSION, type RestoreOptions, type RestoreOutcome } from '../../simulator/netfilter/restore.ts';
export { BareProblem, NotSimulated, parseCommand, type ParsedCommand } from '../../simulator/netfilter/rule.ts';
export { orderedChains, printSite, protocolText, ruleText, saveTable } from '../../simulator/netfilter/save.ts';
export { isTableName, TABLE_ORDER } from '../../simulator/netfilter/tables.ts';
export { targetExtensions } from '../../simulator/netfilter/targets/index.ts';
