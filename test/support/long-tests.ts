/** `npm run test:long` repeats what is random often enough to find what is rare; `npm test` does it a few times. */
export const longTests = process.env.HANVISA_LONG_TESTS === '1'
