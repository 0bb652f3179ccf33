/** Words that are common in calendars: a trigger that is one of them diverts people by accident. */
import { foldCase } from './matching/case-folding.ts'

/** Short function words first, then days, hours and what appointments are about. No word that means a diversion. */
const words: Readonly<Record<string, string>> = {
  Swedish:
    'mot med kund hem ute och på av för från till hos om vid ett en att inte ring samtal dag vecka måndag tisdag onsdag torsdag fredag morgon kväll jobb arbete kontor projekt plan status test ny sen tid upp in klar bil buss tåg',
  Norwegian:
    'mot med kunde hjem ute og på av for fra til hos om ved et en å ikke ring samtale dag uke mandag tirsdag onsdag torsdag fredag morgen kveld jobb arbeid kontor prosjekt plan status test ny sen tid opp inn klar bil buss tog',
  Danish:
    'mod med kunde hjem ude og på af for fra til hos om ved et en at ikke ring samtale møde dag uge mandag tirsdag onsdag torsdag fredag morgen aften job arbejde kontor projekt plan status test ny sen tid op ind klar bil bus tog',
  Finnish:
    'ja tai kanssa asiakas koti kotiin ulkona ulos työ töissä päivä viikko maanantai tiistai keskiviikko torstai perjantai aamu ilta toimisto projekti suunnitelma tila testi uusi aika auto bussi juna puhelu soitto ei on',
  English:
    'with and for from to at of on in out up off the a an not call client customer home day week monday tuesday wednesday thursday friday morning evening work office project plan status test new late time done car bus train'
}

/** By word, case folded: the language. */
export const everydayWords: ReadonlyMap<string, string> = new Map(
  Object.entries(words)
    .reverse()
    .flatMap(([language, text]) => text.split(' ').map((word) => [foldCase(word), language] as const))
)
