/**
 * Draws a terminal's last screen as SVG, for docs/demo.svg: recorded output on standard input, the picture on standard output.
 *
 *     script -qc 'stty cols 132 rows 50; npm run demo' demo.log      (Ctrl-C after a minute)
 *     node dist/tools/terminal-svg.js < demo.log > docs/demo.svg
 */
import { text } from 'node:stream/consumers'

/** SGR codes (ECMA-48, 8.3.117) that the demo uses, as CSS classes. */
const classes: Readonly<Record<string, string>> = {
  1: 'bold',
  2: 'dim',
  31: 'red',
  32: 'green',
  33: 'yellow',
  36: 'cyan'
}

const rowHeight = 18
const columnWidth = 8.43

const style = `
  rect { fill: #11161d }
  text { font: 14px "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #d7dee8; white-space: pre }
  .bold { font-weight: bold; fill: #ffffff } .dim { fill: #8592a3 }
  .red { fill: #ff8f85 } .green { fill: #7fd88f } .yellow { fill: #f2c94c } .cyan { fill: #6fcbdc }
`

const esc = String.fromCharCode(27)
const sgr = new RegExp(`(?:${esc}\\[([\\d;]*)m)?([^${esc}]*)`, 'g')

/** Each screen begins where the cursor goes up to the first row (CUU) and ends where the rest is erased (ED). */
function lastScreen(recorded: string): string[] {
  const screens = recorded.split(new RegExp(`${esc}\\[\\d+A`))
  const last = screens.findLast((screen) => screen.includes(`${esc}[J`))?.split(`${esc}[J`)[0] ?? ''
  return last.split(/\r?\n/).map((row) => row.replaceAll(`${esc}[K`, '').trimEnd())
}

function drawRow(row: string, index: number): string {
  let styles: string[] = []
  let drawn = ''
  for (const [, codes, written = ''] of row.matchAll(sgr)) {
    if (codes !== undefined) {
      const named = codes.split(';').flatMap((code) => classes[code] ?? [])
      styles = named.length === 0 ? [] : [...styles, ...named]
    }
    if (written === '') continue
    const escaped = written.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`)
    drawn += styles.length === 0 ? escaped : `<tspan class="${styles.join(' ')}">${escaped}</tspan>`
  }
  return `<text x="12" y="${(index + 1) * rowHeight + 4}" xml:space="preserve">${drawn}</text>`
}

const rows = lastScreen(await text(process.stdin))
while (rows.at(-1) === '') rows.pop()
const columns = Math.max(...rows.map((row) => row.replace(sgr, '$2').length))
const [width, height] = [Math.ceil(columns * columnWidth) + 24, (rows.length + 1) * rowHeight]
process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="The demo in a terminal">
<style>${style}</style>
<rect width="100%" height="100%" rx="8"/>
${rows.map(drawRow).join('\n')}
</svg>
`
)
