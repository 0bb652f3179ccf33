/** The languages of messages. */
import type { AlarmTexts } from './alarm-texts.ts'
import { da } from './da.ts'
import { en } from './en.ts'
import { fi } from './fi.ts'
import { nb } from './nb.ts'
import { sv } from './sv.ts'

export const alarmLanguages = ['sv', 'en', 'da', 'nb', 'fi'] as const
export type AlarmLanguage = (typeof alarmLanguages)[number]

const texts: Readonly<Record<AlarmLanguage, AlarmTexts>> = { sv, en, da, nb, fi }

/** `language` is BCP 47. Norwegian is bokmål; what is not here is English. */
export function alarmLanguageOf(language: string): AlarmLanguage {
  const primary = language.toLowerCase().split('-')[0]
  if (primary === 'no' || primary === 'nn') return 'nb'
  return alarmLanguages.find((known) => known === primary) ?? 'en'
}

export function textsIn(language: string): AlarmTexts {
  return texts[alarmLanguageOf(language)]
}
