/** Hands a file to the browser, which saves it or asks where to; Electron shows its own dialog for the same. */
export function download(name: string, mediaType: string, content: Uint8Array | string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content as BlobPart], { type: mediaType }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
