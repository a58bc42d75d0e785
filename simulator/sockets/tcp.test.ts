import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../bytes.ts';
import { capture, captured, courseLab, must, outcome, tcpLines, type CourseLab } from '../test-lab.ts';
import type { NetKernel, SocketId } from '../kernel/api.ts';
import * as tcp from '../wire/tcp.ts';

/** A server in the demo namespace, a client on the host, connected. */
function connected(lab: CourseLab = courseLab()): CourseLab & { server: SocketId; client: SocketId; listener: SocketId; run: (ms: number) => void } {
  const { world, vm, demo } = lab;
  const run = (ms: number): void => world.runUntil(world.nowUs + ms * 1000);
  const listener = must(vm.sockets.open(demo, { type: 'tcp', family: 'inet' }, 0));
  must(vm.sockets.bind(listener, { address: '0.0.0.0', port: 8080 }));
  must(vm.sockets.listen(listener, 16));
  const client = must(vm.sockets.open(0, { type: 'tcp', family: 'inet' }, 0));
  expect(outcome(vm.sockets.connect(client, { address: '192.168.255.2', port: 8080 }))).toBe('EINPROGRESS');
  run(10);
  expect(vm.sockets.takeError(client)).toBeUndefined();
  return { ...lab, listener, client, server: must(vm.sockets.accept(listener)), run };
}

function states(kernel: NetKernel, ns: number): string[] {
  return kernel.sockets.sockets(ns).filter((one) => one.type === 'tcp').map((one) => one.state);
}

/** Reads until nothing is left; the answer ends in `.` when the stream has ended. */
function readAll(kernel: NetKernel, socket: SocketId): string {
  let text = '';
  for (;;) {
    const chunk = kernel.sockets.receive(socket, 100_000);
    if (!chunk.ok) return text;
    if (chunk.value.length === 0) return `${text}.`;
    text += fromUtf8(chunk.value);
  }
}

