/** lsof -i over sockets that are made up; the layout is what lsof 4.95 printed for the same ones. */
import { describe, expect, it } from 'vitest';
import type { Invocation } from '../define.ts';
import { lsof } from './lsof.ts';

const socket = (pid: number, fd: number, inode: number, type: 'tcp' | 'udp', state: string, local: [string, number], remote: [string, number] = ['0.0.0.0', 0]) => ({
  type, family: 'inet', state, local: { address: local[0], port: local[1] }, remote: { address: remote[0], port: remote[1] }, uid: 0, inode, process: { pid, name: 'nc', fd },
});
const sockets = [
  socket(39, 4, 2082980, 'tcp', 'ESTABLISHED', ['127.0.0.1', 22], ['127.0.0.1', 59232]), socket(37, 3, 2082976, 'tcp', 'LISTEN', ['0.0.0.0', 8080]), socket(38, 3, 2082978, 'udp', 'UNCONN', ['0.0.0.0', 5353]),
  socket(39, 3, 2082979, 'tcp', 'LISTEN', ['127.0.0.1', 22]), { ...socket(0, 0, 1, 'tcp', 'TIME-WAIT', ['127.0.0.1', 22], ['127.0.0.1', 50000]), process: undefined },
];

async function run(...args: string[]): Promise<{ stdout: string; stderr: string; exit: number }> {
  let stdout = '';
  let stderr = '';
  const call = {
    name: 'lsof', args, net: { sockets: { sockets: () => sockets } },
    sys: { readText: async () => ({ ok: true, value: 'http-alt 8080/tcp\nssh 22/tcp\nmdns 5353/udp\n127.0.0.1 localhost\n' }), process: () => ({ uid: 0 }), machine: { users: () => [{ name: 'root', uid: 0 }] } },
    out: (line: string) => void (stdout += `${line}\n`), err: (line: string) => void (stderr += `${line}\n`),
  };
  const exit = await lsof.run(call as unknown as Invocation);
  return { stdout, stderr, exit };
}

const head = 'COMMAND PID USER   FD   TYPE  DEVICE SIZE/OFF NODE NAME\n';
const rows = {
  http: 'nc       37 root    3u  IPv4 2082976      0t0  TCP *:8080 (LISTEN)\n', mdns: 'nc       38 root    3u  IPv4 2082978      0t0  UDP *:5353 \n',
  ssh: 'nc       39 root    3u  IPv4 2082979      0t0  TCP 127.0.0.1:22 (LISTEN)\n', session: 'nc       39 root    4u  IPv4 2082980      0t0  TCP 127.0.0.1:22->127.0.0.1:59232 (ESTABLISHED)\n',
};

describe('lsof', () => {
  it.each([
    [['-i', '-n', '-P'], rows.http + rows.mdns + rows.ssh + rows.session], [['-nP', '-i', ':8080'], rows.http], [['-nP', '-iTCP', '-sTCP:LISTEN'], rows.http + rows.ssh], [['-nPiUDP'], rows.mdns], [['-nP', '-i', 'TCP:22'], rows.ssh + rows.session],
    [['-nP', '-i4:ssh,http-alt'], rows.http + rows.ssh + rows.session], [['-nP', '-a', '-p', '39', '-i'], rows.ssh + rows.session], [['-nP', '-i', '@127.0.0.1:22'], rows.ssh + rows.session],
  ])('%j', async (args, wanted) => {
    expect(await run(...args)).toEqual({ stdout: head + wanted, stderr: '', exit: 0 });
  });

  it('prints process ids alone, and nothing where nothing is found', async () => {
    expect(await run('-t', '-i', ':22')).toEqual({ stdout: '39\n', stderr: '', exit: 0 });
    expect(await run('-i', ':9')).toEqual({ stdout: '', stderr: '', exit: 1 });
    expect(await run('-i6')).toEqual({ stdout: '', stderr: '', exit: 1 });
  });

  it('says loudly that it knows of the network only', async () => {
    expect(await run('-p', '1')).toMatchObject({ exit: 125 });
  });
});
