/** Builds the console to `dist/console`, from where the service serves it at `/console/`. */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import solid from 'vite-plugin-solid'
import { bundledLicences } from './bundled-licences.ts'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/console/',
  plugins: [solid(), bundledLicences()],
  build: {
    outDir: '../dist/console',
    emptyOutDir: true,
    target: 'es2023',
    // A `data:` address would need an exception in the content security policy.
    assetsInlineLimit: 0,
    // The polyfill is an inline script, which the policy forbids; every browser of the last three years has it built in.
    modulePreload: { polyfill: false }
  }
})
