/** A page for a person's browser that says one thing: the same look in every language, without scripts or requests to elsewhere. */
import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'

export const pageLanguages = ['sv', 'en', 'da', 'nb', 'fi'] as const
export type PageLanguage = (typeof pageLanguages)[number]

export interface PageContent {
  readonly title: string
  /** Paragraphs: what happened, and what to do next. */
  readonly paragraphs: readonly string[]
  readonly links?: readonly { readonly text: string; readonly href: string }[]
}

const STYLE = `
:root { color-scheme: light dark; --text: #1b1f24; --muted: #57606a; --page: #f6f7f9; --card: #fff; --line: #d8dee4; --link: #0b5cad }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e9ed; --muted: #a3acb7; --page: #14171b; --card: #1d2126; --line: #343a42; --link: #7cb7ff }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif }
main { width: 100%; max-width: 32rem; background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 32px }
p.product { margin: 0 0 24px; color: var(--muted); font-size: 14px; font-weight: 600; letter-spacing: .04em }
h1 { margin: 0 0 16px; font-size: 24px; line-height: 1.25; text-wrap: balance }
p { margin: 0 0 12px; overflow-wrap: anywhere }
ul { list-style: none; margin: 24px 0 0; padding: 0; display: grid; gap: 8px }
a { display: block; padding: 12px 16px; border: 1px solid var(--line); border-radius: 8px; color: var(--link); font-weight: 600; text-decoration: none }
a:hover { border-color: var(--link) }
main > :last-child { margin-bottom: 0 }
@media (max-width: 480px) { body { padding: 16px } main { padding: 24px } }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
`
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`

/** The browser's first language that the pages speak (RFC 9110, section 12.5.4); English where it names none. */
export function pageLanguage(acceptLanguage: string | undefined): PageLanguage {
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((range) => {
      const [tag = '', quality] = range.trim().split(/\s*;\s*q=/i)
      return {
        language: tag.split('-')[0]!.toLowerCase(),
        quality: quality === undefined ? 1 : Number(quality)
      }
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality)
  for (const { language } of wanted) {
    // `no` is Norwegian without saying which; `nn` readers read `nb`.
    const known = language === 'no' || language === 'nn' ? 'nb' : language
    const found = pageLanguages.find((one) => one === known)
    if (found !== undefined) return found
  }
  return 'en'
}

export function sendPage(
  reply: FastifyReply,
  status: number,
  language: PageLanguage,
  { title, paragraphs, links = [] }: PageContent
): FastifyReply {
  const listed = links.map(
    ({ text, href }) => `<li><a href="${escapeHtml(href)}">${escapeHtml(text)}</a></li>`
  )
  const html = `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)} · Hanvisa</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<p class="product">Hanvisa</p>
<h1>${escapeHtml(title)}</h1>
${paragraphs.map((text) => `<p>${escapeHtml(text)}</p>`).join('\n')}
${listed.length > 0 ? `<ul>${listed.join('')}</ul>` : ''}
</main>
</body>
</html>
`
  return reply
    .code(status)
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff'
    })
    .send(html)
}

function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;'
  }
  return text.replace(/[&<>"']/g, (character) => entities[character]!)
}
