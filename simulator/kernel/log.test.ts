import { describe, expect, it } from 'vitest';
import { courseLab } from '../test-lab.ts';
import { INFO, printk } from './log.ts';

describe('the kernel log', () => {
  it('loses its oldest records, and hides what was cleared', () => {
    const { vm, world } = courseLab(1);
    const kernel = world.inner[vm.id]!;
    const before = vm.log.records().length;
    for (let number = 0; number < 2000; number += 1) printk(kernel, INFO, `line ${number} ${'x'.repeat(40)}`);
    const records = vm.log.records();
    expect(records.at(-1)).toMatchObject({ number: before + 1999, level: INFO });
    expect(records.length).toBeLessThan(1300);
    expect(records[0]!.number).toBe(before + 2000 - records.length);
    vm.log.clear();
    expect(vm.log.records()).toEqual([]);
    printk(kernel, INFO, 'after');
    expect(vm.log.records().map(({ text }) => text)).toEqual(['after']);
  });

  it('tells of bridge ports, promiscuous devices and new names, in every namespace', () => {
    const { vm, demo } = courseLab(1);
    vm.log.clear();
    const add = (ns: number, spec: Parameters<typeof vm.netlink.addLink>[1]): number => {
      const made = vm.netlink.addLink(ns, spec);
      if (!made.ok) throw new Error(made.error);
      return made.value;
    };
    const bridge = add(demo, { kind: 'bridge', name: 'br7' });
    const port = add(demo, { kind: 'dummy', name: 'd7' });
    vm.netlink.setLink(demo, bridge, { up: true });
    vm.netlink.setLink(demo, port, { up: true });
    vm.netlink.setLink(demo, port, { master: bridge });
    vm.netlink.setLink(demo, port, { promiscuous: true });
    vm.netlink.setLink(demo, port, { master: 0 });
    vm.netlink.setLink(demo, port, { promiscuous: false });
    vm.netlink.setLink(demo, port, { up: false });
    vm.netlink.setLink(demo, port, { name: 'd8' });
    expect(vm.log.records().map(({ text }) => text).filter((text) => !text.startsWith('IPv6'))).toEqual([
      'br7: port 1(d7) entered blocking state', 'br7: port 1(d7) entered disabled state', 'device d7 entered promiscuous mode', 'br7: port 1(d7) entered blocking state', 'br7: port 1(d7) entered forwarding state',
      'br7: port 1(d7) entered disabled state', 'device d7 left promiscuous mode', 'd8: renamed from d7',
    ]);
  });
});
