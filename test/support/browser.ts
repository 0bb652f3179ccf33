/** Chromium for the tests of the console: a page that fails the test where a script or the content security policy complains. */
import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'

const paths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

export interface OpenPageOptions {
  readonly language?: string
  readonly theme?: 'light' | 'dark'
  readonly width?: number
  readonly height?: number
}

export interface OpenedPage {
  readonly page: Page
  /** What the page's console said as errors, refused requests (401, 404 …) left out. */
  readonly complaints: readonly string[]
}

export interface ConsoleBrowser {
  open(options?: OpenPageOptions): Promise<OpenedPage>
}

/** Null, with the reason printed, where no Chromium is installed. */
export async function openBrowser(t: Test): Promise<ConsoleBrowser | null> {
  const executablePath = paths.find((path) => existsSync(path))
  if (executablePath === undefined) {
    t.comment('not run: Chromium is not installed (Debian has it in the package chromium)')
    return null
  }
  // As root Chromium starts without a sandbox alone.
  const browser: Browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  const opened: OpenedPage[] = []
  t.teardown(async () => {
    if (!t.passing()) for (const page of opened) t.comment(await describePage(page))
    await browser.close()
  })
  return {
    async open({ language = 'en-GB', theme = 'light', width = 1280, height = 800 } = {}) {
      const context = await browser.newContext({
        locale: language,
        colorScheme: theme,
        viewport: { width, height },
        timezoneId: 'Europe/Stockholm'
      })
      context.setDefaultTimeout(240_000)
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('console', (message) => {
        const isRefusal = message.text().startsWith('Failed to load resource')
        if (message.type() === 'error' && !isRefusal) complaints.push(message.text())
      })
      opened.push({ page, complaints })
      return { page, complaints }
    }
  }
}

/** What a person would see on a page where a test failed. */
async function describePage({ page, complaints }: OpenedPage): Promise<string> {
  if (page.isClosed()) return ''
  const text = await page.locator('body').ariaSnapshot()
  return [page.url(), ...complaints, text].join('\n')
}
