/** What the import of users says, in five languages. */
import type { PageTexts } from '../../i18n/page-texts.ts'

interface Counts {
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  readonly removed: number
}

const en = {
  title: 'Import users',
  choose: 'Choose a file (CSV)',
  orDrop: 'or drop it here. Nothing is saved before you have seen every row.',
  checking: 'Being checked …',
  columns:
    'The first row names the columns: user, displayName, extension and syncEnabled, and if wanted numbers, mailbox, owner and timeZone.',
  asText: 'Format columns of digits as text before you save it, or 01076 becomes 1076.',
  template: 'Save a sample file',
  otherFile: 'Choose another file',
  mode: 'Users who are not in the file',
  merge: 'Keep users who are not in the file',
  replace: 'Remove users who are not in the file',
  save: (n: number) => (n === 1 ? 'Save 1 change' : `Save ${n} changes`),
  summary: ({ created, updated, unchanged, removed }: Counts) =>
    `Every row is good: ${created} new, ${updated} changed, ${unchanged} as before, ${removed} removed.`,
  someBad: (bad: number, all: number) =>
    `${bad} of ${all} rows cannot be taken, so nothing was saved. Mend them and choose the file again.`,
  show: 'Rows',
  problems: (n: number) => `Problems (${n})`,
  allRows: (n: number) => `All rows (${n})`,
  changes: 'Changes',
  rows: 'Rows of the file',
  row: 'Row',
  outcome: 'Outcome',
  outcomes: {
    created: 'New',
    updated: 'Changed',
    unchanged: 'As before',
    removed: 'Removed',
    good: 'Good',
    bad: 'Cannot be taken'
  },
  more: (n: number) => `Show more (${n})`,
  removeTitle: (n: number) => (n === 1 ? '1 user will be removed' : `${n} users will be removed`),
  removeText: 'They are not in the file. All that is kept of them goes; it cannot be undone.',
  progress: 'Progress of the import',
  running: (saved: number, total: number | null) =>
    total === null ? 'Being saved …' : `${saved} of ${total} saved …`,
  mayLeave: 'You can leave this page: the import goes on.',
  done: ({ created, updated, unchanged, removed }: Counts) =>
    `Done: ${created} new, ${updated} changed, ${unchanged} as before, ${removed} removed.`,
  sendAgain: 'It ended before all was saved. Send the same file again: what is saved counts as before.',
  toUsers: 'To the users'
}

