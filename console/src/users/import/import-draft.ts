/** An import from the choice of a file to its end: what the file holds, what would become of each row, and how far it is. */
import { createSignal } from 'solid-js'
import { ApiError, type FieldError } from '../../api/client.ts'
import type { ImportMode, ImportProgress, ImportResult, UsersClient } from '../users-client.ts'
import { readSheet, type Sheet } from './sheet.ts'

export type RowOutcome = ImportResult['rows'][number]['action'] | 'good' | 'bad'

export interface PreviewRow {
  /** Null: the user is not in the file. */
  readonly row: number | null
  readonly cells: Readonly<Record<string, string>>
  readonly outcome: RowOutcome
  /** What is wrong, by column. */
  readonly problems: readonly { readonly field: string; readonly message: string }[]
}

export interface Preview {
  readonly columns: readonly string[]
  readonly rows: readonly PreviewRow[]
  /** Null: the file cannot be taken. */
  readonly result: ImportResult | null
  /** What is wrong with the file as a whole; null: nothing, or with some rows alone. */
  readonly fault: string | null
}

export type ImportState = 'empty' | 'checking' | 'checked' | 'running' | 'done' | 'interrupted'

/** Milliseconds between two looks at how far it is. */
const POLL_MS = 1000

export class ImportDraft {
  readonly #client: UsersClient
  readonly #state = createSignal<ImportState>('empty')
  readonly #preview = createSignal<Preview | null>(null)
  readonly #progress = createSignal<ImportProgress | null>(null)
  readonly #error = createSignal<unknown>(null)
  #file: File | null = null
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(client: UsersClient) {
    this.#client = client
  }

  get state(): ImportState {
    return this.#state[0]()
  }

  get preview(): Preview | null {
    return this.#preview[0]()
  }

  get progress(): ImportProgress | null {
    return this.#progress[0]()
  }

  /** Why it could not be checked, or not be run to its end. */
  get error(): unknown {
    return this.#error[0]()
  }

  get fileName(): string {
    return this.#file?.name ?? ''
  }

  /** One that runs already, begun here or elsewhere, is followed. */
  async resume(): Promise<void> {
    const progress = await this.#client.progress()
    if (progress?.state !== 'running' || this.state !== 'empty') return
    this.#state[1]('running')
    await this.#follow()
  }

  async check(file: File, mode: ImportMode): Promise<void> {
    this.#file = file
    this.#error[1](null)
    this.#state[1]('checking')
    try {
      const sheet = readSheet(await file.arrayBuffer())
      this.#preview[1](await this.#dryRun(file, sheet, mode))
      this.#state[1]('checked')
    } catch (error) {
      this.#error[1](error)
      this.#state[1]('empty')
    }
  }

  async checkAgain(mode: ImportMode): Promise<void> {
    if (this.#file !== null) await this.check(this.#file, mode)
  }

  async run(mode: ImportMode): Promise<void> {
    if (this.#file === null) return
    this.#error[1](null)
    this.#progress[1](null)
    this.#state[1]('running')
    const follow = setTimeout(() => void this.#follow(), POLL_MS)
    try {
      await this.#client.import(this.#file, mode, false)
      this.#progress[1](await this.#client.progress())
      this.#state[1]('done')
    } catch (error) {
      this.#error[1](error)
      this.#state[1]('interrupted')
    } finally {
      clearTimeout(follow)
      clearTimeout(this.#timer)
    }
  }

  reset(): void {
    this.#file = null
    this.#preview[1](null)
    this.#error[1](null)
    this.#state[1]('empty')
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  async #follow(): Promise<void> {
    const progress = await this.#client.progress().catch(() => null)
    if (this.state !== 'running') return
    if (progress !== null) this.#progress[1](progress)
    if (progress?.state === 'done' || progress?.state === 'interrupted') {
      // One that was begun here ends with the answer to it.
      if (this.#file === null) this.#state[1](progress.state)
      return
    }
    this.#timer = setTimeout(() => void this.#follow(), POLL_MS)
  }

  async #dryRun(file: File, sheet: Sheet, mode: ImportMode): Promise<Preview> {
    const { columns } = sheet
    try {
      const result = await this.#client.import(file, mode, true)
      return { columns, rows: outcomesOf(sheet, result), result, fault: null }
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 400) throw error
      return { columns, rows: problemsOf(sheet, error), result: null, fault: faultOf(error) }
    }
  }
}

function outcomesOf({ rows }: Sheet, result: ImportResult): PreviewRow[] {
  const cellsOf = new Map(rows.map(({ row, cells }) => [row, cells]))
  return result.rows.map(({ row, user, action }) => ({
    row,
    cells: (row === null ? undefined : cellsOf.get(row)) ?? { user },
    outcome: action,
    problems: []
  }))
}

function problemsOf({ rows }: Sheet, { errors }: ApiError): PreviewRow[] {
  const ofRow = new Map<number, FieldError[]>()
  for (const error of errors) {
    if (error.row === undefined) continue
    const found = ofRow.get(error.row)
    if (found === undefined) ofRow.set(error.row, [error])
    else found.push(error)
  }
  return rows.map(({ row, cells }) => {
    const problems = ofRow.get(row) ?? []
    return { row, cells, problems, outcome: problems.length > 0 ? 'bad' : 'good' }
  })
}

/** What concerns the header, or no row at all. */
function faultOf({ errors, message }: ApiError): string | null {
  if (errors.length === 0) return message
  const whole = errors.filter(({ row }) => row === undefined || row === 1)
  if (whole.length === 0) return null
  return whole.map(({ field, message }) => `${field}: ${message}`).join(' · ')
}
