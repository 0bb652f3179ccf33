/** The settings of a webhook, with defaults filled in. */

export interface WebhookSettings {
  readonly url: string
  readonly secret: string
  readonly previousSecret?: string
  readonly detail: 'full' | 'thin'
}
