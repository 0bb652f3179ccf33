/** Why a diversion holds: the rule as data, and a sentence in the tenant's language that gives no private text away. */
import type { NoDiversion } from './decide.ts'
import { type MappedStatus, mappedStatuses, type Trigger, type TriggerMatch } from './rule-set.ts'
import type { Cause, CauseSource } from './timeline.ts'

export interface Explanation {
  /** Null where no rule of the calendar's gave it. */
  readonly rule: ExplainedRule | null
  readonly because: string
}

export interface ExplainedRule {
  readonly from: Exclude<CauseSource, 'override'>
  readonly match?: TriggerMatch
  readonly text?: string
  /** The busy status, where availability alone gave it. */
  readonly busy?: MappedStatus
}

/**
 * Explains a cause. `triggers` are those that its index counts in: the user's, or `allTriggers` of the RuleSet version that
 * decided; null where they are gone, and then the rule is its source alone. `holiday` is the name of the one that closes.
 */
export function explain(
  cause: Cause | null,
  triggers: readonly Trigger[] | null,
  language: string,
  holiday: string | null = null
): Explanation {
  const say = sentencesIn(language)
  if (cause === null) return { rule: null, because: say.nothing }
  const { from } = cause
  if (from === 'override') return { rule: null, because: say.override }
  if (from === 'holiday') return { rule: { from }, because: say.holiday(holiday) }
  if (from === 'absence' || from === 'hours' || from === 'automaticReply') {
    return { rule: { from }, because: say[from] }
  }
  if (cause.private) return { rule: { from }, because: say.private }
  if (from === 'availability') {
    const busy = mappedStatuses[cause.index]
    if (busy === undefined) return { rule: { from }, because: say.calendar }
    return { rule: { from, busy }, because: say.availability(say.busy[busy]) }
  }
  const trigger = triggers?.[cause.index]
  if (trigger === undefined) return { rule: { from }, because: say.calendar }
  const { match, text } = trigger
  return { rule: { from, match, text }, because: say[match](text, from === 'user') }
}

/**
 * Explains what shows a masked reader the stand-in, whether it is one or not: the rule is never named, since that of one and the
 * lack of one for another would tell them apart.
 */
export function explainMasked({ from }: Cause, language: string): Explanation {
  const say = sentencesIn(language)
  const isByHand = from === 'override' || from === 'absence'
  return { rule: null, because: isByHand ? say[from] : say.calendar }
}

/** Explains why an event diverts nothing. */
export function explainNothing(reason: NoDiversion, language: string): Explanation {
  return { rule: null, because: sentencesIn(language).not[reason] }
}

interface Sentences {
  readonly nothing: string
  readonly override: string
  readonly absence: string
  readonly automaticReply: string
  readonly hours: string
  readonly holiday: (name: string | null) => string
  readonly private: string
  /** The rule is gone. */
  readonly calendar: string
  readonly prefix: (text: string, own: boolean) => string
  readonly word: (text: string, own: boolean) => string
  readonly category: (text: string, own: boolean) => string
  readonly availability: (busy: string) => string
  /** As Outlook names them. */
  readonly busy: Readonly<Record<MappedStatus, string>>
  readonly not: Readonly<Record<NoDiversion, string>>
}

