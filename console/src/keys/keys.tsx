/** The keys of a customer, or of the provider: who may call, until when, and when they last did. */

import { useParams } from '@solidjs/router'
import { createMemo, createResource, createSignal, Show } from 'solid-js'
import { ConfirmByName } from '../components/confirm-by-name.tsx'
import { Present } from '../components/present.tsx'
import { showDone } from '../components/toasts.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { KeyTable } from './key-table.tsx'
import { type Key, keysClient, type NewKey } from './keys-client.ts'
import { NewKeyDialog } from './new-key.tsx'
import { RotateKeyDialog } from './rotate-key.tsx'
import { ShownKey } from './shown-key.tsx'
import { keysTexts } from './texts.ts'

type Step = 'make' | { readonly rotate: Key } | { readonly revoke: Key } | { readonly show: NewKey }

export default function Keys() {
  const texts = usePageTexts(keysTexts)
  const params = useParams<{ tenant?: string }>()
  const tenant = () => (params.tenant === undefined ? null : decodeURIComponent(params.tenant))
  const client = createMemo(() => keysClient(tenant()))
  const [keys, { refetch }] = createResource(client, (client) => client.list())
  const [step, setStep] = createSignal<Step | null>(null)
  const close = () => setStep(null)
  const show = (key: NewKey) => {
    setStep({ show: key })
    void refetch()
  }
  const revoke = async (key: Key) => {
    await client().remove(key.id)
    close()
    showDone(texts().revoked(key.name))
    await refetch()
  }
  const keyOf = (name: 'rotate' | 'revoke' | 'show') => {
    const now = step()
    return now !== null && typeof now === 'object' && name in now
      ? (now as Record<string, NewKey>)[name]
      : null
  }
  return (
    <div class="page">
      <div class="title-line">
        <h1>{tenant() === null ? texts().providerTitle : texts().title}</h1>
        <button type="button" class="button primary" onClick={() => setStep('make')}>
          {texts().make}
        </button>
      </div>
      <p class="help">{texts().lead}</p>
      <Present value={keys.latest}>
        {(all) => (
          <Show when={all().length > 0} fallback={<p class="empty">{texts().none}</p>}>
            <KeyTable
              keys={all()}
              onRotate={(rotate) => setStep({ rotate })}
              onRevoke={(revoke) => setStep({ revoke })}
            />
          </Show>
        )}
      </Present>
      <Show when={step() === 'make'}>
        <NewKeyDialog tenant={tenant()} onMade={show} onClose={close} />
      </Show>
      <Present value={keyOf('rotate')}>
        {(key) => <RotateKeyDialog client={client()} of={key()} onMade={show} onClose={close} />}
      </Present>
      <Present value={keyOf('revoke')}>
        {(key) => (
          <ConfirmByName
            title={texts().revokeNamed(key().name)}
            text={texts().revokeText}
            name={key().name}
            action={texts().revoke}
            onConfirm={() => revoke(key())}
            onClose={close}
          />
        )}
      </Present>
      <Present value={keyOf('show')}>{(key) => <ShownKey made={key()} onClose={close} />}</Present>
    </div>
  )
}
