/** What the form for a customer says, in five languages. */
import type { PageTexts } from '../i18n/page-texts.ts'

const en = {
  edit: (name: string) => `Change ${name}`,
  save: 'Save',
  saved: (name: string) => `${name} is saved.`,
  remove: (name: string) => `Remove ${name}`,
  removeAction: 'Remove',
  removeText:
    'With its connection, rules, users, keys and everything else. Its switches hear nothing more. It cannot be undone.',
  removed: (name: string) => `${name} is removed.`,
  timeZoneHelp: 'Another one has all calendars read again.',
  make: 'New customer',
  name: 'Name',
  id: 'Id',
  idHelp: 'Stands in addresses and cannot be changed later.',
  taken: 'Another customer has this id: choose one of its own.',
  timeZone: 'Time zone',
  language: 'Language',
  directoryId: 'Microsoft Entra tenant id (if any)',
  directoryIdHelp: 'Whose operators may sign in, and which directory may consent. It can be added later.'
}

export const tenantsTexts: PageTexts<typeof en> = {
  en,
  sv: {
    edit: (name) => `Ändra ${name}`,
    save: 'Spara',
    saved: (name) => `${name} är sparad.`,
    remove: (name) => `Ta bort ${name}`,
    removeAction: 'Ta bort',
    removeText:
      'Med anslutning, regler, användare, nycklar och allt annat. Växlarna får inte veta något mer. Det kan inte ångras.',
    removed: (name) => `${name} är borttagen.`,
    timeZoneHelp: 'Med en annan läses alla kalendrar på nytt.',
    make: 'Ny kund',
    name: 'Namn',
    id: 'Id',
    idHelp: 'Står i adresser och kan inte ändras senare.',
    taken: 'En annan kund har detta id: välj ett eget.',
    timeZone: 'Tidszon',
    language: 'Språk',
    directoryId: 'Klientorganisations-id i Microsoft Entra (om det finns)',
    directoryIdHelp:
      'Vars operatörer får logga in, och vilken katalog som får ge medgivande. Kan läggas till senare.'
  },
  da: {
    edit: (name) => `Rediger ${name}`,
    save: 'Gem',
    saved: (name) => `${name} er gemt.`,
    remove: (name) => `Fjern ${name}`,
    removeAction: 'Fjern',
    removeText:
      'Med forbindelse, regler, brugere, nøgler og alt andet. Omstillingerne får ikke mere at vide. Det kan ikke fortrydes.',
    removed: (name) => `${name} er fjernet.`,
    timeZoneHelp: 'Med en anden læses alle kalendere på ny.',
    make: 'Ny kunde',
    name: 'Navn',
    id: 'Id',
    idHelp: 'Står i adresser og kan ikke ændres senere.',
    taken: 'En anden kunde har dette id: vælg et eget.',
    timeZone: 'Tidszone',
    language: 'Sprog',
    directoryId: 'Lejer-id i Microsoft Entra (hvis det findes)',
    directoryIdHelp:
      'Hvis operatører må logge ind, og hvilket katalog der må give samtykke. Kan tilføjes senere.'
  },
  nb: {
    edit: (name) => `Endre ${name}`,
    save: 'Lagre',
    saved: (name) => `${name} er lagret.`,
    remove: (name) => `Fjern ${name}`,
    removeAction: 'Fjern',
    removeText:
      'Med tilkobling, regler, brukere, nøkler og alt annet. Sentralene får ikke vite noe mer. Det kan ikke angres.',
    removed: (name) => `${name} er fjernet.`,
    timeZoneHelp: 'Med en annen leses alle kalendere på nytt.',
    make: 'Ny kunde',
    name: 'Navn',
    id: 'Id',
    idHelp: 'Står i adresser og kan ikke endres senere.',
    taken: 'En annen kunde har denne id-en: velg en egen.',
    timeZone: 'Tidssone',
    language: 'Språk',
    directoryId: 'Leier-ID i Microsoft Entra (hvis det finnes)',
    directoryIdHelp:
      'Hvis operatører kan logge inn, og hvilken katalog som kan gi samtykke. Kan legges til senere.'
  },
  fi: {
    edit: (name) => `Muokkaa: ${name}`,
    save: 'Tallenna',
    saved: (name) => `${name} on tallennettu.`,
    remove: (name) => `Poista ${name}`,
    removeAction: 'Poista',
    removeText:
      'Yhteys, säännöt, käyttäjät, avaimet ja kaikki muu poistetaan. Vaihteille ei kerrota enää mitään. Tätä ei voi perua.',
    removed: (name) => `${name} on poistettu.`,
    timeZoneHelp: 'Toisella kaikki kalenterit luetaan uudelleen.',
    make: 'Uusi asiakas',
    name: 'Nimi',
    id: 'Tunnus',
    idHelp: 'Näkyy osoitteissa, eikä sitä voi muuttaa myöhemmin.',
    taken: 'Toisella asiakkaalla on tämä tunnus: valitse oma.',
    timeZone: 'Aikavyöhyke',
    language: 'Kieli',
    directoryId: 'Microsoft Entran vuokraajatunnus (jos on)',
    directoryIdHelp:
      'Kenen operaattorit saavat kirjautua ja mikä hakemisto saa antaa suostumuksen. Voidaan lisätä myöhemmin.'
  }
}
