/** What the pages of the sign-in say, in the five languages. */
import type { PageContent, PageLanguage } from './page.ts'

/** `invalid`: too late, used already, or of another browser. `noRole`, `noTenant`: signed in at the issuer, but nobody here. */
export type SignInPage = 'refused' | 'invalid' | 'unreachable' | 'noRole' | 'noTenant' | 'chooseTenant'

type Texts = Readonly<Record<SignInPage, Pick<PageContent, 'title' | 'paragraphs'>>> & {
  readonly again: string
}

export const signInTexts: Readonly<Record<PageLanguage, Texts>> = {
  sv: {
    again: 'Logga in igen',
    refused: {
      title: 'Inloggningen avbröts',
      paragraphs: ['Inloggningstjänsten släppte inte in dig, eller så avbröt du själv. Du är inte inloggad.']
    },
    invalid: {
      title: 'Inloggningen tog för lång tid',
      paragraphs: [
        'Länken har redan använts, är för gammal eller hör till en annan webbläsare. Du är inte inloggad. Börja om härifrån.'
      ]
    },
    unreachable: {
      title: 'Inloggningstjänsten svarar inte',
      paragraphs: [
        'Du är inte inloggad. Försök igen om en stund. Om det inte hjälper: kontakta den som driver Hanvisa.'
      ]
    },
    noRole: {
      title: 'Du har ingen roll i Hanvisa',
      paragraphs: [
        'Du är känd hos inloggningstjänsten, men har inte fått någon roll. Be din administratör att ge dig programrollen Hanvisa.Operator.'
      ]
    },
    noTenant: {
      title: 'Din organisation är inte kopplad',
      paragraphs: [
        'Ingen kund i Hanvisa hör till din katalog. Be leverantören av växeln att ange den för er kund.'
      ]
    },
    chooseTenant: {
      title: 'Välj kund',
      paragraphs: ['Flera kunder hör till din katalog. Vilken vill du arbeta med?']
    }
  },
  en: {
    again: 'Sign in again',
    refused: {
      title: 'The sign-in was cancelled',
      paragraphs: ['The sign-in service did not let you in, or you cancelled it. You are not signed in.']
    },
    invalid: {
      title: 'The sign-in took too long',
      paragraphs: [
        'The link was used already, is too old, or belongs to another browser. You are not signed in. Start again from here.'
      ]
    },
    unreachable: {
      title: 'The sign-in service does not answer',
      paragraphs: [
        'You are not signed in. Try again in a while. If that does not help, tell whoever runs Hanvisa.'
      ]
    },
    noRole: {
      title: 'You have no role in Hanvisa',
      paragraphs: [
        'The sign-in service knows you, but you were given no role. Ask your administrator for the app role Hanvisa.Operator.'
      ]
    },
    noTenant: {
      title: 'Your organisation is not connected',
      paragraphs: [
        'No customer in Hanvisa belongs to your directory. Ask the provider of your switch to enter it for you.'
      ]
    },
    chooseTenant: {
      title: 'Choose a customer',
      paragraphs: ['Several customers belong to your directory. Which one do you want to work with?']
    }
  },
  da: {
    again: 'Log ind igen',
    refused: {
      title: 'Login blev afbrudt',
      paragraphs: ['Logintjenesten lukkede dig ikke ind, eller du afbrød selv. Du er ikke logget ind.']
    },
    invalid: {
      title: 'Login tog for lang tid',
      paragraphs: [
        'Linket er allerede brugt, er for gammelt eller hører til en anden browser. Du er ikke logget ind. Begynd forfra herfra.'
      ]
    },
    unreachable: {
      title: 'Logintjenesten svarer ikke',
      paragraphs: [
        'Du er ikke logget ind. Prøv igen om lidt. Hvis det ikke hjælper: kontakt dem, der driver Hanvisa.'
      ]
    },
    noRole: {
      title: 'Du har ingen rolle i Hanvisa',
      paragraphs: [
        'Logintjenesten kender dig, men du har ikke fået nogen rolle. Bed din administrator om approllen Hanvisa.Operator.'
      ]
    },
    noTenant: {
      title: 'Din organisation er ikke tilknyttet',
      paragraphs: [
        'Ingen kunde i Hanvisa hører til dit katalog. Bed leverandøren af omstillingen om at angive det for jer.'
      ]
    },
    chooseTenant: {
      title: 'Vælg kunde',
      paragraphs: ['Flere kunder hører til dit katalog. Hvilken vil du arbejde med?']
    }
  },
  nb: {
    again: 'Logg inn igjen',
    refused: {
      title: 'Innloggingen ble avbrutt',
      paragraphs: ['Innloggingstjenesten slapp deg ikke inn, eller du avbrøt selv. Du er ikke logget inn.']
    },
    invalid: {
      title: 'Innloggingen tok for lang tid',
      paragraphs: [
        'Lenken er allerede brukt, er for gammel eller hører til en annen nettleser. Du er ikke logget inn. Begynn på nytt herfra.'
      ]
    },
    unreachable: {
      title: 'Innloggingstjenesten svarer ikke',
      paragraphs: [
        'Du er ikke logget inn. Prøv igjen om en stund. Hvis det ikke hjelper: kontakt den som drifter Hanvisa.'
      ]
    },
    noRole: {
      title: 'Du har ingen rolle i Hanvisa',
      paragraphs: [
        'Innloggingstjenesten kjenner deg, men du har ikke fått noen rolle. Be administratoren om approllen Hanvisa.Operator.'
      ]
    },
    noTenant: {
      title: 'Organisasjonen din er ikke tilknyttet',
      paragraphs: [
        'Ingen kunde i Hanvisa hører til katalogen din. Be leverandøren av sentralbordet om å angi den for dere.'
      ]
    },
    chooseTenant: {
      title: 'Velg kunde',
      paragraphs: ['Flere kunder hører til katalogen din. Hvilken vil du arbeide med?']
    }
  },
  fi: {
    again: 'Kirjaudu uudelleen',
    refused: {
      title: 'Kirjautuminen keskeytyi',
      paragraphs: [
        'Kirjautumispalvelu ei päästänyt sinua sisään, tai keskeytit itse. Et ole kirjautunut sisään.'
      ]
    },
    invalid: {
      title: 'Kirjautuminen kesti liian kauan',
      paragraphs: [
        'Linkki on jo käytetty, liian vanha tai kuuluu toiseen selaimeen. Et ole kirjautunut sisään. Aloita alusta tästä.'
      ]
    },
    unreachable: {
      title: 'Kirjautumispalvelu ei vastaa',
      paragraphs: [
        'Et ole kirjautunut sisään. Yritä hetken kuluttua uudelleen. Jos se ei auta, ota yhteyttä Hanvisan ylläpitäjään.'
      ]
    },
    noRole: {
      title: 'Sinulla ei ole roolia Hanvisassa',
      paragraphs: [
        'Kirjautumispalvelu tuntee sinut, mutta sinulle ei ole annettu roolia. Pyydä järjestelmänvalvojalta sovellusroolia Hanvisa.Operator.'
      ]
    },
    noTenant: {
      title: 'Organisaatiotasi ei ole liitetty',
      paragraphs: [
        'Yksikään Hanvisan asiakas ei kuulu hakemistoosi. Pyydä vaihteen toimittajaa lisäämään se teille.'
      ]
    },
    chooseTenant: {
      title: 'Valitse asiakas',
      paragraphs: ['Hakemistoosi kuuluu useita asiakkaita. Minkä parissa haluat työskennellä?']
    }
  }
}
