import { describe, expect, it } from 'vitest';
import { utf8 } from '../bytes.ts';
import type { NetKernel } from '../kernel/api.ts';
import { courseLab, must, ping, route } from '../test-lab.ts';
import { cloneData } from './clone.ts';
import { diceOver, seedDice } from './dice.ts';
import { hashData } from './hash.ts';
import { pop, push, type QueueEntry } from './queue.ts';
import { createWorld } from './world.ts';

const textOf = (kernel: NetKernel, key: string): string => must(kernel.sysctl.get(0, key));

describe('a world', () => {
  it('runs events by time, and those of one time in the order they were scheduled', () => {
    const world = createWorld({ seed: 1 });
    const seen: number[] = [];
    world.onAlarm = (token) => seen.push(token);
    for (const [delayUs, token] of [[30, 1], [10, 2], [30, 3], [10, 4], [20, 5]] as const) world.setAlarm(delayUs, token);
    const cancelled = world.setAlarm(15, 6);
    world.cancel(cancelled);
    world.runUntil(100);
    expect(seen).toEqual([2, 4, 5, 1, 3]);
    expect(world.nowUs).toBe(100);
  });

  it('refuses to skip an event that is due', () => {
    const world = createWorld({ seed: 1 });
    world.setAlarm(10, 1);
    expect(() => world.advanceTo(11)).toThrow('an event is due at 10 us');
    world.advanceTo(9);
    expect(world.nextEventUs()).toBe(10);
  });

  it('clones in mid-flight: both have the same future, and changing one leaves the other', () => {
    const { world, vm, demo, veth1 } = courseLab();
    const socket = must(vm.sockets.open(demo, { type: 'ping', family: 'inet' }, 0));
    must(vm.sockets.send(socket, new Uint8Array([8, 0, 0, 0, 0, 0, 0, 1]), { address: '192.168.255.1', port: 0 }));
    const twin = world.clone();
    expect(twin.hash()).toBe(world.hash());
    world.runUntil(world.nowUs + 20_000_000);
    twin.runUntil(world.nowUs);
    expect(twin.hash()).toBe(world.hash());
    expect(twin.kernel(vm.id).sockets.receiveDatagram(socket)).toEqual(vm.sockets.receiveDatagram(socket));
    const before = world.hash();
    must(twin.kernel(vm.id).netlink.setLink(demo, veth1, { up: false }));
    twin.runUntil(twin.nowUs + 1_000_000);
    expect(world.hash()).toBe(before);
    expect(vm.netlink.link(demo, veth1)!.isUp).toBe(true);
  });

  it('clones settings that either may change without the other seeing it', () => {
    const { world, vm, veth1, demo } = courseLab();
    const twin = world.clone();
    const other = twin.kernel(vm.id);
    const keys = vm.sysctl.keys(0).filter((key) => vm.sysctl.isWritable(0, key) && /^-?\d+$/.test(textOf(vm, key)));
    const before = keys.map((key) => textOf(vm, key));
    const hash = world.hash();
    for (const key of keys) other.sysctl.set(0, key, String(Number(textOf(other, key)) + 1));
    must(other.netlink.setLink(demo, veth1, { mtu: 1400 }));
    expect(keys.filter((key, at) => textOf(other, key) !== before[at]).length).toBeGreaterThan(500);
    expect(keys.map((key) => textOf(vm, key))).toEqual(before);
    expect(world.hash()).toBe(hash);
  });
  it('lets a cloned listener complete handshakes in the clone alone', () => {
    const { world, vm, demo } = courseLab();
    const listener = must(vm.sockets.open(demo, { type: 'tcp', family: 'inet' }, 0));
    must(vm.sockets.bind(listener, { address: '0.0.0.0', port: 80 }));
    must(vm.sockets.listen(listener, 8));
    const twin = world.clone();
    const other = twin.kernel(vm.id);
    const client = must(other.sockets.open(0, { type: 'tcp', family: 'inet' }, 0));
    other.sockets.connect(client, { address: '192.168.255.2', port: 80 });
    twin.runUntil(twin.nowUs + 100_000);
    must(other.sockets.send(client, utf8('x')));
    expect(other.sockets.readiness(listener).readable).toBe(true);
    expect(vm.sockets.readiness(listener).readable).toBe(false);
  });

  it('is the same again from the same seed, and another from another', () => {
    expect(courseLab(7).world.hash()).toBe(courseLab(7).world.hash());
    expect(courseLab(7).world.hash()).not.toBe(courseLab(8).world.hash());
  });

  it('costs nothing to trace while nobody listens, and shows each hop to who does', () => {
    const { world, vm, gateway, demo } = courseLab();
    must(vm.sysctl.set(0, 'net/ipv4/ip_forward', '1'));
    route(gateway, 0, '192.168.255.0/24', '10.142.0.2');
    ping(world, vm, demo, '8.8.8.8');
    const hops: string[] = [];
    world.traceSink = (event) => {
      if (event.kind === 'device') hops.push(`${event.name} ${event.direction}`);
    };
    expect(ping(world, vm, demo, '8.8.8.8').reply).toEqual({ from: '8.8.8.8', ttl: 63 });
    const there = ['veth1 out', 'veth0 in', 'cbr0 in', 'eth0 out', 'gw0 in'];
    const back = ['gw0 out', 'eth0 in', 'cbr0 out', 'veth0 out', 'veth1 in'];
    expect(hops.filter((hop, at) => at >= hops.length - 10)).toEqual([...there, ...back]);
  });
});

