/** What the page of consumers says, in Danish. */
import type { Widened } from '../../i18n/en.ts'
import type { en } from './en.ts'

export const da: Widened<typeof en> = {
  title: 'Modtagere',
  lead: 'Omstillinger og programmer, der får statusser, så snart de ændres. Den, der selv spørger, behøver kun en nøgle.',
  none: 'Intet får statusser endnu. Tilføj omstillingen eller et eget program.',
  add: 'Tilføj modtager',
  edit: 'Rediger',
  save: 'Gem',
  saved: (id) => `${id} er gemt.`,
  columns: { consumer: 'Modtager', state: 'Tilstand', lag: 'Bagud', users: 'Brugere', actions: 'Handlinger' },
  kinds: {
    http: { name: 'HTTP', text: 'Med en opskrift, lagt ind over API’et.' },
    webhook: { name: 'Webhook', text: 'Statusser sendes signeret, som JSON, til et eget program.' },
    sip: {
      name: 'SIP-tilstedeværelse',
      text: 'Kamailio, OpenSIPS eller FreeSWITCH: telefonernes tekst og lamper.'
    },
    asterisk: { name: 'Asterisk', text: 'Asterisk eller FreePBX: tekst, lamper og poster til dialplanen.' }
  },
  states: {
    unverified: 'Ikke prøvet endnu',
    active: 'Modtager',
    failing: 'Mislykkes, prøves igen',
    refused: 'Afviser',
    disabled: 'Opgivet',
    paused: 'På pause'
  },
  lag: (seconds) => {
    if (seconds === 0) return 'Intet'
    if (seconds < 120) return `${seconds} s`
    return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} t`
  },
  took: (when) => `Modtog noget ${when}`,
  neverTook: 'Har ikke modtaget noget endnu',
  noUsers: 'Tælles ikke',
  has: (n) => (n === 1 ? 'Har 1 person' : `Har ${n} personer`),
  troubled: (failed, takenOver) =>
    [failed > 0 ? `${failed} mislykkedes` : '', takenOver > 0 ? `${takenOver} sat af en anden` : '']
      .filter((part) => part !== '')
      .join(', '),
  troubledTitle: (id) => `Hvem der ikke er, som de skal, hos ${id}`,
  takenOver: 'En anden har sat det, der står der; det lades i fred.',
  noTrouble: 'Alle er, som de skal.',
  test: 'Afprøv',
  testNamed: (id) => `Afprøv ${id}`,
  testHelp: 'De samme kald, som når der sendes, trin for trin. Bagefter er alt som før.',
  testUser: 'Brugerens id (ellers den første)',
  testing: 'Afprøves …',
  steps: {
    post: 'Tager imod et signeret kald',
    connect: 'Nås, og login lykkes',
    presence: 'Tilstedeværelse kan sættes',
    'device-state': 'Lamper kan sættes',
    database: 'Databasen kan skrives',
    'publish-presence': 'Tilstedeværelse publiceres',
    'remove-presence': 'Tilstedeværelse fjernes igen',
    'publish-dialog': 'Lampen publiceres',
    'remove-dialog': 'Lampen fjernes igen'
  },
  pause: 'Sæt på pause',
  pauseNamed: (id) => `Sæt ${id} på pause`,
  paused: (id) => `${id} er på pause: der sendes ikke mere.`,
  resume: 'Fortsæt',
  resumeNamed: (id) => `Fortsæt med ${id}`,
  resumed: (id) => `${id} fortsætter, med alle som de er nu.`,
  again: 'Send alle igen',
  sentAgain: (id) => `Alle sendes til ${id} igen.`,
  moreNamed: (id) => `Mere for ${id}`,
  remove: 'Fjern',
  removeNamed: (id) => `Fjern ${id}`,
  removeText:
    'Der sendes ikke mere dertil, og dens hemmeligheder forsvinder. Det, der er sat dér, bliver stående og ophører af sig selv, hvor det kan.',
  removed: (id) => `${id} er fjernet.`,
  secretOnce: 'Kopiér hemmeligheden nu. Den vises kun denne ene gang.',
  secretHow: 'Modtageren kontrollerer hvert kalds signatur med den (Standard Webhooks).',
  more: 'Følsomme viderestillinger, tempo',
  moreSip: 'Hvem der publicerer, hvor længe det gælder, certifikat',
  moreAsterisk: 'Tilstedeværelse for hver viderestilling, certifikat',
  parts: {
    text: 'Teksten (presence)',
    presence: 'Teksten (presence)',
    dialog: 'Lampen (dialog)',
    'device-state': 'Lampen (device state Custom:HV…)',
    database: 'Poster til dialplanen (hanvisa/…)'
  },
  fields: {
    id: 'Navn',
    idHelp: 'Kort, uden mellemrum, for eksempel “pbx”. Det kan ikke ændres senere.',
    url: 'Adresse',
    urlHelp: 'https; omdirigeringer følges ikke.',
    secret: 'Hemmelighed',
    secretHelp: 'Er den tom, laves der en, som vises én gang. Ellers whsec_ og 24 til 64 byte som base64.',
    previousSecret: 'Hemmeligheden indtil nu',
    previousSecretHelp:
      'Så signeres hvert kald med begge, til du gemmer igen: modtageren skifter uden afbrydelse.',
    detail: 'Hvert kald indeholder',
    details: { full: 'statusserne', thin: 'kun brugernes id; modtageren spørger efter resten' },
    proxy: 'Proxy',
    proxyHelp: 'sips:VÆRT over TLS, eller sip:VÆRT over TCP.',
    domain: 'Domæne',
    domainHelp: 'Efter @ i brugernes adresser.',
    user: 'Før @',
    userHelp: '{extension} eller {user}, med det, der står omkring.',
    account: 'Konto',
    sipAccountHelp: 'Er den tom, skal serveren stole på Hanvisas adresse.',
    asteriskAccountHelp: 'Afsnittet i manager.conf.',
    password: 'Adgangskode',
    publish: 'Hvad der publiceres',
    set: 'Hvad der sættes',
    identity: 'Hvem der publicerer',
    identities: { service: 'Kontoen, for alle', presentity: 'Hver bruger (FreeSWITCH)' },
    basic: 'Åben eller lukket',
    basics: { phone: 'Som telefonen er', open: 'Altid åben (FreeSWITCH)' },
    expires: 'Gælder i sekunder',
    expiresHelp: 'Derefter åbnes telefonerne, hvis Hanvisa er væk.',
    ca: 'Udstederens certifikat (PEM)',
    caHelp: 'Hvis den ikke er en offentlig.',
    host: 'Server',
    port: 'Port',
    portHelp: '5039 med TLS, ellers 5038.',
    tls: 'Over TLS (tlsenable i manager.conf)',
    noTls: 'Konto, adgangskode og statusser kan læses undervejs.',
    flavour: 'System',
    forwardTo: 'Opkald går til, mens telefonen er lukket',
    forwardToHelp: 'Et nummer, med {extension}, hvor det taler for hver enkelt. Tomt: ingen steder.',
    map: 'Hvad Asterisk får at vide om en lukket telefon',
    mapAdd: 'Tilføj viderestilling',
    mapDiversion: 'Viderestilling',
    mapState: (diversion) => `Tilstedeværelse ved ${diversion}`,
    mapRemove: (diversion) => `Udelad ${diversion}`,
    others: 'Alle andre',
    whose: 'Hvis statusser',
    everybody: 'Alles',
    some: 'Visse lokalnumres',
    extensions: 'Lokalnumre',
    extensionsHelp: 'Med komma imellem; 10* er alle, der begynder med 10.',
    privacy: 'Hvor meget der siges',
    privacies: {
      label: 'Viderestillingen og dens tider',
      generic: 'Til at træffe eller ej, og hvornår igen',
      'open-closed': 'Kun åben eller lukket'
    },
    sensitive: 'Sygefravær og lignende sendes, som de er',
    sensitiveHelp: 'Ellers siges “ikke på kontoret”.',
    perSecond: 'Højst pr. sekund',
    perSecondHelp: 'Tomt: 20.'
  }
}
