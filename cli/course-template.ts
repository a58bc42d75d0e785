/** The course that `podwire course new` writes: file names and texts. What each key means: docs/authoring.md. */
export function firstCourse(id: string, schemas: string): Readonly<Record<string, string>> {
  const schemaLine = (name: string, up: string): string => `# yaml-language-server: $schema=${up}${schemas}/${name}.schema.json\n`;
  const inLesson = (name: string): string => schemaLine(name, '../../');
  return {
    'course.yaml': `${schemaLine('course', '')}id: ${id}
title: Two ends of a wire
summary: Make a network on one machine, and something in it that answers.
version: 0.1.0
language: en
licence: CC-BY-4.0
credit: Your name here.
engine: ">=0.1.0"
units:
  - id: basics
    title: Basics
    summary: A switch, a room, a wire between them.
    lessons:
      - a-switch
      - a-wire
`,
    'basics/a-switch/lesson.md': `---
id: a-switch
minutes: 5
start: scenario:linux-host
---
# A switch of your own

## Make it

A **bridge** is a switch made of software. Make one, and switch it on:

:::run{terminal="vm"}
\`\`\`bash
sudo ip link add desk0 type bridge
sudo ip link set desk0 up
\`\`\`
:::
::check{id="c1"}

::picture{focus="desk0" text="One machine. desk0 is a bridge in it, with nothing plugged in."}

## Give it an address

:::predict{id="p1"}
Once desk0 has the address 10.7.0.1, will a ping to it be answered, with nothing plugged in?
- [x] Yes
  The address is the machine's own; no wire is involved.
- [ ] No
  That would be so for an address of another machine.
:::

:::run{terminal="vm"}
\`\`\`bash
sudo ip address add 10.7.0.1/24 dev desk0
\`\`\`
:::
::check{id="c2"}

## Look at both

:::run{terminal="vm"}
\`\`\`bash
ip -br address show desk0
\`\`\`
:::
::output{of="ip -br address show desk0"}

Its hardware address is {{desk0.mac}}; another lab has another.
`,
    'basics/a-switch/lesson.yaml': `${inLesson('lesson')}places:
  vm: host
terminals:
  - { id: vm, title: vm, place: vm }
checks:
  - id: c1
    kind: link
    at: vm
    name: desk0
    type: bridge
    up: true
    goal: A bridge called desk0 is switched on
    points: 5
    hints:
      - There is no bridge called desk0, or it is off.
      - "\`ip -br link\` lists every device with its state."
      - "\`sudo ip link add desk0 type bridge\`, then \`sudo ip link set desk0 up\`"
    diagnoses:
      - when: { kind: link, at: vm, name: desk0, up: false }
        say: desk0 is there, and switched off.
  - id: c2
    kind: addr
    at: vm
    dev: desk0
    is: 10.7.0.1/24
    needs: [c1]
    goal: desk0 has the address 10.7.0.1/24
    points: 5
    hints:
      - desk0 has no such address yet.
      - "\`ip address show desk0\` prints addresses on the inet lines."
      - "\`sudo ip address add 10.7.0.1/24 dev desk0\`"
predictions:
  p1:
    truth: { kind: ping, from: vm, to: 10.7.0.1 }
`,
    'basics/a-switch/solution.yaml': `${inLesson('solution')}steps:
  - { name: make, type: sudo ip link add desk0 type bridge }
  - { name: switch-on, type: sudo ip link set desk0 up }
  - { name: address, type: sudo ip address add 10.7.0.1/24 dev desk0 }
  - { type: ip -br address show desk0, optional: true }
`,
    'basics/a-switch/proof.yaml': `${inLesson('proof')}alternates:
  - name: the older tools
    from: make
    to: switch-on
    steps:
      - type: sudo brctl addbr desk0
      - type: sudo ifconfig desk0 up
mistakes:
  - name: forgets to switch it on
    from: switch-on
    steps:
      - type: sudo ip address add 10.7.0.1/24 dev desk0
    check: c1
    because: desk0 is there, and switched off.
`,
    'basics/a-wire/lesson.md': `---
id: a-wire
minutes: 8
start: after:a-switch
---
# A wire into another room

## A room

A **network namespace** is a room with devices of its own. Make one called guest:

:::run{terminal="vm"}
\`\`\`bash
sudo ip netns add guest
\`\`\`
:::
::check{id="c1"}

## A wire

A **veth pair** is a wire with two ends. One goes into the switch, the other into the room:

:::run{terminal="vm"}
\`\`\`bash
sudo ip link add end0 type veth peer name end1 netns guest
sudo ip link set end0 master desk0 up
sudo ip -n guest link set end1 up
\`\`\`
:::
::check{id="c2"}

:::question{id="q1" points="2"}
Which end needs an address, so that the room can be spoken to?
- [ ] end0
  It is a port of the switch; frames pass it, whatever addresses there are.
- [x] end1
  It is the only device inside the room.
:::

## An answer

:::run{terminal="vm"}
\`\`\`bash
sudo ip -n guest address add 10.7.0.2/24 dev end1
ping -c 2 10.7.0.2
\`\`\`
:::
::check{id="c3"}

:::why{title="Why no route?"}
Both addresses lie in 10.7.0.0/24, and each address brought a route to its own network.
:::
`,
    'basics/a-wire/lesson.yaml': `${inLesson('lesson')}places:
  vm: host
  guest: host/guest
terminals:
  - { id: vm, title: vm, place: vm }
checks:
  - id: c1
    kind: netns
    at: vm
    name: guest
    goal: There is a network namespace called guest
    points: 2
    hints:
      - There is no such namespace yet.
      - "\`ip netns\` lists them."
      - "\`sudo ip netns add guest\`"
  - id: c2
    kind: master
    at: vm
    ports: [end0]
    of: desk0
    needs: [c1]
    goal: end0 is plugged into desk0
    points: 2
    hints:
      - desk0 has no port called end0.
      - "\`bridge link\` lists the ports of every bridge."
      - "\`sudo ip link add end0 type veth peer name end1 netns guest\`, then \`sudo ip link set end0 master desk0 up\`"
  - id: c3
    kind: ping
    from: vm
    to: 10.7.0.2
    needs: [c2]
    goal: 10.7.0.2 answers from inside guest
    points: 4
    hints:
      - Nobody answers at 10.7.0.2.
      - "\`sudo ip -n guest -br address\` shows what the room has."
      - "\`sudo ip -n guest link set end1 up\`, then \`sudo ip -n guest address add 10.7.0.2/24 dev end1\`"
`,
    'basics/a-wire/solution.yaml': `${inLesson('solution')}steps:
  - { name: room, type: sudo ip netns add guest }
  - { name: wire, type: sudo ip link add end0 type veth peer name end1 netns guest }
  - { name: plug, type: sudo ip link set end0 master desk0 up }
  - { name: far-end, type: sudo ip -n guest link set end1 up }
  - { answer: { q1: right } }
  - { name: address, type: sudo ip -n guest address add 10.7.0.2/24 dev end1 }
`,
  };
}
