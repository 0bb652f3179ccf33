/** A CalDAV server of constant answers in a process of its own, so that its CPU is not counted as ours. Started by caldav-hour.ts. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const head =
  '<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/">'
const series = [
  ...[
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//bench//EN',
    'BEGIN:VEVENT',
    'UID:1',
    'DTSTART:20250106T090000Z'
  ],
  ...['DTEND:20250106T100000Z', 'RRULE:FREQ=WEEKLY', 'SUMMARY:HEM:', 'END:VEVENT', 'END:VCALENDAR', '']
].join('\r\n')
let requests = 0

const server = createServer((request, reply) => {
  request.resume()
  const path = request.url ?? '/'
  if (path === '/count') {
    reply.end(String(requests))
    return
  }
  requests += 1
  reply.writeHead(207, { 'content-type': 'application/xml; charset=utf-8' })
  if (request.method === 'REPORT') {
    reply.end(
      `${head}<d:response><d:href>${path}1.ics</d:href><d:propstat><d:prop><c:calendar-data>${series}</c:calendar-data></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>`
    )
    return
  }
  const owner = `/${path.split('/')[1]}/`
  reply.end(
    `${head}<d:response><d:href>${path}</d:href><d:propstat><d:prop><d:resourcetype><d:collection/><c:calendar/></d:resourcetype><d:owner><d:href>${owner}</d:href></d:owner><cs:getctag>"1df9d3268e1f1a0aca5af1813225477aa039e27a81eeeb59141b817660cec373"</cs:getctag><d:sync-token>http://radicale.org/ns/sync/353a5d7004eac9d04d030243b546d6da4a64d7624ef41d486d300b43c3691bd3</d:sync-token></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>`
  )
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
// The bench is over, or was killed.
process.once('disconnect', () => process.exit())