export const importTexts: PageTexts<typeof en> = {
  en,
  sv: {
    title: 'Importera användare',
    choose: 'Välj en fil (CSV)',
    orDrop: 'eller släpp den här. Inget sparas förrän du har sett varje rad.',
    checking: 'Kontrolleras …',
    columns:
      'Första raden namnger kolumnerna: user, displayName, extension och syncEnabled, och vid behov numbers, mailbox, owner och timeZone.',
    asText: 'Formatera kolumner med siffror som text innan du sparar, annars blir 01076 till 1076.',
    template: 'Spara en exempelfil',
    otherFile: 'Välj en annan fil',
    mode: 'Användare som inte är med i filen',
    merge: 'Behåll användare som inte är med i filen',
    replace: 'Ta bort användare som inte är med i filen',
    save: (n) => (n === 1 ? 'Spara 1 ändring' : `Spara ${n} ändringar`),
    summary: ({ created, updated, unchanged, removed }) =>
      `Varje rad är bra: ${created} nya, ${updated} ändrade, ${unchanged} som förut, ${removed} tas bort.`,
    someBad: (bad, all) =>
      `${bad} av ${all} rader går inte att ta, så inget har sparats. Rätta dem och välj filen igen.`,
    show: 'Rader',
    problems: (n) => `Problem (${n})`,
    allRows: (n) => `Alla rader (${n})`,
    changes: 'Ändringar',
    rows: 'Filens rader',
    row: 'Rad',
    outcome: 'Utfall',
    outcomes: {
      created: 'Ny',
      updated: 'Ändrad',
      unchanged: 'Som förut',
      removed: 'Tas bort',
      good: 'Bra',
      bad: 'Går inte att ta'
    },
    more: (n) => `Visa fler (${n})`,
    removeTitle: (n) => (n === 1 ? '1 användare tas bort' : `${n} användare tas bort`),
    removeText: 'De är inte med i filen. Allt som finns om dem försvinner; det kan inte ångras.',
    progress: 'Hur långt importen har kommit',
    running: (saved, total) => (total === null ? 'Sparas …' : `${saved} av ${total} sparade …`),
    mayLeave: 'Du kan lämna sidan: importen fortsätter.',
    done: ({ created, updated, unchanged, removed }) =>
      `Klart: ${created} nya, ${updated} ändrade, ${unchanged} som förut, ${removed} borttagna.`,
    sendAgain: 'Den slutade innan allt var sparat. Skicka samma fil igen: det sparade räknas som förut.',
    toUsers: 'Till användarna'
  },
  da: {
    title: 'Importér brugere',
    choose: 'Vælg en fil (CSV)',
    orDrop: 'eller slip den her. Intet gemmes, før du har set hver række.',
    checking: 'Kontrolleres …',
    columns:
      'Første række navngiver kolonnerne: user, displayName, extension og syncEnabled, og efter behov numbers, mailbox, owner og timeZone.',
    asText: 'Formatér kolonner med cifre som tekst, før du gemmer, ellers bliver 01076 til 1076.',
    template: 'Gem en eksempelfil',
    otherFile: 'Vælg en anden fil',
    mode: 'Brugere, der ikke er i filen',
    merge: 'Behold brugere, der ikke er i filen',
    replace: 'Fjern brugere, der ikke er i filen',
    save: (n) => (n === 1 ? 'Gem 1 ændring' : `Gem ${n} ændringer`),
    summary: ({ created, updated, unchanged, removed }) =>
      `Hver række er god: ${created} nye, ${updated} ændret, ${unchanged} som før, ${removed} fjernes.`,
    someBad: (bad, all) =>
      `${bad} af ${all} rækker kan ikke tages, så intet er gemt. Ret dem, og vælg filen igen.`,
    show: 'Rækker',
    problems: (n) => `Problemer (${n})`,
    allRows: (n) => `Alle rækker (${n})`,
    changes: 'Ændringer',
    rows: 'Filens rækker',
    row: 'Række',
    outcome: 'Udfald',
    outcomes: {
      created: 'Ny',
      updated: 'Ændret',
      unchanged: 'Som før',
      removed: 'Fjernes',
      good: 'God',
      bad: 'Kan ikke tages'
    },
    more: (n) => `Vis flere (${n})`,
    removeTitle: (n) => (n === 1 ? '1 bruger fjernes' : `${n} brugere fjernes`),
    removeText: 'De er ikke i filen. Alt, hvad der er gemt om dem, forsvinder; det kan ikke fortrydes.',
    progress: 'Hvor langt importen er',
    running: (saved, total) => (total === null ? 'Gemmes …' : `${saved} af ${total} gemt …`),
    mayLeave: 'Du kan forlade siden: importen fortsætter.',
    done: ({ created, updated, unchanged, removed }) =>
      `Færdig: ${created} nye, ${updated} ændret, ${unchanged} som før, ${removed} fjernet.`,
    sendAgain: 'Den sluttede, før alt var gemt. Send samme fil igen: det gemte tæller som før.',
    toUsers: 'Til brugerne'
  },
  nb: {
    title: 'Importer brukere',
    choose: 'Velg en fil (CSV)',
    orDrop: 'eller slipp den her. Ingenting lagres før du har sett hver rad.',
    checking: 'Kontrolleres …',
    columns:
      'Første rad gir kolonnene navn: user, displayName, extension og syncEnabled, og ved behov numbers, mailbox, owner og timeZone.',
    asText: 'Formater kolonner med sifre som tekst før du lagrer, ellers blir 01076 til 1076.',
    template: 'Lagre en eksempelfil',
    otherFile: 'Velg en annen fil',
    mode: 'Brukere som ikke er i filen',
    merge: 'Behold brukere som ikke er i filen',
    replace: 'Fjern brukere som ikke er i filen',
    save: (n) => (n === 1 ? 'Lagre 1 endring' : `Lagre ${n} endringer`),
    summary: ({ created, updated, unchanged, removed }) =>
      `Hver rad er god: ${created} nye, ${updated} endret, ${unchanged} som før, ${removed} fjernes.`,
    someBad: (bad, all) =>
      `${bad} av ${all} rader kan ikke tas, så ingenting er lagret. Rett dem, og velg filen igjen.`,
    show: 'Rader',
    problems: (n) => `Problemer (${n})`,
    allRows: (n) => `Alle rader (${n})`,
    changes: 'Endringer',
    rows: 'Filens rader',
    row: 'Rad',
    outcome: 'Utfall',
    outcomes: {
      created: 'Ny',
      updated: 'Endret',
      unchanged: 'Som før',
      removed: 'Fjernes',
      good: 'God',
      bad: 'Kan ikke tas'
    },
    more: (n) => `Vis flere (${n})`,
    removeTitle: (n) => (n === 1 ? '1 bruker fjernes' : `${n} brukere fjernes`),
    removeText: 'De er ikke i filen. Alt som er lagret om dem, forsvinner; det kan ikke angres.',
    progress: 'Hvor langt importen er kommet',
    running: (saved, total) => (total === null ? 'Lagres …' : `${saved} av ${total} lagret …`),
    mayLeave: 'Du kan forlate siden: importen fortsetter.',
    done: ({ created, updated, unchanged, removed }) =>
      `Ferdig: ${created} nye, ${updated} endret, ${unchanged} som før, ${removed} fjernet.`,
    sendAgain: 'Den sluttet før alt var lagret. Send samme fil igjen: det lagrede teller som før.',
    toUsers: 'Til brukerne'
  },
  fi: {
    title: 'Tuo käyttäjiä',
    choose: 'Valitse tiedosto (CSV)',
    orDrop: 'tai pudota se tähän. Mitään ei tallenneta, ennen kuin olet nähnyt jokaisen rivin.',
    checking: 'Tarkistetaan …',
    columns:
      'Ensimmäinen rivi nimeää sarakkeet: user, displayName, extension ja syncEnabled sekä tarvittaessa numbers, mailbox, owner ja timeZone.',
    asText: 'Muotoile numerosarakkeet tekstiksi ennen tallennusta, muuten 01076 muuttuu luvuksi 1076.',
    template: 'Tallenna mallitiedosto',
    otherFile: 'Valitse toinen tiedosto',
    mode: 'Käyttäjät, joita tiedostossa ei ole',
    merge: 'Säilytä käyttäjät, joita tiedostossa ei ole',
    replace: 'Poista käyttäjät, joita tiedostossa ei ole',
    save: (n) => (n === 1 ? 'Tallenna 1 muutos' : `Tallenna ${n} muutosta`),
    summary: ({ created, updated, unchanged, removed }) =>
      `Jokainen rivi kelpaa: ${created} uutta, ${updated} muuttuu, ${unchanged} ennallaan, ${removed} poistetaan.`,
    someBad: (bad, all) =>
      `${bad}/${all} riviä ei kelpaa, joten mitään ei tallennettu. Korjaa ne ja valitse tiedosto uudelleen.`,
    show: 'Rivit',
    problems: (n) => `Ongelmat (${n})`,
    allRows: (n) => `Kaikki rivit (${n})`,
    changes: 'Muutokset',
    rows: 'Tiedoston rivit',
    row: 'Rivi',
    outcome: 'Tulos',
    outcomes: {
      created: 'Uusi',
      updated: 'Muuttuu',
      unchanged: 'Ennallaan',
      removed: 'Poistetaan',
      good: 'Kelpaa',
      bad: 'Ei kelpaa'
    },
    more: (n) => `Näytä lisää (${n})`,
    removeTitle: (n) => (n === 1 ? '1 käyttäjä poistetaan' : `${n} käyttäjää poistetaan`),
    removeText: 'Heitä ei ole tiedostossa. Kaikki heistä tallennettu poistuu; sitä ei voi kumota.',
    progress: 'Tuonnin eteneminen',
    running: (saved, total) => (total === null ? 'Tallennetaan …' : `${saved}/${total} tallennettu …`),
    mayLeave: 'Voit poistua sivulta: tuonti jatkuu.',
    done: ({ created, updated, unchanged, removed }) =>
      `Valmis: ${created} uutta, ${updated} muuttui, ${unchanged} ennallaan, ${removed} poistettiin.`,
    sendAgain:
      'Se päättyi ennen kuin kaikki oli tallennettu. Lähetä sama tiedosto uudelleen: tallennettu lasketaan ennallaan olevaksi.',
    toUsers: 'Käyttäjiin'
  }
}
