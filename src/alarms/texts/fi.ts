/** The messages of alarms in Finnish. */
import type { AlarmTexts, TextFacts } from './alarm-texts.ts'

const asOf = ({ tenant, since }: TextFacts) =>
  `Asiakkaan ${tenant} poissaolotiedot perustuvat kalentereihin, jotka luettiin viimeksi ${since}.`
const mailboxes = (count: number) => (count === 1 ? '1 postilaatikko' : `${count} postilaatikkoa`)
const notFollowed = () => 'Näiden käyttäjien poissaolotiedot eivät seuraa kalenteria.'
const inDays = (days: number) =>
  days === 0 ? 'vuorokauden kuluessa' : days === 1 ? '1 päivän kuluttua' : `${days} päivän kuluttua`

export const fi: AlarmTexts = {
  locale: 'fi-FI',
  causes: {
    secret_expired: {
      title: () => 'kalenterien tunnistetieto on vanhentunut',
      meaning: asOf,
      hint: 'Luo kalenterijärjestelmässä uusi salaisuus, varmenne tai salasana ja syötä se yhteyden tietoihin.'
    },
    secret_invalid: {
      title: () => 'kalenterijärjestelmä hylkää kirjautumisen',
      meaning: asOf,
      hint: 'Salaisuus tai salasana on vaihdettu tai kirjoitettu väärin. Syötä oikea yhteyden tietoihin.'
    },
    consent_missing: {
      title: () => 'suostumus kalenterien lukemiseen puuttuu',
      meaning: asOf,
      hint: 'Kalenterijärjestelmän ylläpitäjän on annettava suostumus tai rooli uudelleen.'
    },
    unreachable: {
      title: () => 'kalenterijärjestelmään ei saada yhteyttä',
      meaning: asOf,
      hint: 'Tarkista, että kalenterijärjestelmä on käynnissä ja onko nimi, varmenne, palomuuri tai VPN muuttunut.'
    },
    protocol_error: {
      title: () => 'kalenterijärjestelmä vastaa virheillä',
      meaning: asOf,
      hint: 'Yhteyden osoitteessa saattaa vastata jokin muu kuin kalenterijärjestelmä. Testaa yhteys.'
    },
    throttled: {
      title: () => 'kalenterijärjestelmä pyytää vähemmän kutsuja',
      meaning: asOf,
      hint: 'Kasvata yhteyden pollSeconds-arvoa tai salli palvelutilille enemmän kutsuja kalenterijärjestelmässä.'
    },
    proxy_refused: {
      title: () => 'välityspalvelin estää pääsyn kalenterijärjestelmään',
      meaning: asOf,
      hint: 'Välityspalvelimen ylläpitäjän on sallittava kalenterijärjestelmän osoite.'
    },
    clock_wrong: {
      title: () => 'kalenterijärjestelmän kello on väärässä',
      meaning: asOf,
      hint: 'Aseta kalenterijärjestelmän kello tai sen koneen kello, jolla Hanvisa toimii (NTP).'
    },
    secret_expires: {
      title: ({ days }) => `kalenterien tunnistetieto vanhenee ${inDays(days)}`,
      meaning: ({ tenant, ends }) =>
        `Ellei sitä uusita, asiakkaan ${tenant} kalentereita ei lueta ${ends} alkaen, ja poissaolotiedot menevät väärin.`,
      hint: 'Luo kalenterijärjestelmässä uusi salaisuus, varmenne tai salasana ja syötä se ja sen päättymispäivä yhteyden tietoihin.'
    },
    application_expires: {
      title: ({ days }) => `palveluntarjoajan Entra-sovelluksen salaisuus vanhenee ${inDays(days)}`,
      meaning: ({ ends }) =>
        `Ellei sitä uusita, sovelluksen hyväksyneiden asiakkaiden kalentereita ei lueta ${ends} alkaen, ja poissaolotiedot menevät väärin.`,
      hint: 'Luo Entrassa uusi asiakassalaisuus tai rekisteröi uusi varmenne ja aseta se muuttujilla HANVISA_ENTRA_CLIENT_SECRET ja HANVISA_ENTRA_CLIENT_SECRET_EXPIRES tai HANVISA_ENTRA_CLIENT_CERTIFICATE ja HANVISA_ENTRA_CLIENT_KEY.'
    },
    stale: {
      title: ({ users, of }) => `${users}/${of} kalenteria ei ole ajan tasalla`,
      meaning: ({ tenant, since }) =>
        `Monet asiakkaan ${tenant} poissaolotiedot perustuvat kalentereihin, jotka luettiin viimeksi ${since}.`,
      hint: 'Yhteyden sivu näyttää, mitä kalentereita asia koskee ja mitä on tehtävä.'
    },
    subscriptions_inactive: {
      title: () => 'kalenterien muutokset näkyvät myöhässä',
      meaning: () => 'Poissaolotiedot seuraavat muuttunutta kalenteria minuuttien eikä sekuntien kuluttua.',
      hint: 'Ilmoitukset eivät tule perille: tarkista, että julkiseen osoitteeseen pääsee ja että oikeus sallii tilaukset.'
    },
    consumer_refused: {
      title: () => 'vaihde ei ota vastaan poissaolotietoja',
      meaning: () => 'Soittaja saattaa kuulla vanhentuneen tiedon.',
      hint: 'Katso vastaanottavien järjestelmien luettelosta, mikä niistä on kyseessä ja mitä se vastaa. Osoite tai salaisuus on voinut muuttua.'
    },
    key_expires: {
      title: ({ days }) => `API-avain vanhenee ${inDays(days)}`,
      meaning: ({ ends }) => `Sitä käyttävä vaihde tai puhelin hylätään ${ends} alkaen.`,
      hint: 'Vaihda avain ja syötä uusi sinne, missä vanhaa käytetään.'
    },
    mailbox_unknown: {
      title: ({ users }) => `${mailboxes(users)} ei löydy`,
      meaning: notFollowed,
      hint: 'Korjaa postilaatikon osoite tai poista käyttäjän synkronointi käytöstä.'
    },
    access_denied: {
      title: ({ users }) => `${mailboxes(users)} ilman lukuoikeutta`,
      meaning: notFollowed,
      hint: 'Anna palvelutilille oikeus lukea nämä kalenterit.'
    },
    subject_not_readable: {
      title: ({ users }) => `${mailboxes(users)}, joiden aiheita ei voi lukea`,
      meaning: () => 'Aiheen sanat eivät siellä vaikuta poissaolotietoihin.',
      hint: 'Anna palvelutilille näihin kalentereihin Tarkastaja-oikeus (Reviewer).'
    },
    mailbox_twice: {
      title: ({ users }) => `${mailboxes(users)} löytyy useammin kuin kerran`,
      meaning: notFollowed,
      hint: 'Varmista, että jokainen postilaatikko löytyy vain yhden yhteyden kautta.'
    },
    mailbox_outside: {
      title: ({ users }) => `${mailboxes(users)} sallitun alueen ulkopuolella`,
      meaning: notFollowed,
      hint: 'Lisää postilaatikot ryhmään, jota sovellus saa lukea.'
    }
  },
  flood: {
    title: ({ what, users }) => `${users} asiakasta yhtä aikaa: ${what}`,
    meaning: ({ since }) =>
      `Näiden asiakkaiden poissaolotiedot perustuvat kalentereihin, jotka luettiin viimeksi noin ${since}.`,
    hint: 'Näin monta yhtä aikaa tuskin johtuu asiakkaista: tarkista, pääseekö Hanvisa internetiin, ja Microsoftin palvelujen tila. Asiakkaiden omat viestit odottavat puoli tuntia.'
  },
  resolved: {
    stale: 'kalenterit ovat taas ajan tasalla',
    secret_expires: 'kalenterien tunnistetieto on uusittu',
    application_expires: 'palveluntarjoajan Entra-sovelluksen salaisuus on uusittu',
    flood: (what) => `monta asiakasta: ${what}`
  },
  time: (hour, minute) => `klo ${hour}.${minute}`,
  dayAndTime: (day, time) => `${day} ${time}`,
  reminder: 'Muistutus',
  over: 'Korjaantunut',
  test: 'Testi',
  began: (since) => `Alkoi ${since}.`,
  ended: (since, until) => `Alkoi ${since}, päättyi ${until}.`,
  affected: (users, of) => `Koskee käyttäjiä: ${users}/${of}.`,
  usersAre: (ids, more) => (more === 0 ? `Käyttäjät: ${ids}.` : `Käyttäjät: ${ids} ja ${more} muuta.`),
  more: (count) => `ja ${count} muuta`,
  details: (url) => `Lisätietoja: ${url}`,
  footer: 'Hanvisan lähettämä. Vastauksia ei lueta.',
  digest: {
    subject: 'Päivän yhteenveto',
    intro: 'Nämä vaativat toimia:',
    dropped: (count) => `Viestejä, joita ei lähetetty, koska niitä oli liikaa: ${count}.`
  },
  code: {
    subject: 'Vahvista, että haluat hälytykset',
    text: (owner, code) =>
      `Hanvisan hälytykset (${owner}) aiotaan lähettää tänne. Koodi on ${code}. Se on voimassa 24 tuntia. Jos et tiedä asiasta, sinun ei tarvitse tehdä mitään.`,
    short: (owner, code) => `${code} on Hanvisan hälytysten koodi (${owner})`
  },
  testText: 'Tämä on testi. Hälytykset tulevat perille tänne.',
  provider: 'kaikki asiakkaat'
}