describe('TCP', () => {
  it('shakes hands with the options Linux sends', () => {
    const lab = courseLab();
    const socket = capture(lab.vm, lab.demo, lab.veth1);
    const { vm } = connected(lab);
    const frames = captured(vm, socket).filter((one) => one.bytes[12] === 8 && one.bytes[13] === 0);
    expect(tcpLines(frames)).toEqual(['in S', 'out SA', 'in A']);
    const [syn, synAck, ack] = frames.map((one) => tcp.parse(one.bytes, 34) as tcp.TcpSegment);
    expect(syn!.options).toMatchObject({ maxSegmentSize: 1460, sackPermitted: true, windowScale: 7, timestamps: { echo: 0 } });
    expect([syn!.window, synAck!.window, ack!.window]).toEqual([64240, 65160, 502]);
    expect(synAck!.options.timestamps!.echo).toBe(syn!.options.timestamps!.value);
  });

  it('leaves the checksum of what this machine sends to the device', () => {
    const lab = courseLab();
    const onPort = capture(lab.vm, 0, lab.veth0);
    const { vm } = connected(lab);
    const [syn] = captured(vm, onPort).filter((one) => one.bytes[12] === 8 && one.bytes[13] === 0 && one.direction === 'out');
    const length = syn!.bytes.length - 34;
    const pseudo = 0xc0a8 + 0xff01 + 0xc0a8 + 0xff02 + 6 + length;
    expect(tcp.isChecksumRight(syn!.bytes, 34, syn!.bytes.length, pseudo)).toBe(false);
  });

  it('carries an HTTP exchange in the segments Linux would send', () => {
    const lab = connected();
    const { vm, client, server, run } = lab;
    const socket = capture(vm, 0, lab.cbr0);
    must(vm.sockets.send(client, utf8('GET / HTTP/1.0\r\n\r\n')));
    run(1);
    expect(readAll(vm, server)).toBe('GET / HTTP/1.0\r\n\r\n');
    must(vm.sockets.send(server, utf8('HTTP/1.0 200 OK\r\n\r\nhello')));
    vm.sockets.close(server);
    run(1);
    expect(readAll(vm, client)).toBe('HTTP/1.0 200 OK\r\n\r\nhello.');
    vm.sockets.close(client);
    run(100);
    expect(tcpLines(captured(vm, socket))).toEqual(['out PA 18', 'in A', 'in PA 24', 'out A', 'in FA', 'out FA', 'in A'].filter((line, at, all) => line !== '' && at < all.length));
    expect(states(vm, lab.demo)).toEqual(['LISTEN', 'TIME-WAIT']);
    expect(states(vm, 0)).toEqual([]);
    run(61_000);
    expect(states(vm, lab.demo)).toEqual(['LISTEN']);
  });

  it('refuses at a closed port, gives up on a silent host, and hears that a host is unreachable', () => {
    const { world, vm, demo } = courseLab();
    const run = (ms: number): void => world.runUntil(world.nowUs + ms * 1000);
    const tryAt = (ns: number, address: string, ms: number): string | undefined => {
      const socket = must(vm.sockets.open(ns, { type: 'tcp', family: 'inet' }, 0));
      expect(outcome(vm.sockets.connect(socket, { address, port: 81 }))).toBe('EINPROGRESS');
      run(ms);
      return vm.sockets.takeError(socket);
    };
    expect(tryAt(0, '192.168.255.2', 10)).toBe('ECONNREFUSED');
    expect(tryAt(demo, '192.168.255.99', 3100)).toBe('EHOSTUNREACH');
    expect(tryAt(demo, '8.8.8.8', 126_000)).toBeUndefined();
    expect(tryAt(demo, '8.8.8.8', 128_000)).toBe('ETIMEDOUT');
  });

  it('delivers every byte in order over a link that loses and duplicates', () => {
    const lab = connected();
    const { vm, client, server, run, veth0 } = lab;
    must(vm.netlink.setQdisc(0, veth0, { lossPercent: 8, duplicatePercent: 3, delayUs: 2000, jitterUs: 1500 }));
    const expected = Array.from({ length: 40_000 }, (_, at) => String.fromCharCode(97 + (at % 26))).join('');
    const bytes = utf8(expected);
    let sent = 0;
    let got = '';
    for (let turn = 0; turn < 4000 && !got.endsWith('.'); turn += 1) {
      if (sent < bytes.length) {
        const taken = vm.sockets.send(client, bytes.subarray(sent, sent + 8000));
        if (taken.ok) sent += taken.value;
        if (sent === bytes.length) must(vm.sockets.shutdown(client, 'write'));
      }
      run(50);
      got += readAll(vm, server);
    }
    expect(got.length).toBe(expected.length + 1);
    expect(got).toBe(`${expected}.`);
    expect(vm.sockets.sockets(0).find((one) => one.id === client)!.tcp!.retransmits).toBeGreaterThan(0);
  });

  it('stops at a full receiver and goes on when it reads', () => {
    const { vm, client, server, run } = connected();
    const block = new Uint8Array(60_000).fill(120);
    let sent = 0;
    for (let turn = 0; turn < 200; turn += 1) {
      const taken = vm.sockets.send(client, block);
      if (taken.ok) sent += taken.value;
      run(10);
    }
    expect(outcome(vm.sockets.send(client, block))).toBe('EAGAIN');
    expect(sent).toBeLessThan(400_000);
    run(5000);
    let received = 0;
    for (let turn = 0; turn < 400 && received < sent; turn += 1) {
      const chunk = vm.sockets.receive(server, 65536);
      if (chunk.ok) received += chunk.value.length;
      run(20);
    }
    expect(received).toBe(sent);
  });

  it('closes one direction and still receives on the other', () => {
    const { vm, client, server, run } = connected();
    must(vm.sockets.shutdown(client, 'write'));
    run(1);
    expect(readAll(vm, server)).toBe('.');
    must(vm.sockets.send(server, utf8('late')));
    run(1);
    expect(readAll(vm, client)).toBe('late');
    expect(outcome(vm.sockets.send(client, utf8('x')))).toBe('EPIPE');
  });

  it('resets when unread data is thrown away', () => {
    const { vm, client, server, run } = connected();
    must(vm.sockets.send(client, utf8('unread')));
    run(1);
    vm.sockets.close(server);
    run(1);
    expect(outcome(vm.sockets.receive(client, 10))).toBe('ECONNRESET');
  });

  it('keeps who holds a port apart: reuse, listeners, dual stack', () => {
    const { vm, demo, listener } = connected();
    const open = (family: 'inet' | 'inet6', reuseAddress = false): SocketId => {
      const socket = must(vm.sockets.open(demo, { type: 'tcp', family }, 0));
      must(vm.sockets.setOptions(socket, { reuseAddress }));
      return socket;
    };
    expect(outcome(vm.sockets.bind(open('inet', true), { address: '0.0.0.0', port: 8080 }))).toBe('EADDRINUSE');
    expect(outcome(vm.sockets.bind(open('inet6'), { address: '::', port: 8080 }))).toBe('EADDRINUSE');
    expect(outcome(vm.sockets.bind(open('inet'), { address: '10.9.9.9', port: 80 }))).toBe('EADDRNOTAVAIL');
    vm.sockets.close(listener);
    const dual = open('inet6', true);
    must(vm.sockets.bind(dual, { address: '::', port: 9090 }));
    must(vm.sockets.listen(dual, 4));
    expect(vm.sockets.local(dual)).toEqual({ address: '::', port: 9090 });
  });

  it('accepts IPv4 on a dual-stack listener, shown as a mapped address', () => {
    const { world, vm, demo } = courseLab();
    const listener = must(vm.sockets.open(demo, { type: 'tcp', family: 'inet6' }, 0));
    must(vm.sockets.bind(listener, { address: '::', port: 80 }));
    must(vm.sockets.listen(listener, 4));
    const client = must(vm.sockets.open(0, { type: 'tcp', family: 'inet' }, 0));
    vm.sockets.connect(client, { address: '192.168.255.2', port: 80 });
    world.runUntil(world.nowUs + 10_000);
    expect(vm.sockets.remote(must(vm.sockets.accept(listener)))!.address).toBe('::ffff:192.168.255.1');
  });
});

