/** What the page of alarms says, in five languages. */
import type { PageTexts } from '../i18n/page-texts.ts'
import { da } from './texts/da.ts'
import { en } from './texts/en.ts'
import { fi } from './texts/fi.ts'
import { nb } from './texts/nb.ts'
import { sv } from './texts/sv.ts'

export const alarmsTexts: PageTexts<typeof en> = { sv, en, da, nb, fi }
