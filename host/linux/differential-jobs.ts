/** Does the same with each item, so many at once. */
export async function inParallel<Item>(items: readonly Item[], jobs: number, work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items];
  await Promise.all(Array.from({ length: jobs }, async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  }));
}
