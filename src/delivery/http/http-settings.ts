/** The settings of a consumer by a recipe, with defaults filled in. */

export type RecipeAuth =
  | {
      readonly kind: 'oauth'
      /** Where the recipe does not say it, or says another. */
      readonly tokenUrl?: string
      readonly clientId: string
      readonly clientSecret: string
      /** Then the token is renewed with it; else it is that of the client itself. */
      readonly refreshToken?: string
    }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }

export interface HttpSettings {
  readonly recipe: string
  /** Where the API is, unless the recipe says it. */
  readonly url?: string
  readonly auth: RecipeAuth
  readonly vars: Readonly<Record<string, string>>
  /** By diversion code, `*` for the rest; what is left out is as the recipe has it. */
  readonly map: Readonly<Record<string, string>>
}
