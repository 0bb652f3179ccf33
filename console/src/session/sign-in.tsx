/** The first page: with one's organisation where that is set up, else with a key. */

import { createResource, createSignal, Show } from 'solid-js'
import { Notice } from '../components/notice.tsx'
import { Present } from '../components/present.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { useSession } from './session.tsx'

/** `/sign-in` redirects to the issuer, or answers 404 where there is none. */
async function hasIssuer(): Promise<boolean> {
  const answer = await fetch('/sign-in?return=/console/', { redirect: 'manual' })
  return answer.type === 'opaqueredirect'
}

export function SignIn() {
  const { texts } = useLanguage()
  const session = useSession()
  const [issuer] = createResource(hasIssuer)
  const [fault, setFault] = createSignal<string | null>(null)
  const [isShown, setIsShown] = createSignal(false)

  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const key = String(new FormData(form).get('key') ?? '').trim()
    setFault(null)
    try {
      if (!(await session.signInWithKey(key))) setFault(texts().signIn.refused)
      else if (session.principal() === null) setFault(texts().signIn.monitor)
    } catch {
      setFault(texts().errors.unreachable)
    }
  }

  return (
    <main class="sign-in" id="content">
      <img src="/console/icon.svg" alt="" width="48" height="48" />
      <h1>Hanvisa</h1>
      <p class="lead">{texts().signIn.lead}</p>
      <Show when={session.hasEnded()}>
        <Notice kind="soon">{texts().signIn.ended}</Notice>
      </Show>
      <Show when={issuer() === true}>
        <a class="button primary wide" href={`/sign-in?return=${encodeURIComponent(location.pathname)}`}>
          {texts().signIn.organisation}
        </a>
        <p class="divider">{texts().signIn.or}</p>
      </Show>
      <form class="stack" onSubmit={submit}>
        <label class="field">
          <span>{texts().signIn.key}</span>
          <input
            name="key"
            type={isShown() ? 'text' : 'password'}
            required
            autocomplete="off"
            spellcheck={false}
            aria-describedby="key-help"
            aria-invalid={fault() !== null}
          />
        </label>
        <p class="help" id="key-help">
          {texts().signIn.keyHelp}
        </p>
        <label class="check">
          <input
            type="checkbox"
            checked={isShown()}
            onChange={(event) => setIsShown(event.currentTarget.checked)}
          />
          {texts().signIn.show}
        </label>
        <div role="alert">
          <Present value={fault()}>{(message) => <Notice kind="failed">{message()}</Notice>}</Present>
        </div>
        <button type="submit" class="button wide" classList={{ primary: issuer() === false }}>
          {texts().signIn.submit}
        </button>
      </form>
    </main>
  )
}
