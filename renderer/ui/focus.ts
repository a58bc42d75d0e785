/** F6: from region to region, leaving terminals too. Regions are elements with data-region, in page order. */
export function moveFocus(by: 1 | -1): void {
  const regions = [...document.querySelectorAll<HTMLElement>('[data-region]')].filter((region) => region.offsetParent !== null);
  const now = regions.findIndex((region) => region.contains(document.activeElement));
  const next = regions[(now + by + regions.length) % regions.length];
  if (next === undefined) return;
  const inside = next.querySelector<HTMLElement>('.xterm-helper-textarea') ?? next.querySelector<HTMLElement>('[data-region-focus]') ?? next;
  if (inside === next && !next.hasAttribute('tabindex')) next.tabIndex = -1;
  inside.focus();
}
