/** Calls over persistent connections: one sign-in for each, and what happens when connections go. */
import { EventEmitter, once } from 'node:events'
import t from '../../group/tap.ts'
import { errorOf, sendBody, serverCertificate, startServer, transportTo } from './server.ts'

t.test(
  'NTLM signs a connection in once, bound to its TLS, whatever number of calls goes over it',
  async (t) => {
    const server = await startServer(t)
    const transport = transportTo(t, server, { connections: 3 })
    for (let call = 0; call < 5; call++)
      t.equal(await sendBody(transport, `one ${call}`), `200 <echo>one ${call}</echo>`)
    t.equal(server.sockets.size, 1)
    t.same(server.calls, ['NTLM one 0', '- one 1', '- one 2', '- one 3', '- one 4'])
    const many = await Promise.all(
      Array.from({ length: 30 }, (_, call) => sendBody(transport, `many ${call}`))
    )
    t.same(
      many,
      Array.from({ length: 30 }, (_, call) => `200 <echo>many ${call}</echo>`)
    )
    t.equal(server.sockets.size, 3, 'not more connections than allowed')
    t.equal(server.accounts.length, 3, 'a handshake for each')
    t.match(
      server.accounts,
      Array(3).fill({ user: 'svc-hanvisa', mic: true, bound: true, target: 'HTTP/localhost' })
    )
    t.same(server.refusals, [])
  }
)

t.test('inside Negotiate, in its envelope or bare, as the server accepts it', async (t) => {
  const negotiate = await startServer(t, { ntlm: { schemes: ['Negotiate'] } })
  const enveloped = transportTo(t, negotiate)
  t.equal(await sendBody(enveloped, 'a'), '200 <echo>a</echo>')
  t.equal(await sendBody(enveloped, 'b'), '200 <echo>b</echo>')
  t.match(negotiate.accounts, [{ enveloped: true, mic: true, bound: true }])

  const bareOnly = await startServer(t, {
    ntlm: { schemes: ['Negotiate'] },
    before(request, response) {
      const spnego = request.headers.authorization?.startsWith('Negotiate Y') === true
      if (spnego) response.writeHead(401, { 'www-authenticate': 'Negotiate' }).end()
      return spnego
    }
  })
  t.equal(await sendBody(transportTo(t, bareOnly), 'c'), '200 <echo>c</echo>')
  t.match(bareOnly.accounts, [{ enveloped: false, mic: true, bound: true }])
})

t.test('an Exchange of before 2010, without MIC and Extended Protection', async (t) => {
  const server = await startServer(t, { serverCertificate: null, ntlm: { modern: false } })
  t.equal(await sendBody(transportTo(t, server), 'x'), '200 <echo>x</echo>')
  t.match(server.accounts, [{ mic: false, bound: false }])
})

t.test('a connection that the server ended signs in again, and the call is not lost', async (t) => {
  const server = await startServer(t)
  const transport = transportTo(t, server, { connections: 1 })
  await sendBody(transport, 'first')
  const ended = Promise.all([...server.sockets].map((socket) => once(socket, 'close')))
  server.server.closeIdleConnections()
  await ended
  t.equal(await sendBody(transport, 'second'), '200 <echo>second</echo>')
  t.same([server.sockets.size, server.accounts.length], [2, 2])

  // At the very moment of the call: it is on its way when the connection goes, and the idle ones are dead too.
  const rude = await startServer(t, {
    before(request) {
      const used = request.headers.authorization === undefined
      if (used) request.socket.destroy()
      return used
    }
  })
  const again = transportTo(t, rude, { connections: 2 })
  await Promise.all([sendBody(again, 'first'), sendBody(again, 'beside')])
  t.equal(await sendBody(again, 'second'), '200 <echo>second</echo>')
  t.match(rude.calls.sort(), ['NTLM beside', 'NTLM first', 'NTLM second'])
})

