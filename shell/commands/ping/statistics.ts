/** What ping counts, and its last lines (iputils ping_common.c: gather_statistics, finish, status). */
import { milliseconds } from './messages.ts';

export class PingStatistics {
  transmitted = 0;
  received = 0;
  repeats = 0;
  errors = 0;
  /** How many were in flight at once. */
  pipe = 0;
  maxUs = 0;
  /** Eight times the moving average of round trips. */
  averageUs8 = 0;
  private acknowledged = 0;
  private minUs = Number.MAX_SAFE_INTEGER;
  private sumUs = 0;
  private sumOfSquares = 0;
  private readonly seen = new Set<number>();

  get inFlight(): number {
    const difference = (this.transmitted - this.acknowledged) & 0xffff;
    return difference <= 0x7fff ? difference : this.transmitted - this.received - this.errors;
  }

  advance(): void {
    this.transmitted += 1;
    this.seen.delete(this.transmitted & 0xffff);
    if (((this.transmitted & 0xffff) - this.acknowledged) > 0x7fff) this.acknowledged = ((this.transmitted & 0xffff) + 1) & 0xffff;
  }

  acknowledge(sequence: number): void {
    const difference = (this.transmitted - sequence) & 0xffff;
    if (difference > 0x7fff) return;
    this.pipe = Math.max(this.pipe, difference + 1);
    const isAhead = ((sequence - this.acknowledged) & 0xffff) < 0x8000 && sequence !== this.acknowledged;
    if (isAhead || (this.transmitted & 0xffff) - this.acknowledged > 0x7fff) this.acknowledged = sequence;
  }

  wasReceived(sequence: number): boolean {
    return this.seen.has(sequence & 0xffff);
  }

  /** Answers whether it is a duplicate. */
  reply(sequence: number, tripUs: number | undefined): boolean {
    this.acknowledge(sequence);
    if (tripUs !== undefined) {
      this.sumUs += tripUs;
      this.sumOfSquares += tripUs * tripUs;
      this.minUs = Math.min(this.minUs, tripUs);
      this.maxUs = Math.max(this.maxUs, tripUs);
      this.averageUs8 = this.averageUs8 === 0 ? tripUs * 8 : this.averageUs8 + tripUs - Math.floor(this.averageUs8 / 8);
    }
    if (this.wasReceived(sequence)) {
      this.repeats += 1;
      return true;
    }
    this.seen.add(sequence & 0xffff);
    this.received += 1;
    return false;
  }

  /** The block after the last reply; `elapsedUs` is from the first to the last request. */
  summary(host: string, elapsedUs: number, isTimed: boolean, showsInterval: boolean): string {
    let text = `\n--- ${host} ping statistics ---\n${this.transmitted} packets transmitted, ${this.received} received`;
    if (this.repeats > 0) text += `, +${this.repeats} duplicates`;
    if (this.errors > 0) text += `, +${this.errors} errors`;
    if (this.transmitted > 0) {
      const loss = Math.fround(((this.transmitted - this.received) * 100) / this.transmitted);
      text += `, ${Number(loss.toPrecision(6))}% packet loss, time ${Math.floor((elapsedUs + 500) / 1000)}ms`;
    }
    text += '\n';
    const parts: string[] = [];
    if (this.received > 0 && isTimed) parts.push(this.roundTrips());
    if (this.pipe > 1) parts.push(`pipe ${this.pipe}`);
    if (this.received > 0 && showsInterval && this.transmitted > 1) {
      const gapUs = Math.floor(elapsedUs / (this.transmitted - 1));
      parts.push(`ipg/ewma ${milliseconds(gapUs)}/${milliseconds(Math.floor(this.averageUs8 / 8))} ms`);
    }
    return `${text}${parts.join(', ')}\n`;
  }

  private roundTrips(): string {
    const total = this.received + this.repeats;
    const average = Math.floor(this.sumUs / total);
    const variance = Math.trunc((this.sumOfSquares - Math.floor((this.sumUs * this.sumUs) / total)) / total);
    const deviation = Math.floor(Math.sqrt(Math.max(0, variance)));
    return `rtt min/avg/max/mdev = ${milliseconds(this.minUs)}/${milliseconds(average)}/${milliseconds(this.maxUs)}/${milliseconds(deviation)} ms`;
  }

  /** What SIGQUIT asks for. */
  status(): string {
    const loss = this.transmitted === 0 ? 0 : Math.floor(((this.transmitted - this.received) * 100) / this.transmitted);
    let text = `\r${this.received}/${this.transmitted} packets, ${loss}% loss`;
    if (this.received > 0 && this.sumUs > 0) {
      const average = Math.floor(this.sumUs / (this.received + this.repeats));
      text += `, min/avg/ewma/max = ${milliseconds(this.minUs)}/${milliseconds(average)}/${milliseconds(Math.floor(this.averageUs8 / 8))}/${milliseconds(this.maxUs)} ms`;
    }
    return text;
  }
}
