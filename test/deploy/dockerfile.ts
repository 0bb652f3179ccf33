/** Reads the Dockerfile: its stages, and in each the instructions in their order. */

export interface Instruction {
  /** `FROM`, `COPY` … */
  readonly word: string
  /** `--from=compiled` is `from: 'compiled'`. */
  readonly flags: Readonly<Record<string, string>>
  /** What follows; build arguments from before the first FROM are put in. */
  readonly rest: string
}

export interface Stage {
  readonly name: string | null
  readonly image: string
  readonly instructions: readonly Instruction[]
}

export function readDockerfile(text: string): Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const given = new Map<string, string>()
  const stages: (Stage & { instructions: Instruction[] })[] = []
  for (const line of lines) {
    const [, word = '', flagText = '', rest = ''] = /^([A-Z]+)\s+((?:--\S+\s+)*)(.*)$/.exec(line) ?? []
    if (word === '') throw new Error(`Not an instruction: ${line}`)
    const flags = Object.fromEntries(
      [...flagText.matchAll(/--([a-z-]+)=(\S+)/g)].map(([, name, value]) => [name!, value!])
    )
    if (word === 'ARG' && stages.length === 0) {
      const [name = '', value = ''] = rest.split('=')
      given.set(name, value)
    } else if (word === 'FROM') {
      const [, image = '', name = null] = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(rest) ?? []
      const known = image.replace(/\$\{(\w+)\}/g, (whole, name) => given.get(name) ?? whole)
      stages.push({ name, image: known, instructions: [] })
    } else {
      stages.at(-1)!.instructions.push({ word, flags, rest })
    }
  }
  return stages
}

/** The values of ENV and LABEL: `NAME=value` and `NAME="value"`. */
export function assigned({ rest }: Instruction): Record<string, string> {
  const pairs = rest.matchAll(/([\w.]+)=(?:"((?:[^"\\]|\\.)*)"|(\S+))/g)
  return Object.fromEntries([...pairs].map(([, name, quoted, bare]) => [name!, quoted ?? bare!]))
}
