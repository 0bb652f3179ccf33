/** What the field of a secret says, in five languages. */
import type { PageTexts } from '../i18n/page-texts.ts'

const en = {
  held: 'Held, and never shown',
  replace: 'Replace',
  replaceNamed: (name: string) => `Replace: ${name}`,
  untilSaved: 'The one until now is used until you save, the new one from then on.',
  keep: 'Keep the one until now'
}

export const secretTexts: PageTexts<typeof en> = {
  en,
  sv: {
    held: 'Sparad, visas aldrig',
    replace: 'Byt',
    replaceNamed: (name) => `Byt: ${name}`,
    untilSaved: 'Den nuvarande används tills du sparar, den nya därefter.',
    keep: 'Behåll den nuvarande'
  },
  da: {
    held: 'Gemt, vises aldrig',
    replace: 'Skift',
    replaceNamed: (name) => `Skift: ${name}`,
    untilSaved: 'Den nuværende bruges, til du gemmer, og derefter den nye.',
    keep: 'Behold den nuværende'
  },
  nb: {
    held: 'Lagret, vises aldri',
    replace: 'Bytt',
    replaceNamed: (name) => `Bytt: ${name}`,
    untilSaved: 'Den nåværende brukes til du lagrer, og deretter den nye.',
    keep: 'Behold den nåværende'
  },
  fi: {
    held: 'Tallessa, ei näytetä koskaan',
    replace: 'Vaihda',
    replaceNamed: (name) => `Vaihda: ${name}`,
    untilSaved: 'Nykyistä käytetään, kunnes tallennat, ja sen jälkeen uutta.',
    keep: 'Säilytä nykyinen'
  }
}
