/** What the page of consumers says, in Norwegian (Bokmål). */
import type { Widened } from '../../i18n/en.ts'
import type { en } from './en.ts'

export const nb: Widened<typeof en> = {
  title: 'Mottakere',
  lead: 'Sentraler og programmer som får statuser så snart de endres. Den som spør selv, trenger bare en nøkkel.',
  none: 'Ingenting får statuser ennå. Legg til sentralen eller et eget program.',
  add: 'Legg til mottaker',
  edit: 'Endre',
  save: 'Lagre',
  saved: (id) => `${id} er lagret.`,
  columns: { consumer: 'Mottaker', state: 'Tilstand', lag: 'Etter', users: 'Brukere', actions: 'Handlinger' },
  kinds: {
    http: { name: 'HTTP', text: 'Med en oppskrift, lagt inn over API-et.' },
    webhook: { name: 'Webhook', text: 'Statuser sendes signert, som JSON, til et eget program.' },
    sip: {
      name: 'SIP-tilstedeværelse',
      text: 'Kamailio, OpenSIPS eller FreeSWITCH: telefonenes tekst og lamper.'
    },
    asterisk: {
      name: 'Asterisk',
      text: 'Asterisk eller FreePBX: tekst, lamper og oppføringer for dialplanen.'
    }
  },
  states: {
    unverified: 'Ikke prøvd ennå',
    active: 'Tar imot',
    failing: 'Mislykkes, prøves igjen',
    refused: 'Avviser',
    disabled: 'Gitt opp',
    paused: 'På pause'
  },
  lag: (seconds) => {
    if (seconds === 0) return 'Ingenting'
    if (seconds < 120) return `${seconds} s`
    return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} t`
  },
  took: (when) => `Tok imot noe ${when}`,
  neverTook: 'Har ikke tatt imot noe ennå',
  noUsers: 'Telles ikke',
  has: (n) => (n === 1 ? 'Har 1 person' : `Har ${n} personer`),
  troubled: (failed, takenOver) =>
    [failed > 0 ? `${failed} mislyktes` : '', takenOver > 0 ? `${takenOver} satt av noen andre` : '']
      .filter((part) => part !== '')
      .join(', '),
  troubledTitle: (id) => `Hvem som ikke er som de skal hos ${id}`,
  takenOver: 'Noen andre har satt det som står der; det lates i fred.',
  noTrouble: 'Alle er som de skal.',
  test: 'Prøv',
  testNamed: (id) => `Prøv ${id}`,
  testHelp: 'De samme kallene som når noe sendes, steg for steg. Etterpå er alt som før.',
  testUser: 'Brukerens id (ellers den første)',
  testing: 'Prøves …',
  steps: {
    post: 'Tar imot et signert kall',
    connect: 'Nås, og innloggingen lykkes',
    presence: 'Tilstedeværelse kan settes',
    'device-state': 'Lamper kan settes',
    database: 'Databasen kan skrives',
    'publish-presence': 'Tilstedeværelse publiseres',
    'remove-presence': 'Tilstedeværelse fjernes igjen',
    'publish-dialog': 'Lampen publiseres',
    'remove-dialog': 'Lampen fjernes igjen'
  },
  pause: 'Sett på pause',
  pauseNamed: (id) => `Sett ${id} på pause`,
  paused: (id) => `${id} er på pause: ingenting mer sendes.`,
  resume: 'Fortsett',
  resumeNamed: (id) => `Fortsett med ${id}`,
  resumed: (id) => `${id} fortsetter, med alle slik de er nå.`,
  again: 'Send alle på nytt',
  sentAgain: (id) => `Alle sendes til ${id} på nytt.`,
  moreNamed: (id) => `Mer for ${id}`,
  remove: 'Fjern',
  removeNamed: (id) => `Fjern ${id}`,
  removeText:
    'Ingenting mer sendes dit, og hemmelighetene er borte. Det som er satt der, blir stående og opphører av seg selv der det kan.',
  removed: (id) => `${id} er fjernet.`,
  secretOnce: 'Kopier hemmeligheten nå. Den vises bare denne ene gangen.',
  secretHow: 'Mottakeren kontrollerer signaturen på hvert kall med den (Standard Webhooks).',
  more: 'Følsomme viderekoblinger, tempo',
  moreSip: 'Hvem som publiserer, hvor lenge det gjelder, sertifikat',
  moreAsterisk: 'Tilstedeværelse for hver viderekobling, sertifikat',
  parts: {
    text: 'Teksten (presence)',
    presence: 'Teksten (presence)',
    dialog: 'Lampen (dialog)',
    'device-state': 'Lampen (device state Custom:HV…)',
    database: 'Oppføringer for dialplanen (hanvisa/…)'
  },
  fields: {
    id: 'Navn',
    idHelp: 'Kort, uten mellomrom, for eksempel «pbx». Det kan ikke endres senere.',
    url: 'Adresse',
    urlHelp: 'https; omdirigeringer følges ikke.',
    secret: 'Hemmelighet',
    secretHelp: 'Er den tom, lages en som vises én gang. Ellers whsec_ og 24 til 64 byte som base64.',
    previousSecret: 'Hemmeligheten hittil',
    previousSecretHelp:
      'Da signeres hvert kall med begge til du lagrer igjen: mottakeren bytter uten avbrudd.',
    detail: 'Hvert kall inneholder',
    details: { full: 'statusene', thin: 'bare brukernes id; mottakeren spør etter resten' },
    proxy: 'Proxy',
    proxyHelp: 'sips:VERT over TLS, eller sip:VERT over TCP.',
    domain: 'Domene',
    domainHelp: 'Etter @ i brukernes adresser.',
    user: 'Før @',
    userHelp: '{extension} eller {user}, med det som står rundt.',
    account: 'Konto',
    sipAccountHelp: 'Er den tom, må serveren stole på adressen til Hanvisa.',
    asteriskAccountHelp: 'Avsnittet i manager.conf.',
    password: 'Passord',
    publish: 'Hva som publiseres',
    set: 'Hva som settes',
    identity: 'Hvem som publiserer',
    identities: { service: 'Kontoen, for alle', presentity: 'Hver bruker (FreeSWITCH)' },
    basic: 'Åpen eller stengt',
    basics: { phone: 'Som telefonen er', open: 'Alltid åpen (FreeSWITCH)' },
    expires: 'Gjelder i sekunder',
    expiresHelp: 'Deretter åpnes telefonene, om Hanvisa skulle være borte.',
    ca: 'Utstederens sertifikat (PEM)',
    caHelp: 'Der den ikke er en offentlig.',
    host: 'Server',
    port: 'Port',
    portHelp: '5039 med TLS, ellers 5038.',
    tls: 'Over TLS (tlsenable i manager.conf)',
    noTls: 'Konto, passord og statuser kan leses underveis.',
    flavour: 'System',
    forwardTo: 'Samtaler går til, mens telefonen er stengt',
    forwardToHelp: 'Et nummer, med {extension} der det taler for hver enkelt. Tomt: ingen steder.',
    map: 'Hva Asterisk får vite om en stengt telefon',
    mapAdd: 'Legg til viderekobling',
    mapDiversion: 'Viderekobling',
    mapState: (diversion) => `Tilstedeværelse ved ${diversion}`,
    mapRemove: (diversion) => `Utelat ${diversion}`,
    others: 'Alle andre',
    whose: 'Hvem sine statuser',
    everybody: 'Alles',
    some: 'Noen internnumre',
    extensions: 'Internnumre',
    extensionsHelp: 'Med komma mellom; 10* er alle som begynner med 10.',
    privacy: 'Hvor mye som sies',
    privacies: {
      label: 'Viderekoblingen og tidene',
      generic: 'Tilgjengelig eller ikke, og når igjen',
      'open-closed': 'Bare åpen eller stengt'
    },
    sensitive: 'Sykefravær og lignende sendes som de er',
    sensitiveHelp: 'Ellers sies «ikke på kontoret».',
    perSecond: 'Høyst per sekund',
    perSecondHelp: 'Tomt: 20.'
  }
}
