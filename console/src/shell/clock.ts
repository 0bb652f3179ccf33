/** A clock that views follow: it moves by the second, and only while the page is seen. */
import { createSignal, onCleanup } from 'solid-js'

export function createClock(read: () => number): () => number {
  const toSecond = () => Math.floor(read() / 1000) * 1000
  const [now, setNow] = createSignal(toSecond())
  const tick = () => {
    if (document.visibilityState === 'visible') setNow(toSecond())
  }
  const timer = setInterval(tick, 1000)
  document.addEventListener('visibilitychange', tick)
  onCleanup(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', tick)
  })
  return now
}
