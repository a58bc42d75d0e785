/**
 * A handful of things in the order they joined. Made for what joins and leaves all the time: a Set that is emptied and filled makes
 * a new table every few turns, and V8 links each old table to the next, so that young garbage is kept until a full collection.
 */
export class Members<T> {
  private readonly list: T[] = [];

  get size(): number {
    return this.list.length;
  }

  add(member: T): void {
    if (!this.list.includes(member)) this.list.push(member);
  }

  delete(member: T): void {
    const at = this.list.indexOf(member);
    if (at < 0) return;
    if (at === this.list.length - 1) this.list.pop();
    else this.list.splice(at, 1);
  }

  at(position: number): T | undefined {
    return this.list[position];
  }

  copy(): T[] {
    return this.list.slice();
  }

  [Symbol.iterator](): Iterator<T> {
    return this.list[Symbol.iterator]();
  }
}
