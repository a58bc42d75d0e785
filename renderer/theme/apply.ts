/** Puts the settings on the root element: theme, sizes, motion. */
import type { Settings } from '../../contracts/host.ts';

const dark = matchMedia('(prefers-color-scheme: dark)');
const contrast = matchMedia('(prefers-contrast: more)');

export function themeOf({ theme }: Pick<Settings, 'theme'>): 'light' | 'dark' | 'contrast' {
  if (theme !== 'system') return theme;
  if (contrast.matches) return 'contrast';
  return dark.matches ? 'dark' : 'light';
}

/** Answers what undoes the watching of the system's wish. */
export function applyTheme(settings: Settings): () => void {
  const apply = (): void => {
    const root = document.documentElement;
    root.dataset.theme = themeOf(settings);
    root.dataset.motion = settings.reducedMotion ? 'reduced' : 'full';
    root.style.setProperty('--t-code', `${settings.terminalFontSize}px`);
    root.style.setProperty('--t-body', `${settings.lessonFontSize}px`);
    document.dispatchEvent(new Event('podwire-theme'));
  };
  apply();
  dark.addEventListener('change', apply);
  contrast.addEventListener('change', apply);
  return () => {
    dark.removeEventListener('change', apply);
    contrast.removeEventListener('change', apply);
  };
}
