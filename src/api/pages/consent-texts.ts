/** What the pages say that an administrator lands on after a consent, in the five languages: what happened, and what is next. */
import type { ConsentOutcome } from '../../management/consents.ts'
import type { PageContent, PageLanguage } from './page.ts'

type ConsentTexts = Readonly<Record<ConsentOutcome, Pick<PageContent, 'title' | 'paragraphs'>>> & {
  readonly again: string
}

export const consentTexts: Readonly<Record<PageLanguage, ConsentTexts>> = {
  sv: {
    again: 'Kontrollera igen',
    connected: {
      title: 'Kalendrarna är kopplade',
      paragraphs: [
        'Hanvisa får nu läsa kalendrarna i er katalog.',
        'Du kan stänga sidan. Er växelleverantör ser i Hanvisa att kopplingen fungerar. Ni kan när som helst dra tillbaka medgivandet i Entra, under Företagsprogram.'
      ]
    },
    refused: {
      title: 'Medgivandet gavs inte',
      paragraphs: [
        'Du, eller Microsoft, avbröt innan medgivandet var klart. Ingenting har kopplats.',
        'Be er växelleverantör om en ny länk om det inte var meningen. Den som öppnar länken måste vara administratör med rollen Privilegierad rolladministratör eller Global administratör.'
      ]
    },
    invalid: {
      title: 'Länken gäller inte längre',
      paragraphs: [
        'Länken har redan använts, är äldre än en timme eller är inte utfärdad här. Ingenting har ändrats.',
        'Be er växelleverantör om en ny länk.'
      ]
    },
    otherDirectory: {
      title: 'Medgivandet gäller en annan katalog',
      paragraphs: [
        'Du är inloggad i en annan Microsoft 365-katalog än den som hör till kunden. Ingenting har kopplats.',
        'Be om en ny länk och logga in med ett administratörskonto i rätt katalog.'
      ]
    },
    taken: {
      title: 'Katalogen är redan kopplad',
      paragraphs: [
        'En annan kund i Hanvisa har den här katalogen. Ingenting har ändrats.',
        'Kontakta er växelleverantör, som kan reda ut vilken kund katalogen hör till.'
      ]
    },
    notGranted: {
      title: 'Behörigheten syns inte än',
      paragraphs: [
        'Medgivandet är givet, men Microsoft visar ännu inte behörigheten att läsa kalendrar. Det kan ta några minuter.',
        'Vänta en stund och kontrollera igen. Om det inte hjälper: kontakta er växelleverantör.'
      ]
    },
    unreachable: {
      title: 'Microsoft svarar inte som väntat',
      paragraphs: [
        'Det gick inte att kontrollera medgivandet. Ingenting har kopplats.',
        'Kontrollera igen om en stund. Om det inte hjälper: kontakta er växelleverantör.'
      ]
    }
  },
  en: {
    again: 'Check again',
    connected: {
      title: 'The calendars are connected',
      paragraphs: [
        'Hanvisa may now read the calendars of your directory.',
        'You can close this page. Your switch provider sees in Hanvisa that the connection works. You can withdraw the consent at any time in Entra, under Enterprise applications.'
      ]
    },
    refused: {
      title: 'The consent was not given',
      paragraphs: [
        'You, or Microsoft, stopped before the consent was complete. Nothing has been connected.',
        'If that was not intended, ask your switch provider for a new link. Whoever opens it must be a Privileged Role Administrator or a Global Administrator.'
      ]
    },
    invalid: {
      title: 'The link is no longer valid',
      paragraphs: [
        'It was used already, is more than an hour old, or was not issued here. Nothing has changed.',
        'Ask your switch provider for a new link.'
      ]
    },
    otherDirectory: {
      title: 'The consent is for another directory',
      paragraphs: [
        'You are signed in to a Microsoft 365 directory that is not the customer’s. Nothing has been connected.',
        'Ask for a new link, and sign in with an administrator’s account of the right directory.'
      ]
    },
    taken: {
      title: 'The directory is connected already',
      paragraphs: [
        'Another customer in Hanvisa has this directory. Nothing has changed.',
        'Contact your switch provider, who can find out which customer the directory belongs to.'
      ]
    },
    notGranted: {
      title: 'The permission cannot be seen yet',
      paragraphs: [
        'The consent is given, but Microsoft does not show the permission to read calendars yet. This can take a few minutes.',
        'Wait a little and check again. If that does not help, contact your switch provider.'
      ]
    },
    unreachable: {
      title: 'Microsoft does not answer as expected',
      paragraphs: [
        'The consent could not be checked. Nothing has been connected.',
        'Check again in a while. If that does not help, contact your switch provider.'
      ]
    }
  },
  da: {
    again: 'Kontrollér igen',
    connected: {
      title: 'Kalenderne er tilknyttet',
      paragraphs: [
        'Hanvisa må nu læse kalenderne i jeres katalog.',
        'Du kan lukke siden. Jeres leverandør af omstillingen kan se i Hanvisa, at forbindelsen virker. I kan når som helst trække samtykket tilbage i Entra under Virksomhedsprogrammer.'
      ]
    },
    refused: {
      title: 'Samtykket blev ikke givet',
      paragraphs: [
        'Du eller Microsoft afbrød, før samtykket var givet. Intet er tilknyttet.',
        'Bed jeres leverandør om et nyt link, hvis det ikke var meningen. Den, der åbner linket, skal være Administrator af privilegerede roller eller Global administrator.'
      ]
    },
    invalid: {
      title: 'Linket gælder ikke længere',
      paragraphs: [
        'Linket er allerede brugt, er mere end en time gammelt eller er ikke udstedt her. Intet er ændret.',
        'Bed jeres leverandør om et nyt link.'
      ]
    },
    otherDirectory: {
      title: 'Samtykket gælder et andet katalog',
      paragraphs: [
        'Du er logget ind i et andet Microsoft 365-katalog end kundens. Intet er tilknyttet.',
        'Bed om et nyt link, og log ind med en administratorkonto i det rigtige katalog.'
      ]
    },
    taken: {
      title: 'Kataloget er allerede tilknyttet',
      paragraphs: [
        'En anden kunde i Hanvisa har dette katalog. Intet er ændret.',
        'Kontakt jeres leverandør, som kan finde ud af, hvilken kunde kataloget hører til.'
      ]
    },
    notGranted: {
      title: 'Tilladelsen kan ikke ses endnu',
      paragraphs: [
        'Samtykket er givet, men Microsoft viser endnu ikke tilladelsen til at læse kalendere. Det kan tage nogle minutter.',
        'Vent lidt, og kontrollér igen. Hvis det ikke hjælper: kontakt jeres leverandør.'
      ]
    },
    unreachable: {
      title: 'Microsoft svarer ikke som ventet',
      paragraphs: [
        'Samtykket kunne ikke kontrolleres. Intet er tilknyttet.',
        'Kontrollér igen om lidt. Hvis det ikke hjælper: kontakt jeres leverandør.'
      ]
    }
  },
  nb: {
    again: 'Kontroller igjen',
    connected: {
      title: 'Kalenderne er tilknyttet',
      paragraphs: [
        'Hanvisa kan nå lese kalenderne i katalogen deres.',
        'Du kan lukke siden. Leverandøren av sentralbordet ser i Hanvisa at tilkoblingen virker. Dere kan når som helst trekke samtykket tilbake i Entra, under Bedriftsapplikasjoner.'
      ]
    },
    refused: {
      title: 'Samtykket ble ikke gitt',
      paragraphs: [
        'Du, eller Microsoft, avbrøt før samtykket var gitt. Ingenting er tilknyttet.',
        'Be leverandøren om en ny lenke hvis det ikke var meningen. Den som åpner lenken, må være administrator for privilegerte roller eller global administrator.'
      ]
    },
    invalid: {
      title: 'Lenken gjelder ikke lenger',
      paragraphs: [
        'Lenken er allerede brukt, er mer enn en time gammel eller er ikke utstedt her. Ingenting er endret.',
        'Be leverandøren om en ny lenke.'
      ]
    },
    otherDirectory: {
      title: 'Samtykket gjelder en annen katalog',
      paragraphs: [
        'Du er logget inn i en annen Microsoft 365-katalog enn kundens. Ingenting er tilknyttet.',
        'Be om en ny lenke, og logg inn med en administratorkonto i riktig katalog.'
      ]
    },
    taken: {
      title: 'Katalogen er allerede tilknyttet',
      paragraphs: [
        'En annen kunde i Hanvisa har denne katalogen. Ingenting er endret.',
        'Kontakt leverandøren, som kan finne ut hvilken kunde katalogen hører til.'
      ]
    },
    notGranted: {
      title: 'Tillatelsen vises ikke ennå',
      paragraphs: [
        'Samtykket er gitt, men Microsoft viser ennå ikke tillatelsen til å lese kalendere. Det kan ta noen minutter.',
        'Vent litt og kontroller igjen. Hvis det ikke hjelper: kontakt leverandøren.'
      ]
    },
    unreachable: {
      title: 'Microsoft svarer ikke som ventet',
      paragraphs: [
        'Samtykket kunne ikke kontrolleres. Ingenting er tilknyttet.',
        'Kontroller igjen om en stund. Hvis det ikke hjelper: kontakt leverandøren.'
      ]
    }
  },
  fi: {
    again: 'Tarkista uudelleen',
    connected: {
      title: 'Kalenterit on liitetty',
      paragraphs: [
        'Hanvisa saa nyt lukea hakemistonne kalentereita.',
        'Voit sulkea sivun. Vaihteen toimittaja näkee Hanvisassa, että yhteys toimii. Voitte perua suostumuksen milloin tahansa Entrassa kohdassa Yrityssovellukset.'
      ]
    },
    refused: {
      title: 'Suostumusta ei annettu',
      paragraphs: [
        'Sinä tai Microsoft keskeytti ennen kuin suostumus oli annettu. Mitään ei ole liitetty.',
        'Jos tämä ei ollut tarkoitus, pyydä vaihteen toimittajalta uusi linkki. Linkin avaajan on oltava etuoikeutettujen roolien järjestelmänvalvoja tai yleinen järjestelmänvalvoja.'
      ]
    },
    invalid: {
      title: 'Linkki ei ole enää voimassa',
      paragraphs: [
        'Linkki on jo käytetty, se on yli tunnin vanha tai sitä ei ole luotu täällä. Mitään ei ole muutettu.',
        'Pyydä vaihteen toimittajalta uusi linkki.'
      ]
    },
    otherDirectory: {
      title: 'Suostumus koskee toista hakemistoa',
      paragraphs: [
        'Olet kirjautunut muuhun Microsoft 365 -hakemistoon kuin asiakkaan omaan. Mitään ei ole liitetty.',
        'Pyydä uusi linkki ja kirjaudu oikean hakemiston järjestelmänvalvojan tilillä.'
      ]
    },
    taken: {
      title: 'Hakemisto on jo liitetty',
      paragraphs: [
        'Tämä hakemisto on Hanvisassa toisella asiakkaalla. Mitään ei ole muutettu.',
        'Ota yhteyttä vaihteen toimittajaan, joka voi selvittää, kenelle hakemisto kuuluu.'
      ]
    },
    notGranted: {
      title: 'Käyttöoikeus ei näy vielä',
      paragraphs: [
        'Suostumus on annettu, mutta Microsoft ei vielä näytä oikeutta lukea kalentereita. Tämä voi kestää muutaman minuutin.',
        'Odota hetki ja tarkista uudelleen. Jos se ei auta, ota yhteyttä vaihteen toimittajaan.'
      ]
    },
    unreachable: {
      title: 'Microsoft ei vastaa odotetusti',
      paragraphs: [
        'Suostumusta ei voitu tarkistaa. Mitään ei ole liitetty.',
        'Tarkista hetken kuluttua uudelleen. Jos se ei auta, ota yhteyttä vaihteen toimittajaan.'
      ]
    }
  }
}
