/** A folder that was dropped on the window, with everything in it. https://developer.mozilla.org/docs/Web/API/FileSystemEntry */
const MOST_FILES = 2000;

/** To be asked during the event: afterwards the list is empty. */
export function folderOf(transfer: DataTransfer): FileSystemDirectoryEntry | null {
  const entry = [...transfer.items].map((item) => item.webkitGetAsEntry()).find((each) => each?.isDirectory === true);
  return (entry as FileSystemDirectoryEntry | undefined) ?? null;
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

export async function filesBelow(folder: FileSystemDirectoryEntry): Promise<Map<string, File>> {
  const files = new Map<string, File>();
  const visit = async (directory: FileSystemDirectoryEntry, prefix: string): Promise<void> => {
    const reader = directory.createReader();
    for (;;) {
      // A hundred at a time, until none is left.
      const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (entries.length === 0) return;
      for (const entry of entries) {
        if (files.size > MOST_FILES) return;
        // Hidden files are no part of a course: an editor's, a version control's.
        if (entry.name.startsWith('.')) continue;
        if (entry.isDirectory) await visit(entry as FileSystemDirectoryEntry, `${prefix}${entry.name}/`);
        else files.set(`${prefix}${entry.name}`, await fileOf(entry as FileSystemFileEntry));
      }
    }
  };
  await visit(folder, '');
  return files;
}
