/** Where the console starts. */
import { render } from 'solid-js/web'
import { App } from './app.tsx'
import './style/tokens.css'
import './style/base.css'
import './style/forms.css'
import './style/pages.css'
import { applyTheme } from './components/theme.ts'

applyTheme()
render(() => <App />, document.getElementById('console')!)