describe('plain data', () => {
  it('copies trees of objects, arrays, maps, sets and bytes', () => {
    const value = { a: [1, { b: 'c' }], m: new Map([[1, { x: new Uint8Array([1, 2]) }]]), s: new Set([3]), w: new Uint32Array([4]), u: undefined, n: null };
    const copy = cloneData(value);
    expect(copy).toEqual(value);
    copy.m.get(1)!.x[0] = 9;
    expect(value.m.get(1)!.x[0]).toBe(1);
  });

  it('refuses functions and class instances', () => {
    expect(() => cloneData({ f: () => 1 })).toThrow('holds a function');
    expect(() => cloneData({ d: new (class Thing {})() })).toThrow('instance of a class');
  });

  it('hashes by content: key order does not count, insertion order of a map does', () => {
    expect(hashData({ a: 1, b: undefined, c: 'x' })).toBe(hashData({ c: 'x', a: 1 }));
    expect(hashData(new Map([[1, 2], [3, 4]]))).not.toBe(hashData(new Map([[3, 4], [1, 2]])));
    expect(hashData([1, 2])).not.toBe(hashData(['1', '2']));
    expect(hashData(1.5)).not.toBe(hashData(2.5));
    expect(hashData({})).toMatch(/^[0-9a-f]{16}$/);
  });

  it('pops a heap in order', () => {
    const heap: QueueEntry[] = [];
    const dice = diceOver(((words) => () => words)(seedDice(3)));
    const times = Array.from({ length: 500 }, () => dice.below(50));
    times.forEach((atUs, sequence) => push(heap, { atUs, sequence, event: { kind: 'alarm', token: 0 } }));
    const popped: QueueEntry[] = [];
    for (let next = pop(heap); next !== undefined; next = pop(heap)) popped.push(next);
    expect(popped).toEqual([...popped].sort((left, right) => left.atUs - right.atUs || left.sequence - right.sequence));
    expect(popped).toHaveLength(500);
  });

  it('rolls dice that the state alone decides', () => {
    const words = seedDice(42);
    const dice = diceOver(() => words);
    const copy = words.slice();
    const rolls = Array.from({ length: 5 }, () => dice.next());
    const again = diceOver(() => copy);
    expect(Array.from({ length: 5 }, () => again.next())).toEqual(rolls);
    expect(Array.from({ length: 300 }, () => dice.below(3)).every((one) => one >= 0 && one < 3)).toBe(true);
    expect(dice.bytes(7)).toHaveLength(7);
  });
});
