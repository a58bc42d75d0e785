/**
 * What goes into an installer, and its fuses. https://www.electron.build/configuration
 * No telemetry, no update channel: nothing here publishes, and the application asks nobody for a newer version.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const { version: electronVersion } = JSON.parse(readFileSync(resolve(root, 'node_modules/electron/package.json'), 'utf8'));

/** @type {import('electron-builder').Configuration} */
export const packaging = {
  appId: 'org.podwire.Podwire',
  productName: 'Podwire',
  copyright: 'Apache-2.0; courses CC BY 4.0',
  directories: { output: 'dist/installers', buildResources: 'build/icons' },
  electronVersion,
  // node-pty is N-API and node-sqlite3-wasm is WebAssembly: one build serves Node and Electron.
  npmRebuild: false,
  nodeGypRebuild: false,
  publish: null,
  asar: true,
  files: [
    'package.json', 'LICENSE', 'dist/electron/**', 'dist/renderer/**', '!**/*.map',
    // Bundled into main.cjs already.
    '!node_modules/ws/**',
    '!node_modules/node-pty/{deps,src,scripts,third_party,typings}/**', '!node_modules/node-pty/build/{Makefile,*.mk,*.gypi,deps,Release/obj.target,Release/.deps}/**',
    '!node_modules/node-addon-api/**',
    // There are none for Linux, where it is compiled at installation.
    ...(process.platform === 'linux' ? ['!node_modules/node-pty/prebuilds/**'] : []),
  ],
  // Programs and WebAssembly are read by the system, not by Electron's archive reader.
  asarUnpack: ['node_modules/node-pty/**', 'node_modules/node-sqlite3-wasm/**'],
  extraResources: [{ from: 'courses', to: 'courses' }, { from: 'build/Containerfile', to: 'build/Containerfile' }, { from: 'LICENSE-COURSES', to: 'LICENSE-COURSES' }],
  electronFuses: {
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false,
  },
  // A double click on a course pack opens it here. electron/open-packs.ts finds it.
  fileAssociations: [{ ext: 'podwire', name: 'Podwire course pack', description: 'A course for Podwire', mimeType: 'application/vnd.podwire.pack+zip', role: 'Viewer' }],
  linux: {
    target: ['AppImage', 'deb', 'tar.gz'],
    category: 'Education',
    icon: 'build/icons',
    executableName: 'podwire',
    maintainer: 'The Podwire authors <podwire@users.noreply.github.com>',
    synopsis: 'Learn how packets reach pods',
  },
  mac: { target: ['dmg'], category: 'public.app-category.education', icon: 'build/icons/1024x1024.png', hardenedRuntime: true },
  win: { target: ['nsis'], icon: 'build/icons/256x256.png' },
  nsis: { oneClick: false, perMachine: false, allowToChangeInstallationDirectory: true },
};
