/** The three sample tenants: who works there, and how they write in their calendars. */

/** What people do in a day. */
export const eventKinds = [
  'meeting',
  'lunch',
  'errand',
  'focus',
  'elsewhere',
  'trip',
  'vacation',
  'sick',
  'private',
  'perhaps',
  'note',
  'gone'
] as const
export type EventKind = (typeof eventKinds)[number]

/** As Graph has it. */
export type ShowAs = 'free' | 'tentative' | 'busy' | 'oof' | 'workingElsewhere'

export interface Wording {
  readonly subject: string
  readonly showAs: ShowAs
}

export interface DemoUser {
  readonly id: string
  readonly name: string
  readonly extension: string
  readonly mailbox: string
}

export interface SampleTenant {
  readonly id: string
  readonly name: string
  readonly timeZone: string
  readonly language: string
  readonly pack: string
  /** What the table says about it. */
  readonly manner: string
  /** Microsoft 365, or an Exchange server on the tenant's own premises. */
  readonly exchange: 'cloud' | 'premises'
  readonly users: readonly DemoUser[]
  readonly wordings: Readonly<Record<EventKind, Wording>>
}

export const sampleTenants: readonly SampleTenant[] = [
  {
    id: 'bjorken',
    name: 'Björken Bygg',
    timeZone: 'Europe/Stockholm',
    language: 'sv',
    pack: 'bredband2-prefix',
    manner:
      'a prefix in the subject diverts, as at Bredband2; Exchange on their own premises is polled, and a mailbox moves to Microsoft 365',
    exchange: 'premises',
    users: people(
      'bjorken.example',
      1001,
      'Astrid Holm, Björn Åkesson, Cecilia Lund, David Öberg, Elsa Nyström, Fredrik Sjögren, ' +
        'Gunilla Hedlund, Håkan Ström, Ingrid Wallin, Jonas Ek, Kerstin Dahl, Lars-Erik Norberg'
    ),
    wordings: {
      meeting: { subject: 'MOT: Byggstart etapp två', showAs: 'busy' },
      lunch: { subject: 'LUN: Matlåda i parken', showAs: 'busy' },
      errand: { subject: 'UTE: Besiktning hos Svenssons', showAs: 'busy' },
      focus: { subject: 'UPP: Anbud skolan', showAs: 'busy' },
      elsewhere: { subject: 'HEM: Ritningar', showAs: 'workingElsewhere' },
      trip: { subject: 'UTE: Mässa i Göteborg', showAs: 'oof' },
      vacation: { subject: 'SEM: Fjällvandring', showAs: 'oof' },
      sick: { subject: 'SJU: Förkylning', showAs: 'oof' },
      private: { subject: 'UTE: Tandläkare', showAs: 'busy' },
      perhaps: { subject: 'Kanske fika med banken', showAs: 'tentative' },
      note: { subject: 'Astrid fyller år', showAs: 'free' },
      gone: { subject: 'SLU: Hämtar på förskolan', showAs: 'oof' }
    }
  },
  {
    id: 'fjarden',
    name: 'Fjärden Logistik',
    timeZone: 'Europe/Helsinki',
    language: 'sv',
    pack: 'infracom',
    manner: 'a trigger word anywhere in the subject diverts, as at Infracom; Microsoft 365 notifies of edits',
    exchange: 'cloud',
    users: people(
      'fjarden.example',
      2001,
      'Aino Virtanen, Benjamin Lindqvist, Clara Söderholm, Elias Mäkinen, Fanny Björklund, Gustav Rönn, ' +
        'Helmi Koskinen, Isak Forsman, Johanna Ahlbäck, Kasper Nyman, Linnea Sandberg, Mikael Öhman'
    ),
    wordings: {
      meeting: { subject: 'Rederiet, MÖT om vårens turer', showAs: 'busy' },
      lunch: { subject: 'Lunch med Vasakontoret', showAs: 'busy' },
      errand: { subject: 'UTE på terminal tre', showAs: 'busy' },
      focus: { subject: 'Tulldeklaration, DND', showAs: 'busy' },
      elsewhere: { subject: 'Out of office: truckbesiktning i Åbo', showAs: 'workingElsewhere' },
      trip: { subject: 'Hamburg TJR', showAs: 'oof' },
      vacation: { subject: 'Holiday på Åland', showAs: 'oof' },
      sick: { subject: 'Sick (migrän)', showAs: 'oof' },
      private: { subject: 'Psykologen, UTE', showAs: 'busy' },
      perhaps: { subject: 'Webbinarium om bränsle', showAs: 'tentative' },
      note: { subject: 'Städvecka köket', showAs: 'busy' },
      gone: { subject: 'GFD, tåget hem', showAs: 'oof' }
    }
  },
  {
    id: 'havnen',
    name: 'Havnens Revision',
    timeZone: 'Europe/Copenhagen',
    language: 'da',
    pack: '3kontakt',
    manner: 'only Busy diverts, as at 3Kontakt; Microsoft 365 notifies of edits',
    exchange: 'cloud',
    users: people(
      'havnen.example',
      3001,
      'Anne Mette Krogh, Bo Sørensen, Camilla Vestergaard, Ditte Ågård, Emil Thygesen, Freja Nørgaard, ' +
        'Gorm Bæk, Henriette Juul, Ib Kjær, Jette Lauridsen, Kasper Østergaard, Line Mølgaard'
    ),
    wordings: {
      meeting: { subject: 'Bestyrelsen gennemgår regnskabet', showAs: 'busy' },
      lunch: { subject: 'Frokost med Skat', showAs: 'busy' },
      errand: { subject: 'Besøg hos værftet', showAs: 'busy' },
      focus: { subject: 'Moms for tredje kvartal', showAs: 'busy' },
      elsewhere: { subject: 'Hjemme i Roskilde', showAs: 'workingElsewhere' },
      trip: { subject: 'Konference i Bergen', showAs: 'oof' },
      vacation: { subject: 'Sommerhus', showAs: 'oof' },
      sick: { subject: 'Influenza', showAs: 'oof' },
      private: { subject: 'Ultralyd på Riget', showAs: 'busy' },
      perhaps: { subject: 'Måske kaffe med Nordea', showAs: 'tentative' },
      note: { subject: 'Brandøvelse i denne uge', showAs: 'busy' },
      gone: { subject: 'Tog til Odense', showAs: 'free' }
    }
  }
]

function people(domain: string, firstExtension: number, names: string): DemoUser[] {
  return names.split(', ').map((name, index) => {
    const id = plain(name)
    return { id, name, extension: String(firstExtension + index), mailbox: `${id}@${domain}` }
  })
}

/** `Björn Åkesson` is `bjorn.akesson` in an address. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replaceAll('ø', 'o')
    .replaceAll('æ', 'ae')
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replaceAll(' ', '.')
}
