/** How coreutils quote names in messages (shell-escape style of quotearg): only what needs it. */
export function quoted(name: string): string {
  return `'${name.replaceAll("'", "'\\''")}'`;
}

/** As `ls` on a terminal and `stat` do: plain names stay plain. */
export function quotedIfNeeded(name: string): string {
  if (name !== '' && /^[A-Za-z0-9_@%+=:,./-][A-Za-z0-9_@%+=:,./~#^{}[\]-]*$/.test(name) && !/[{}[\]^]/.test(name)) return name;
  if (name.includes("'") && !/["$`\\!]/.test(name)) return `"${name}"`;
  return quoted(name);
}

/** quote(): the marks of the C.UTF-8 locale, for arguments that are not file names to act on. */
export function named(text: string): string {
  return `‘${text}’`;
}