const sv: Sentences = {
  nothing: 'Inget i kalendern hänvisar.',
  override: 'Satt för hand.',
  absence: 'En frånvaro som är inlagd för hand.',
  automaticReply: 'Automatiskt svar är på i brevlådan.',
  hours: 'Utanför kontorstid.',
  holiday: (name) => (name === null ? 'Stängt.' : `Stängt: ${name}.`),
  private: 'En privat händelse i kalendern.',
  calendar: 'En händelse i kalendern.',
  prefix: (text, own) => `Ämnet börjar med ”${text}”${own ? ' (egen regel)' : ''}.`,
  word: (text, own) => `I ämnet står ”${text}”${own ? ' (egen regel)' : ''}.`,
  category: (text, own) => `Händelsen har kategorin ”${text}”${own ? ' (egen regel)' : ''}.`,
  availability: (busy) => `Kalendern visar ${busy}.`,
  busy: {
    free: 'Ledig',
    tentative: 'Preliminär',
    busy: 'Upptagen',
    oof: 'Frånvarande',
    workingElsewhere: 'Arbetar någon annanstans'
  },
  not: {
    cancelled: 'Händelsen är inställd.',
    declined: 'Inbjudan är avböjd.',
    'zero-length': 'Händelsen har ingen längd.',
    'private-ignored': 'Reglerna bortser från privata händelser.',
    'all-day-ignored': 'Reglerna bortser från heldagshändelser.',
    'all-day-without-trigger': 'En heldagsanteckning utan utlösande ord hänvisar inte.',
    availability: 'Inget utlösande ord, och tillgängligheten ensam hänvisar inte.'
  }
}

const en: Sentences = {
  nothing: 'Nothing in the calendar diverts.',
  override: 'Set by hand.',
  absence: 'An absence entered by hand.',
  automaticReply: 'Automatic replies are on in the mailbox.',
  hours: 'Outside office hours.',
  holiday: (name) => (name === null ? 'Closed.' : `Closed: ${name}.`),
  private: 'A private event in the calendar.',
  calendar: 'An event in the calendar.',
  prefix: (text, own) => `The subject begins with “${text}”${own ? ' (own rule)' : ''}.`,
  word: (text, own) => `The subject contains “${text}”${own ? ' (own rule)' : ''}.`,
  category: (text, own) => `The event has the category “${text}”${own ? ' (own rule)' : ''}.`,
  availability: (busy) => `The calendar shows ${busy}.`,
  busy: {
    free: 'Free',
    tentative: 'Tentative',
    busy: 'Busy',
    oof: 'Out of office',
    workingElsewhere: 'Working elsewhere'
  },
  not: {
    cancelled: 'The event is cancelled.',
    declined: 'The invitation is declined.',
    'zero-length': 'The event has no length.',
    'private-ignored': 'The rules disregard private events.',
    'all-day-ignored': 'The rules disregard all-day events.',
    'all-day-without-trigger': 'An all-day note without a trigger diverts nothing.',
    availability: 'No trigger matches, and its availability alone diverts nothing.'
  }
}

const da: Sentences = {
  nothing: 'Intet i kalenderen viderestiller.',
  override: 'Sat manuelt.',
  absence: 'Et fravær, der er lagt ind manuelt.',
  automaticReply: 'Autosvar er slået til i postkassen.',
  hours: 'Uden for kontortid.',
  holiday: (name) => (name === null ? 'Lukket.' : `Lukket: ${name}.`),
  private: 'En privat aftale i kalenderen.',
  calendar: 'En aftale i kalenderen.',
  prefix: (text, own) => `Emnet begynder med »${text}«${own ? ' (egen regel)' : ''}.`,
  word: (text, own) => `Emnet indeholder »${text}«${own ? ' (egen regel)' : ''}.`,
  category: (text, own) => `Aftalen har kategorien »${text}«${own ? ' (egen regel)' : ''}.`,
  availability: (busy) => `Kalenderen viser ${busy}.`,
  busy: {
    free: 'Ledig',
    tentative: 'Foreløbig',
    busy: 'Optaget',
    oof: 'Ikke til stede',
    workingElsewhere: 'Arbejder et andet sted'
  },
  not: {
    cancelled: 'Aftalen er aflyst.',
    declined: 'Invitationen er afslået.',
    'zero-length': 'Aftalen har ingen længde.',
    'private-ignored': 'Reglerne ser bort fra private aftaler.',
    'all-day-ignored': 'Reglerne ser bort fra heldagsaftaler.',
    'all-day-without-trigger': 'En heldagsnote uden udløserord viderestiller ikke.',
    availability: 'Intet udløserord passer, og tilgængeligheden alene viderestiller ikke.'
  }
}