t.test(
  'a server that forgets connections gets another sign-in, and the password stays accepted',
  async (t) => {
    let forget = true
    const server = await startServer(t, {
      before(request, response) {
        const lost = forget && request.headers.authorization === undefined
        if (lost) response.writeHead(401, { 'www-authenticate': 'NTLM' }).end()
        return lost
      }
    })
    const transport = transportTo(t, server)
    for (const call of ['a', 'b', 'c']) t.equal(await sendBody(transport, call), `200 <echo>${call}</echo>`)
    forget = false
    t.equal(await sendBody(transport, 'd'), '200 <echo>d</echo>')
    t.same(server.calls, ['NTLM a', 'NTLM b', 'NTLM c', '- d'])
    t.equal(server.sockets.size, 1)
  }
)

t.test('a server that ends the connection between the messages of a handshake', async (t) => {
  const server = await startServer(t, {
    before(_, response) {
      response.setHeader('connection', 'close')
      return false
    }
  })
  const error = await errorOf(t, sendBody(transportTo(t, server), 'x'))
  t.match(error, { code: 'unreachable', hint: /ends connections in the middle of the NTLM handshake/ })
  t.equal(server.attempts, 0, 'the password was never sent')
  t.equal(server.sockets.size, 2)

  let silently = true
  const once = await startServer(t, {
    before(request, response) {
      if (silently) response.once('finish', () => request.socket.end())
      silently = false
      return false
    }
  })
  t.equal(await sendBody(transportTo(t, once), 'x'), '200 <echo>x</echo>', 'once is got over')
})

t.test('a server that floods a 401, or its headers, is given up', async (t) => {
  const endless = await startServer(t, {
    before(_, response) {
      response.writeHead(401, { 'www-authenticate': 'NTLM' })
      const piece = Buffer.alloc(65_536, 'x')
      const more = () => void (response.destroyed || response.write(piece, more))
      more()
      return true
    }
  })
  t.match(await errorOf(t, sendBody(transportTo(t, endless), 'x')), { code: /unreachable|secret_invalid/ })
  const headers = await startServer(t, {
    before(_, response) {
      response.writeHead(401, { 'www-authenticate': `NTLM ${'A'.repeat(60_000)}` }).end()
      return true
    }
  })
  t.match(await errorOf(t, sendBody(transportTo(t, headers), 'x')), {
    hint: /broke off \(UND_ERR_HEADERS_OVERFLOW\)/
  })
  const garbage = await startServer(t, {
    before(_, response) {
      response.writeHead(401, { 'www-authenticate': 'NTLM TlRMTVNTUAACAAAA' }).end()
      return true
    }
  })
  t.match(await errorOf(t, sendBody(transportTo(t, garbage), 'x')), {
    code: 'protocol_error',
    hint: /challenge is malformed/
  })
})

t.test('the signal ends a call that is queued, waits for an answer or for more of it', async (t) => {
  const arrived = new EventEmitter()
  const server = await startServer(t, {
    answer(_, response, body) {
      if (body === 'stream') response.write('<first/>')
      arrived.emit(body)
    }
  })
  const transport = transportTo(t, server, { connections: 1, ca: serverCertificate.signer })
  const streaming = new AbortController()
  const reply = await transport.call({ headers: {}, body: 'stream', signal: streaming.signal })
  const pieces = reply.body[Symbol.asyncIterator]()
  t.equal(String((await pieces.next()).value), '<first/>', 'what has come is there before the rest')
  const waiting = await errorOf(t, sendBody(transport, 'x', AbortSignal.timeout(50)))
  t.match(waiting, { code: 'unreachable', hint: /did not answer in time/ })
  streaming.abort()
  t.match(await errorOf(t, pieces.next()), { hint: /did not answer in time/ })
  const unanswered = new AbortController()
  const second = errorOf(t, sendBody(transport, 'y', unanswered.signal))
  await once(arrived, 'y')
  unanswered.abort()
  t.match(await second, { hint: /did not answer in time/ }, 'the place was free again')
  await t.rejects(
    transport.call({ headers: {}, body: '', signal: new AbortController().signal, anchorMailbox: 'a\r\nb' }),
    { code: 'mailbox_unknown', scope: 'mailbox' }
  )
  const closing = errorOf(t, sendBody(transport, 'z'))
  await once(arrived, 'z')
  transport.close()
  await closing
  await errorOf(t, sendBody(transport, 'after'))
})
