/** Microsoft 365 over the provider's application: the link by which an administrator of the customer consents. */

import ExternalLink from 'lucide-solid/icons/external-link'
import { createResource, createSignal, Show } from 'solid-js'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { CopyText } from '../../components/copy-text.tsx'
import { messageOf } from '../../components/form-end.tsx'
import { Notice } from '../../components/notice.tsx'
import { Present } from '../../components/present.tsx'
import { TextField } from '../../components/text-field.tsx'
import { useLanguage } from '../../i18n/language.tsx'
import { usePageTexts } from '../../i18n/page-texts.ts'
import { useSession } from '../../session/session.tsx'
import { useTimes } from '../../shell/tenant.tsx'
import type { ConnectionDraft } from '../connection-draft.ts'
import { connectionTexts } from '../texts.ts'

export function ConsentForm(props: { draft: ConnectionDraft }) {
  const page = useLanguage().texts
  const texts = usePageTexts(connectionTexts)
  const { when } = useTimes()
  const isProvider = useSession().principal()?.role === 'provider'
  const params = () => ({ path: { tenant: props.draft.tenant } })
  const [customer] = createResource(() => dataOf(api.GET('/v1/tenants/{tenant}', { params: params() })))
  const [typed, setTyped] = createSignal<string | null>(null)
  const [link, setLink] = createSignal<Schemas['ConsentLink'] | null>(null)
  const [fault, setFault] = createSignal<string | null>(null)
  const directory = () => typed() ?? customer.latest?.directoryId ?? ''
  const connected = () => {
    const { held } = props.draft
    return held?.kind === 'graph' && held.application !== undefined ? held.tenantId : null
  }
  const makeLink = async () => {
    setFault(null)
    try {
      const {
        tenant: _,
        directoryId,
        ...rest
      } = await dataOf(api.GET('/v1/tenants/{tenant}', { params: params() }))
      const wanted = directory().trim()
      if (isProvider && wanted !== (directoryId ?? '')) {
        const body = { ...rest, ...(wanted !== '' && { directoryId: wanted }) }
        await dataOf(api.PUT('/v1/tenants/{tenant}', { params: params(), body }))
      }
      setLink(await dataOf(api.POST('/v1/tenants/{tenant}/connection/consent', { params: params() })))
    } catch (error) {
      setFault(messageOf(error, page().errors.unreachable))
    }
  }
  return (
    <>
      <Present value={connected()}>
        {(directory) => (
          <Notice kind="open">
            <p>{texts().consent.connected(directory())}</p>
            <p>{texts().consent.again}</p>
          </Notice>
        )}
      </Present>
      <TextField
        label={texts().consent.directory}
        help={isProvider || directory() !== '' ? texts().consent.directoryHelp : texts().consent.onlyProvider}
        value={directory()}
        onInput={setTyped}
        disabled={!isProvider}
      />
      <Show when={isProvider && directory().trim() === ''}>
        <Notice kind="soon">{texts().consent.anyDirectory}</Notice>
      </Show>
      <div role="alert">
        <Present value={fault()}>
          {(message) => (
            <Notice kind="failed">
              <span dir="auto">{message()}</span>
            </Notice>
          )}
        </Present>
      </div>
      <Present
        value={link()}
        fallback={
          <button type="button" class="button primary" onClick={() => void makeLink()}>
            {texts().consent.make}
          </button>
        }
      >
        {(link) => (
          <>
            <CopyText text={link().url} label={texts().consent.link} />
            <p class="help">{texts().consent.until(when(link().expiresAt))}</p>
            <a class="button" href={link().url} target="_blank" rel="noreferrer">
              {texts().consent.open}
              <ExternalLink size={14} aria-hidden="true" />
            </a>
          </>
        )}
      </Present>
    </>
  )
}
