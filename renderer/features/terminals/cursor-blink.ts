/**
 * The cursor's blinking. xterm's own is a CSS animation, for which Chromium keeps a frame pending all the time; and after a key it holds back every
 * message to the page until the pending frame is drawn, which made each echo a frame late. Two frames a second from a timer do the same.
 */
const HALF_MS = 600;

export class CursorBlink {
  private readonly element: HTMLElement;
  private timer: ReturnType<typeof setInterval> | undefined;
  private isWanted = false;

  /** `element` holds one terminal; it has the class `cursor-off` while its cursor is not to be seen. */
  constructor(element: HTMLElement) {
    this.element = element;
    element.addEventListener('focusin', () => this.restart());
    element.addEventListener('focusout', () => this.restart());
  }

  want(isWanted: boolean): void {
    this.isWanted = isWanted;
    this.restart();
  }

  /** Shown from now on for half a period: at every key, so that it is seen where one types. */
  restart(): void {
    clearInterval(this.timer);
    if (this.element.classList.contains('cursor-off')) this.element.classList.remove('cursor-off');
    const blinks = this.isWanted && this.element.contains(document.activeElement);
    this.timer = blinks ? setInterval(() => this.element.classList.toggle('cursor-off'), HALF_MS) : undefined;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
