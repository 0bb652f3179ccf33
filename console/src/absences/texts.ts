/** What is said of absences, in five languages. */
import type { PageTexts } from '../i18n/page-texts.ts'

const en = {
  absences: 'Absences',
  none: 'None ahead. An absence holds over the calendar, and ends by itself.',
  enter: 'Enter an absence',
  title: (name: string) => `Absence of ${name}`,
  diversion: 'Diversion',
  quick: { tomorrow: 'Tomorrow 8–17', today: 'From now, today', monday: 'From now until Monday' },
  fromDay: 'From the day',
  fromTime: 'From',
  untilDay: 'Until the day',
  untilTime: 'Until',
  zone: (zone: string) => `Times in ${zone}.`,
  save: 'Enter',
  entered: (name: string, what: string) => `${name}: ${what} is entered.`,
  span: (from: string, until: string) => `${from} – ${until}`,
  remove: (what: string, from: string) => `Remove ${what}, ${from}`,
  removed: (what: string) => `${what} is removed.`
}

export const absencesTexts: PageTexts<typeof en> = {
  en,
  sv: {
    absences: 'Frånvaro',
    none: 'Ingen kommande. En frånvaro gäller över kalendern och upphör av sig själv.',
    enter: 'Lägg in frånvaro',
    title: (name) => `Frånvaro för ${name}`,
    diversion: 'Hänvisning',
    quick: { tomorrow: 'I morgon 8–17', today: 'Från nu, i dag', monday: 'Från nu till måndag' },
    fromDay: 'Från dagen',
    fromTime: 'Från',
    untilDay: 'Till dagen',
    untilTime: 'Till',
    zone: (zone) => `Tider i ${zone}.`,
    save: 'Lägg in',
    entered: (name, what) => `${name}: ${what} är inlagt.`,
    span: (from, until) => `${from} – ${until}`,
    remove: (what, from) => `Ta bort ${what}, ${from}`,
    removed: (what) => `${what} är borttaget.`
  },
  da: {
    absences: 'Fravær',
    none: 'Intet forude. Et fravær gælder over kalenderen og ophører af sig selv.',
    enter: 'Indtast fravær',
    title: (name) => `Fravær for ${name}`,
    diversion: 'Viderestilling',
    quick: { tomorrow: 'I morgen 8–17', today: 'Fra nu, i dag', monday: 'Fra nu til mandag' },
    fromDay: 'Fra dagen',
    fromTime: 'Fra',
    untilDay: 'Til dagen',
    untilTime: 'Til',
    zone: (zone) => `Tider i ${zone}.`,
    save: 'Indtast',
    entered: (name, what) => `${name}: ${what} er indtastet.`,
    span: (from, until) => `${from} – ${until}`,
    remove: (what, from) => `Fjern ${what}, ${from}`,
    removed: (what) => `${what} er fjernet.`
  },
  nb: {
    absences: 'Fravær',
    none: 'Ingenting fremover. Et fravær gjelder over kalenderen og opphører av seg selv.',
    enter: 'Legg inn fravær',
    title: (name) => `Fravær for ${name}`,
    diversion: 'Viderekobling',
    quick: { tomorrow: 'I morgen 8–17', today: 'Fra nå, i dag', monday: 'Fra nå til mandag' },
    fromDay: 'Fra dagen',
    fromTime: 'Fra',
    untilDay: 'Til dagen',
    untilTime: 'Til',
    zone: (zone) => `Tider i ${zone}.`,
    save: 'Legg inn',
    entered: (name, what) => `${name}: ${what} er lagt inn.`,
    span: (from, until) => `${from} – ${until}`,
    remove: (what, from) => `Fjern ${what}, ${from}`,
    removed: (what) => `${what} er fjernet.`
  },
  fi: {
    absences: 'Poissaolot',
    none: 'Ei tulossa. Poissaolo on voimassa kalenterin sijasta ja päättyy itsestään.',
    enter: 'Kirjaa poissaolo',
    title: (name) => `Poissaolo: ${name}`,
    diversion: 'Ohjaus',
    quick: {
      tomorrow: 'Huomenna 8–17',
      today: 'Tästä hetkestä, tänään',
      monday: 'Tästä hetkestä maanantaihin'
    },
    fromDay: 'Alkamispäivä',
    fromTime: 'Alkaa',
    untilDay: 'Päättymispäivä',
    untilTime: 'Päättyy',
    zone: (zone) => `Ajat: ${zone}.`,
    save: 'Kirjaa',
    entered: (name, what) => `${name}: ${what} on kirjattu.`,
    span: (from, until) => `${from} – ${until}`,
    remove: (what, from) => `Poista ${what}, ${from}`,
    removed: (what) => `${what} on poistettu.`
  }
}
