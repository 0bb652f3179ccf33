/** Which language the console speaks: the visitor's choice, else the browser's; and how times and names are written in it. */

import {
  createContext,
  createEffect,
  createResource,
  createSignal,
  type ParentProps,
  useContext
} from 'solid-js'
import { Present } from '../components/present.tsx'
import { en, type Texts } from './en.ts'

const loaders = {
  sv: async () => (await import('./sv.ts')).sv,
  en: async () => en as Texts,
  da: async () => (await import('./da.ts')).da,
  nb: async () => (await import('./nb.ts')).nb,
  fi: async () => (await import('./fi.ts')).fi
} satisfies Record<string, () => Promise<Texts>>

export type Language = keyof typeof loaders
export const languages: Readonly<Record<Language, string>> = {
  sv: 'Svenska',
  en: 'English',
  da: 'Dansk',
  nb: 'Norsk',
  fi: 'Suomi'
}

const STORED = 'hanvisa.language'

function isLanguage(code: string | null): code is Language {
  return code !== null && code in loaders
}

/** By RFC 4647 look-up: the first that the browser wants and we have; `no` and `nn` are read as `nb`. */
function preferredLanguage(): Language {
  const stored = localStorage.getItem(STORED)
  if (isLanguage(stored)) return stored
  for (const wanted of navigator.languages) {
    const code = wanted.toLowerCase().split('-')[0] ?? ''
    const known = code === 'no' || code === 'nn' ? 'nb' : code
    if (isLanguage(known)) return known
  }
  return 'en'
}

interface LanguageContext {
  readonly texts: () => Texts
  readonly language: () => Language
  readonly choose: (language: Language) => void
}

const Context = createContext<LanguageContext>()

export function LanguageProvider(props: ParentProps) {
  const [language, setLanguage] = createSignal(preferredLanguage())
  const [texts] = createResource(language, (code) => loaders[code]())
  createEffect(() => {
    document.documentElement.lang = language()
  })
  const choose = (code: Language) => {
    localStorage.setItem(STORED, code)
    setLanguage(code)
  }
  return (
    <Present value={texts.latest}>
      {(loaded) => (
        <Context.Provider value={{ texts: loaded, language, choose }}>{props.children}</Context.Provider>
      )}
    </Present>
  )
}

export function useLanguage(): LanguageContext {
  return useContext(Context)!
}
