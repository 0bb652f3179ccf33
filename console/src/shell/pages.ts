/** The pages that the navigation leads to, in its order, and whose they are: nobody is led to what would be answered 403. */
import Activity from 'lucide-solid/icons/activity'
import Bell from 'lucide-solid/icons/bell'
import Building from 'lucide-solid/icons/building'
import CalendarSync from 'lucide-solid/icons/calendar-sync'
import Clock from 'lucide-solid/icons/clock'
import FileClock from 'lucide-solid/icons/file-clock'
import KeyRound from 'lucide-solid/icons/key-round'
import ListChecks from 'lucide-solid/icons/list-checks'
import PhoneCall from 'lucide-solid/icons/phone-call'
import Share from 'lucide-solid/icons/share-2'
import Users from 'lucide-solid/icons/users'
import type { Component } from 'solid-js'
import type { Principal } from '../api/client.ts'
import type { Texts } from '../i18n/en.ts'

export interface PageEntry {
  /** Its address below the customer's, and its name among the texts of the navigation. */
  readonly page: Exclude<keyof Texts['nav'], 'themes' | 'groups'>
  readonly group: keyof Texts['nav']['groups']
  readonly icon: Component<{ size?: number; 'aria-hidden'?: 'true' }>
  readonly roles: readonly Principal['role'][]
}

const managers = ['provider', 'operator'] as const

const tenantPages: readonly PageEntry[] = [
  { page: 'now', group: 'day', icon: PhoneCall, roles: [...managers, 'switch', 'softphone', 'business'] },
  { page: 'users', group: 'setUp', icon: Users, roles: managers },
  { page: 'rules', group: 'setUp', icon: ListChecks, roles: managers },
  { page: 'hours', group: 'setUp', icon: Clock, roles: managers },
  { page: 'connection', group: 'setUp', icon: CalendarSync, roles: managers },
  { page: 'consumers', group: 'setUp', icon: Share, roles: managers },
  { page: 'keys', group: 'setUp', icon: KeyRound, roles: managers },
  { page: 'health', group: 'follow', icon: Activity, roles: managers },
  { page: 'alarms', group: 'follow', icon: Bell, roles: managers },
  { page: 'audit', group: 'follow', icon: FileClock, roles: managers }
]

/** Below `/-/`, which is no customer's id. */
const providerPages: readonly PageEntry[] = [
  { page: 'tenants', group: 'day', icon: Building, roles: ['provider'] },
  { page: 'keys', group: 'setUp', icon: KeyRound, roles: ['provider'] },
  { page: 'alarms', group: 'follow', icon: Bell, roles: ['provider'] },
  { page: 'audit', group: 'follow', icon: FileClock, roles: ['provider'] }
]

/** `isOfTenant`: those of a customer; else those of the provider. */
export function pagesOf({ role }: Principal, { isOfTenant }: { isOfTenant: boolean }): readonly PageEntry[] {
  return (isOfTenant ? tenantPages : providerPages).filter(({ roles }) => roles.includes(role))
}
