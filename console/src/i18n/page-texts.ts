/** The texts of one page in five languages, kept beside the page and loaded with it. */
import type { Widened } from './en.ts'
import { type Language, useLanguage } from './language.tsx'

export type PageTexts<English> = Readonly<Record<Language, Widened<English>>>

export function usePageTexts<Texts>(all: Readonly<Record<Language, Texts>>): () => Texts {
  const { language } = useLanguage()
  return () => all[language()]
}
