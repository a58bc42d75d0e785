/** hostname(1) 3.23 and what it is by its other names: dnsdomainname, domainname, ypdomainname, nisdomainname. Read first: hostname.c */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { hostsFile, nameOfAddress, resolveHost } from '../../lib/resolve.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';

export const hostname = defineCommand({
  name: 'hostname', aliases: ['dnsdomainname', 'domainname', 'nisdomainname', 'ypdomainname'], summary: 'show or set the host name', package: 'hostname', path: '/usr/bin/hostname',
  run: (call) => runHostname(call),
});

const usage = `Usage: hostname [-b] {hostname|-F file}         set host name (from file)
       hostname [-a|-A|-d|-f|-i|-I|-s|-y]       display formatted name
       hostname                                 display host name

       {yp,nis,}domainname {nisdomain|-F file}  set NIS domain name (from file)
       {yp,nis,}domainname                      display NIS domain name

       dnsdomainname                            display dns domain name

       hostname -V|--version|-h|--help          print info and exit

Program name:
       {yp,nis,}domainname=hostname -y
       dnsdomainname=hostname -d

Program options:
    -a, --alias            alias names
    -A, --all-fqdns        all long host names (FQDNs)
    -b, --boot             set default hostname if none available
    -d, --domain           DNS domain name
    -f, --fqdn, --long     long host name (FQDN)
    -F, --file             read host name or NIS domain name from given file
    -i, --ip-address       addresses for the host name
    -I, --all-ip-addresses all addresses for the host
    -s, --short            short host name
    -y, --yp, --nis        NIS/YP domain name

Description:
   This command can get or set the host name or the NIS domain name. You can
   also get the DNS domain or the FQDN (fully qualified domain name).
   Unless you are using bind or NIS for host lookups you can change the
   FQDN (Fully Qualified Domain Name) and the DNS domain name (which is
   part of the FQDN) in the /etc/hosts file.
`;

async function runHostname(call: Invocation): Promise<ExitCode> {
  const { sys } = call;
  const options = parseOptions(call.args, {
    short: 'aAbdfF:h?iIsVvy',
    long: { domain: 'none=d', boot: 'none=b', file: 'required=F', fqdn: 'none=f', 'all-fqdns': 'none=A', help: 'none=h', long: 'none=f', short: 'none=s', version: 'none=V', verbose: 'none=v', alias: 'none=a', 'ip-address': 'none=i', 'all-ip-addresses': 'none=I', nis: 'none=y', yp: 'none=y' },
  });
  if (options.error !== undefined || options.has('h') || options.has('?')) {
    if (options.error !== undefined) call.err(`${call.name}: ${options.error}`);
    call.write(usage);
    return 255;
  }
  if (options.has('V')) {
    call.out('hostname 3.23');
    return 0;
  }
  for (const letter of ['b', 'v']) if (options.has(letter)) return notSimulated(call, `option -${letter}`);
  const asked = options.options.filter(({ name }) => name !== 'F').at(-1)?.name ?? { dnsdomainname: 'd', domainname: 'y', nisdomainname: 'y', ypdomainname: 'y' }[call.name];
  const isNis = asked === 'y';
  const file = options.value('F');
  if (file !== undefined || options.operands.length > 0) {
    if (options.operands.length > (file === undefined ? 1 : 0) || (asked !== undefined && !isNis)) {
      call.writeErr(usage);
      return 255;
    }
    const text = file === undefined ? undefined : await sys.readText(file);
    if (text?.ok === false) return failed(call, strerror(text.error));
    const fromFile = text?.value.split('\n').find((line) => line !== '' && !line.startsWith('#'))?.trim();
    return set(call, isNis, file === undefined ? options.operands[0]! : (fromFile ?? ''));
  }
  switch (asked) {
    case undefined: call.out(sys.hostname); return 0;
    case 'y': {
      const domain = call.net.sysctl.get('kernel/domainname');
      if (domain.ok && domain.value === '(none)' && call.name !== 'domainname') return failed(call, 'Local domain name not set');
      call.out(domain.ok ? domain.value : '');
      return 0;
    }
    case 'I': case 'A': return ofAddresses(call, asked === 'A');
    default: return ofName(call, asked);
  }
}

function failed(call: Invocation, text: string): ExitCode {
  call.err(`${call.name}: ${text}`);
  return 1;
}

function set(call: Invocation, isNis: boolean, name: string): ExitCode {
  if (call.sys.uid !== 0) return failed(call, `you must be root to change the ${isNis ? 'domain' : 'host'} name`);
  if (isNis) return call.net.sysctl.set('kernel/domainname', name).ok ? 0 : failed(call, 'name too long');
  if (name.length > 64) return failed(call, 'name too long');
  const isValid = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(name);
  return isValid && call.net.sysctl.set('kernel/hostname', name).ok ? 0 : failed(call, 'the specified hostname is invalid');
}

async function ofAddresses(call: Invocation, isNames: boolean): Promise<ExitCode> {
  const addresses = call.net.netlink.addresses().filter(({ scope }) => scope === 'global').map(({ address }) => address);
  const names = isNames ? await Promise.all(addresses.map((address) => nameOfAddress(call.sys, address))) : addresses;
  const known = names.filter((name) => name !== undefined);
  call.out(known.map((name) => `${name} `).join(''));
  return 0;
}

/** -a, -d, -f, -i, -s: what the name means to the resolver; /etc/hosts says its whole form and its others. */
async function ofName(call: Invocation, asked: string): Promise<ExitCode> {
  const { sys } = call;
  if (asked === 's') {
    call.out(sys.hostname.split('.')[0]!);
    return 0;
  }
  const entry = (await hostsFile(sys)).find(({ names }) => names.includes(sys.hostname));
  const resolved = entry === undefined ? await resolveHost(sys, sys.hostname) : undefined;
  if (resolved?.ok === false) return failed(call, 'Name or service not known');
  const whole = entry?.names[0] ?? sys.hostname;
  if (asked === 'a') call.out(entry?.names.slice(1).join(' ') ?? '');
  else if (asked === 'i') call.out(entry?.address ?? (resolved?.ok === true ? resolved.addresses.map(({ address }) => address).join(' ') : ''));
  else if (asked === 'f') call.out(whole);
  else if (whole.includes('.')) call.out(whole.slice(whole.indexOf('.') + 1));
  return 0;
}
