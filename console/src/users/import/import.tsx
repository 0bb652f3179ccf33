/** Users from a sheet: chosen, seen row by row with what is wrong, and only then saved. */

import { A } from '@solidjs/router'
import ChevronLeft from 'lucide-solid/icons/chevron-left'
import FileUp from 'lucide-solid/icons/file-up'
import { createMemo, createSignal, onCleanup, onMount, Show } from 'solid-js'
import { Choice } from '../../components/choice.tsx'
import { ConfirmByName } from '../../components/confirm-by-name.tsx'
import { messageOf } from '../../components/form-end.tsx'
import { Notice } from '../../components/notice.tsx'
import { Present } from '../../components/present.tsx'
import { saveFile } from '../../components/save-file.ts'
import { useLanguage } from '../../i18n/language.tsx'
import { usePageTexts } from '../../i18n/page-texts.ts'
import { useTenant } from '../../shell/tenant.tsx'
import { type ImportMode, UsersClient } from '../users-client.ts'
import { ImportDraft } from './import-draft.ts'
import { PreviewTable } from './preview-table.tsx'
import { Progress } from './progress.tsx'
import { importTexts } from './texts.ts'
import './import.css'

const TEMPLATE =
  'user,displayName,extension,mailbox,syncEnabled\r\nanna,Anna Ek,1070,anna@example.com,true\r\n'

export default function ImportUsers() {
  const page = useLanguage().texts
  const texts = usePageTexts(importTexts)
  const { tenant, name } = useTenant()
  const draft = createMemo(() => new ImportDraft(new UsersClient(tenant())))
  const [mode, setMode] = createSignal<ImportMode>('merge')
  const [isConfirming, setIsConfirming] = createSignal(false)
  onMount(() => void draft().resume())
  onCleanup(() => draft().close())
  const removed = () => draft().preview?.result?.removed ?? 0
  const changes = () => {
    const result = draft().preview?.result
    return result == null ? 0 : result.created + result.updated + result.removed
  }
  const begin = () => (removed() > 0 ? setIsConfirming(true) : void draft().run(mode()))
  const chooseMode = (chosen: ImportMode) => {
    setMode(chosen)
    void draft().checkAgain(chosen)
  }
  return (
    <div class="page">
      <A class="back-link" href={`/${encodeURIComponent(tenant())}/users`}>
        <ChevronLeft size={16} aria-hidden="true" />
        {page().users.title}
      </A>
      <div class="title-line">
        <h1>{texts().title}</h1>
        <Show when={draft().state === 'checked'}>
          <button type="button" class="button" onClick={() => draft().reset()}>
            {texts().otherFile}
          </button>
          <Show when={draft().preview?.result}>
            <button type="button" class="button primary" disabled={changes() === 0} onClick={begin}>
              {texts().save(changes())}
            </button>
          </Show>
        </Show>
      </div>
      <div role="alert">
        <Present value={draft().error}>
          {(error) => (
            <Notice kind="failed">
              <span dir="auto">{messageOf(error(), page().errors.unreachable)}</span>
            </Notice>
          )}
        </Present>
      </div>
      <Show when={draft().state === 'empty' || draft().state === 'checking'}>
        <FileChoice
          isChecking={draft().state === 'checking'}
          onFile={(file) => void draft().check(file, mode())}
        />
      </Show>
      <Present value={draft().state === 'checked' && draft().preview}>
        {(preview) => (
          <>
            <Choice
              label={texts().mode}
              value={mode()}
              onChange={chooseMode}
              choices={[
                { value: 'merge', label: texts().merge },
                { value: 'replace', label: texts().replace }
              ]}
            />
            <PreviewTable preview={preview()} />
          </>
        )}
      </Present>
      <Show when={['running', 'done', 'interrupted'].includes(draft().state)}>
        <Progress draft={draft()} />
      </Show>
      <Show when={isConfirming()}>
        <ConfirmByName
          title={texts().removeTitle(removed())}
          text={texts().removeText}
          name={name()}
          action={texts().save(changes())}
          onConfirm={async () => {
            setIsConfirming(false)
            void draft().run(mode())
          }}
          onClose={() => setIsConfirming(false)}
        />
      </Show>
    </div>
  )
}

function FileChoice(props: { isChecking: boolean; onFile: (file: File) => void }) {
  const texts = usePageTexts(importTexts)
  const [isOver, setIsOver] = createSignal(false)
  const take = (files: FileList | null | undefined) => {
    const file = files?.[0]
    if (file !== undefined) props.onFile(file)
  }
  return (
    <div class="card">
      <label
        class="drop"
        classList={{ over: isOver() }}
        onDragOver={(event) => {
          event.preventDefault()
          setIsOver(true)
        }}
        onDragLeave={() => setIsOver(false)}
        onDrop={(event) => {
          event.preventDefault()
          setIsOver(false)
          take(event.dataTransfer?.files)
        }}
      >
        <FileUp size={28} aria-hidden="true" />
        <strong>{props.isChecking ? texts().checking : texts().choose}</strong>
        <span class="help">{texts().orDrop}</span>
        <input
          type="file"
          accept=".csv,.txt,.tsv,text/csv"
          disabled={props.isChecking}
          onChange={(event) => {
            take(event.currentTarget.files)
            // The same file again, once it was mended, is a change too.
            event.currentTarget.value = ''
          }}
        />
      </label>
      <p class="help">{texts().columns}</p>
      <p class="help">{texts().asText}</p>
      <button
        type="button"
        class="button quiet template"
        onClick={() => saveFile(new Blob([`\ufeff${TEMPLATE}`], { type: 'text/csv' }), 'users.csv')}
      >
        {texts().template}
      </button>
    </div>
  )
}
