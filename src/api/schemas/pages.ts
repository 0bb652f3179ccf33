/** An answer that is a page for a person's browser. */
import { Type } from 'typebox'

export const HtmlPage = (description: string) => ({
  description,
  content: { 'text/html': { schema: Type.String({ examples: ['<!doctype html>…'] }) } }
})