describe('TCP on loopback, where a segment may be as long as the window', () => {
  it('carries far more than one window, in halves of a window', () => {
    const { world, vm } = courseLab();
    const listener = must(vm.sockets.open(0, { type: 'tcp', family: 'inet' }, 0));
    must(vm.sockets.bind(listener, { address: '127.0.0.1', port: 80 }));
    must(vm.sockets.listen(listener, 4));
    const client = must(vm.sockets.open(0, { type: 'tcp', family: 'inet' }, 0));
    vm.sockets.connect(client, { address: '127.0.0.1', port: 80 });
    world.runUntil(world.nowUs + 10_000);
    const server = must(vm.sockets.accept(listener));
    const text = 'x'.repeat(300_000);
    let read = '';
    for (let sent = 0, turn = 0; read.length < text.length && turn < 100; turn += 1) {
      const taken = vm.sockets.send(client, utf8(text.slice(sent)));
      if (taken.ok) sent += taken.value;
      world.runUntil(world.nowUs + 1000);
      read += readAll(vm, server);
    }
    expect(read.length).toBe(text.length);
  });
});

describe('UDP', () => {
  it('carries datagrams both ways and hears that nobody listens', () => {
    const { world, vm, demo } = courseLab();
    const server = must(vm.sockets.open(demo, { type: 'udp', family: 'inet' }, 0));
    must(vm.sockets.bind(server, { address: '0.0.0.0', port: 53 }));
    const client = must(vm.sockets.open(0, { type: 'udp', family: 'inet' }, 0));
    must(vm.sockets.send(client, utf8('ask'), { address: '192.168.255.2', port: 53 }));
    world.runUntil(world.nowUs + 1000);
    const asked = must(vm.sockets.receiveDatagram(server));
    expect(fromUtf8(asked.bytes)).toBe('ask');
    must(vm.sockets.send(server, utf8('answer'), asked.from));
    world.runUntil(world.nowUs + 1000);
    expect(fromUtf8(must(vm.sockets.receiveDatagram(client)).bytes)).toBe('answer');
    must(vm.sockets.connect(client, { address: '192.168.255.2', port: 54 }));
    must(vm.sockets.send(client, utf8('x')));
    world.runUntil(world.nowUs + 1000);
    expect(vm.sockets.takeError(client)).toBe('ECONNREFUSED');
    expect(outcome(vm.sockets.send(server, utf8('x')))).toBe('EDESTADDRREQ');
  });
});
