/** The diversions, highest first: where events overlap, the higher one wins. */
import ArrowDown from 'lucide-solid/icons/arrow-down'
import ArrowUp from 'lucide-solid/icons/arrow-up'
import { For } from 'solid-js'
import { DiversionMark } from '../components/diversion-mark.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { useTenant } from '../shell/tenant.tsx'
import { moveItem, type RulesDraft } from './draft.ts'

export function Catalogue(props: { draft: RulesDraft }) {
  const { texts } = useLanguage()
  const { labelOf } = useTenant()
  const move = (from: number, to: number) => {
    props.draft.diversions = moveItem(props.draft.diversions, from, to)
  }
  return (
    <section class="card" aria-labelledby="catalogue-title">
      <h2 id="catalogue-title">{texts().rules.catalogue}</h2>
      <p class="help">{texts().rules.catalogueHelp}</p>
      <ol class="plain">
        <For each={props.draft.diversions}>
          {({ code, phone }, index) => (
            <li class="trigger-line">
              <span class="menu-label">
                <DiversionMark meaning={phone} label={labelOf(code)} />
              </span>
              <button
                type="button"
                class="button quiet icon-only"
                aria-label={`${texts().rules.moveUp}: ${labelOf(code)}`}
                disabled={index() === 0}
                onClick={() => move(index(), index() - 1)}
              >
                <ArrowUp size={16} aria-hidden="true" />
              </button>
              <button
                type="button"
                class="button quiet icon-only"
                aria-label={`${texts().rules.moveDown}: ${labelOf(code)}`}
                disabled={index() === props.draft.diversions.length - 1}
                onClick={() => move(index(), index() + 1)}
              >
                <ArrowDown size={16} aria-hidden="true" />
              </button>
            </li>
          )}
        </For>
      </ol>
    </section>
  )
}
