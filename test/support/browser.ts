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

export interface ConsoleBrowser {
  /** `complaints` is what the page's console said as errors, refused requests (401, 404 …) left out. */
  open(options?: OpenPageOptions): Promise<{ readonly page: Page; readonly complaints: readonly string[] }>
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
  t.teardown(() => browser.close())
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
      return { page, complaints }
    }
  }
}
