/** Reads the recipes in `rules/recipes/`: one YAML file each, refused with file, line and reason where anything is wrong. */
import { basename, join } from 'node:path'
import { placeholdersOf, type Recipe, type Recipes, recipeSchema } from '../delivery/recipe.ts'
import { type FieldFault, SetupError } from '../errors.ts'
import { checkedSheet, placedFault, readSheet, yamlFiles } from './yaml-sheet.ts'

/** What the product fills in, beside the variables of a recipe. */
const findNames = ['extension', 'user']
const readNames = [...findNames, 'id']
const writeNames = [...readNames, 'value', 'isClosed', 'until', 'label']

/** Throws SetupError with every fault, as `file:line: reason`. */
export async function loadRecipes(folder: string): Promise<Recipes> {
  const faults: string[] = []
  const recipes = new Map<string, Recipe>()
  for (const name of await yamlFiles(folder, 'recipe')) {
    const sheet = await readSheet(join(folder, name))
    const recipe = checkedSheet(sheet, recipeSchema, faults)
    if (recipe === null) continue
    faults.push(...recipeFaults(recipe).map((fault) => placedFault(sheet, fault)))
    recipes.set(basename(name, '.yaml'), recipe)
  }
  if (faults.length > 0) throw new SetupError(faults.join('\n'))
  return recipes
}

function recipeFaults(recipe: Recipe): FieldFault[] {
  const { values, open, map, vars = {}, find, read, write, token } = recipe
  const faults: FieldFault[] = []
  if (!values.includes(open)) faults.push({ field: 'open', message: 'must be one of values' })
  for (const [code, value] of Object.entries(map)) {
    if (!values.includes(value)) faults.push({ field: `map/${code}`, message: 'must be one of values' })
  }
  if (!('*' in map)) faults.push({ field: 'map', message: 'lacks "*"' })
  if (read === undefined && find.value === undefined) {
    faults.push({ field: 'find', message: 'lacks "value", and there is no read' })
  }
  const own = Object.keys(vars)
  for (const [field, part, names] of [
    ['token', token, ['clientId', 'clientSecret']],
    ['find', find, [...findNames, ...own]],
    ['read', read, [...readNames, ...own]],
    ['write', write, [...writeNames, ...own]]
  ] satisfies [string, unknown, string[]][]) {
    for (const name of placeholdersOf(part)) {
      if (!names.includes(name)) faults.push({ field, message: `has {${name}}, which is not known there` })
    }
  }
  return faults
}
