/** What wget --help of 1.21.3 lists and is not simulated, as getopt_long(3) reads it. */
export const unsimulatedShort = 'o:a:FB:Q:Erl:kKmpA:R:D:HLI:X:';
export const unsimulatedLong = {
  'output-file': 'required=o', 'append-output': 'required=a', 'report-speed': 'required', 'force-html': 'none=F', base: 'required=B', config: 'required', 'no-config': 'none', 'rejected-log': 'required',
  'retry-on-http-error': 'required', 'no-netrc': 'none', 'start-pos': 'required', 'no-if-modified-since': 'none', 'no-use-server-timestamps': 'none', waitretry: 'required', 'random-wait': 'none', quota: 'required=Q',
  'bind-address': 'required', 'limit-rate': 'required', 'restrict-file-names': 'required', 'ignore-case': 'none', 'prefer-family': 'required', user: 'required', password: 'required', 'ask-password': 'none',
  'use-askpass': 'required', 'no-iri': 'none', 'local-encoding': 'required', 'remote-encoding': 'required', unlink: 'none', xattr: 'none', 'no-host-directories': 'none', 'protocol-directories': 'none',
  'cut-dirs': 'required', 'http-user': 'required', 'http-password': 'required', 'default-page': 'required', 'adjust-extension': 'none=E', 'ignore-length': 'none', compression: 'required', 'proxy-user': 'required',
  'proxy-password': 'required', referer: 'required', 'save-headers': 'none', 'no-http-keep-alive': 'none', 'no-cookies': 'none', 'load-cookies': 'required', 'save-cookies': 'required', 'keep-session-cookies': 'none',
  'post-file': 'required', 'body-file': 'required', 'content-on-error': 'none', 'auth-no-challenge': 'none', 'secure-protocol': 'required', 'https-only': 'none', certificate: 'required', 'certificate-type': 'required',
  'private-key': 'required', 'private-key-type': 'required', 'ca-certificate': 'required', 'ca-directory': 'required', 'crl-file': 'required', pinnedpubkey: 'required', ciphers: 'required', 'hsts-file': 'none',
  'ftp-user': 'required', 'ftp-password': 'required', 'no-remove-listing': 'none', 'no-glob': 'none', 'no-passive-ftp': 'none', 'preserve-permissions': 'none', 'retr-symlinks': 'none', 'ftps-implicit': 'none',
  'ftps-resume-ssl': 'none', 'ftps-clear-data-connection': 'none', 'ftps-fallback-to-ftp': 'none', 'warc-file': 'required', 'warc-header': 'required', 'warc-max-size': 'required', 'warc-cdx': 'none',
  'warc-dedup': 'required', 'no-warc-compression': 'none', 'no-warc-digests': 'none', 'no-warc-keep-log': 'none', 'warc-tempdir': 'required', recursive: 'none=r', level: 'required=l', 'delete-after': 'none',
  'convert-links': 'none=k', 'convert-file-only': 'none', backups: 'required', 'backup-converted': 'none=K', mirror: 'none=m', 'page-requisites': 'none=p', 'strict-comments': 'none', accept: 'required=A',
  reject: 'required=R', 'accept-regex': 'required', 'reject-regex': 'required', 'regex-type': 'required', domains: 'required=D', 'exclude-domains': 'required', 'follow-ftp': 'none', 'follow-tags': 'required',
  'ignore-tags': 'required', 'span-hosts': 'none=H', relative: 'none=L', 'include-directories': 'required=I', 'trust-server-names': 'none', 'exclude-directories': 'required=X', 'no-parent': 'none',
} as const;