const nb: Sentences = {
  nothing: 'Ingenting i kalenderen viderekobler.',
  override: 'Satt for hånd.',
  absence: 'Et fravær som er lagt inn for hånd.',
  automaticReply: 'Autosvar er slått på i postkassen.',
  hours: 'Utenfor kontortid.',
  holiday: (name) => (name === null ? 'Stengt.' : `Stengt: ${name}.`),
  private: 'En privat avtale i kalenderen.',
  calendar: 'En avtale i kalenderen.',
  prefix: (text, own) => `Emnet begynner med «${text}»${own ? ' (egen regel)' : ''}.`,
  word: (text, own) => `Emnet inneholder «${text}»${own ? ' (egen regel)' : ''}.`,
  category: (text, own) => `Avtalen har kategorien «${text}»${own ? ' (egen regel)' : ''}.`,
  availability: (busy) => `Kalenderen viser ${busy}.`,
  busy: {
    free: 'Ledig',
    tentative: 'Foreløpig',
    busy: 'Opptatt',
    oof: 'Ikke til stede',
    workingElsewhere: 'Arbeider et annet sted'
  },
  not: {
    cancelled: 'Avtalen er avlyst.',
    declined: 'Invitasjonen er avslått.',
    'zero-length': 'Avtalen har ingen lengde.',
    'private-ignored': 'Reglene ser bort fra private avtaler.',
    'all-day-ignored': 'Reglene ser bort fra heldagsavtaler.',
    'all-day-without-trigger': 'Et heldagsnotat uten utløserord viderekobler ikke.',
    availability: 'Ingen utløserord passer, og tilgjengeligheten alene viderekobler ikke.'
  }
}

const fi: Sentences = {
  nothing: 'Mikään kalenterissa ei siirrä puheluita.',
  override: 'Asetettu käsin.',
  absence: 'Käsin lisätty poissaolo.',
  automaticReply: 'Automaattiset vastaukset ovat käytössä postilaatikossa.',
  hours: 'Toimistoajan ulkopuolella.',
  holiday: (name) => (name === null ? 'Suljettu.' : `Suljettu: ${name}.`),
  private: 'Yksityinen kalenterimerkintä.',
  calendar: 'Kalenterimerkintä.',
  prefix: (text, own) => `Aihe alkaa merkinnällä ”${text}”${own ? ' (oma sääntö)' : ''}.`,
  word: (text, own) => `Aiheessa on ”${text}”${own ? ' (oma sääntö)' : ''}.`,
  category: (text, own) => `Merkinnän luokka on ”${text}”${own ? ' (oma sääntö)' : ''}.`,
  availability: (busy) => `Kalenteri näyttää: ${busy}.`,
  busy: {
    free: 'Vapaa',
    tentative: 'Alustava',
    busy: 'Varattu',
    oof: 'Poissa',
    workingElsewhere: 'Työskentelee muualla'
  },
  not: {
    cancelled: 'Tapaaminen on peruttu.',
    declined: 'Kutsu on hylätty.',
    'zero-length': 'Merkinnällä ei ole kestoa.',
    'private-ignored': 'Säännöt ohittavat yksityiset merkinnät.',
    'all-day-ignored': 'Säännöt ohittavat koko päivän merkinnät.',
    'all-day-without-trigger': 'Koko päivän merkintä ilman tunnussanaa ei siirrä puheluita.',
    availability: 'Mikään tunnussana ei täsmää, eikä varaustila yksin siirrä puheluita.'
  }
}

const languages: Readonly<Record<string, Sentences>> = { sv, en, da, nb, no: nb, nn: nb, fi }

function sentencesIn(language: string): Sentences {
  return languages[language.toLowerCase().split('-')[0] ?? language] ?? en
}
