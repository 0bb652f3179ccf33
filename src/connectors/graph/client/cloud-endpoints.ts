/** Where each of Microsoft's clouds signs applications in, and where its Graph is. */
import type { Cloud } from '../../connection.ts'

export interface CloudEndpoints {
  /** Origin of the sign-in service. */
  readonly login: string
  /** Root of Graph, without `/v1.0` and without a slash at its end. */
  readonly graph: string
}

/** learn.microsoft.com/graph/deployments. A token of one cloud is worth nothing in another. */
const known: Readonly<Record<Extract<Cloud, string>, CloudEndpoints>> = {
  global: { login: 'https://login.microsoftonline.com', graph: 'https://graph.microsoft.com' },
  usgov: { login: 'https://login.microsoftonline.us', graph: 'https://graph.microsoft.us' },
  dod: { login: 'https://login.microsoftonline.us', graph: 'https://dod-graph.microsoft.us' },
  china: { login: 'https://login.chinacloudapi.cn', graph: 'https://microsoftgraph.chinacloudapi.cn' }
}

export function cloudEndpoints(cloud: Cloud): CloudEndpoints {
  if (typeof cloud === 'string') return known[cloud]
  return { login: cloud.login.replace(/\/+$/, ''), graph: cloud.graph.replace(/\/+$/, '') }
}
