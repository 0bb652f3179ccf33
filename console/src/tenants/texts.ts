/** What the form for a customer says, in five languages. */
import type { PageTexts } from '../i18n/page-texts.ts'

const en = {
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
