/** Light or dark: as the system is set, unless chosen here. */
export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const STORED = 'hanvisa.theme'

export function chosenTheme(): Theme {
  const stored = localStorage.getItem(STORED)
  return themes.find((theme) => theme === stored) ?? 'system'
}

export function chooseTheme(theme: string): void {
  localStorage.setItem(STORED, theme)
}

const prefersDark = matchMedia('(prefers-color-scheme: dark)')
prefersDark.addEventListener('change', () => applyTheme())

/** `style/tokens.css` follows the attribute. */
export function applyTheme(): void {
  const theme = chosenTheme()
  const system = prefersDark.matches ? 'dark' : 'light'
  document.documentElement.dataset.theme = theme === 'system' ? system : theme
}
