/** Addresses that no connection may lead to unless the installation says so: as a URL has them, and as a resolver gives them. */

/** As they stand in a URL. All parse (WHATWG URL), many to an address that they do not look like. */
export const hostileHosts = [
  // This machine: names, and every way to write 127.0.0.1 and 0.0.0.0.
  ...[
    'localhost',
    'LOCALHOST',
    'localhost.',
    'calendar.localhost',
    '127.0.0.1',
    '127.0.0.1.',
    '127.255.255.254'
  ],
  ...[
    '2130706433',
    '017700000001',
    '0x7f000001',
    '0x7f.1',
    '127.1',
    '127.0.1',
    '0177.0.0.1',
    '0x7F.0x0.0x0.0x1'
  ],
  ...[
    '127.000.000.001',
    '１２７.０.０.１',
    '①②⑦.⓪.⓪.①',
    '127。0。0。1',
    '%31%32%37.0.0.1',
    '0',
    '0x0',
    '0.0.0.0',
    '0.1.2.3'
  ],
  // Private use, shared address space, benchmarking, documentation, protocol assignments, relays, multicast, reserved.
  ...['10.0.0.1', '0xa000001', '012.0.0.1', '172.16.0.1', '172.31.255.254', '192.168.0.1', '3232235521'],
  ...[
    '100.64.0.1',
    '100.127.255.254',
    '198.18.0.1',
    '198.19.255.254',
    '192.0.2.1',
    '198.51.100.1',
    '203.0.113.1'
  ],
  ...[
    '192.0.0.1',
    '192.0.0.170',
    '192.88.99.1',
    '224.0.0.1',
    '239.255.255.250',
    '240.0.0.1',
    '255.255.255.255'
  ],
  // Clouds: metadata, the wire server, service endpoints; by name too.
  ...['169.254.169.254', '2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '169.254.170.2', '169.254.0.23'],
  ...[
    '168.63.129.16',
    '2822734096',
    '0xa83f8110',
    '100.100.100.200',
    '192.0.0.192',
    '161.26.0.7',
    '166.8.0.1'
  ],
  ...['[fd00:ec2::254]', '[fd00:ec2::23]', '[fd20:ce::254]', '[fd00:42::42]', '[fe80::a9fe:a9fe]'],
  ...['metadata.google.internal', 'METADATA.google.internal.', 'metadata.goog', 'metadata', 'instance-data'],
  ...['instance-data.ec2.internal', 'metadata.azure.internal', 'metadata.tencentyun.com', 'rancher-metadata'],
  // IPv6 of its own: loopback, unspecified, link-local, site-local, unique local, multicast, discard, documentation, unassigned.
  ...[
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::]',
    '[fe80::1]',
    '[febf::1]',
    '[fec0::1]',
    '[fc00::1]',
    '[fdff:1:2::3]'
  ],
  ...['[ff02::1]', '[ff0e::1]', '[100::1]', '[100:0:0:1::1]', '[2001:db8::1]', '[3fff::1]', '[2001:2::1]'],
  ...['[2001:10::1]', '[2001:20::1]', '[5f00::1]', '[4000::1]', '[e000::1]'],
  // IPv6 that carries IPv4: mapped, compatible, translated, 6to4, Teredo, NAT64, ISATAP.
  ...[
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::ffff:169.254.169.254]',
    '[::ffff:10.1.2.3]',
    '[::127.0.0.1]'
  ],
  ...[
    '[::ffff:0:127.0.0.1]',
    '[2002:7f00:1::1]',
    '[2002:a9fe:a9fe::]',
    '[2001::7f00:1]',
    '[2001:0:a83f:8110::1]'
  ],
  ...[
    '[64:ff9b::127.0.0.1]',
    '[64:ff9b::a9fe:a9fe]',
    '[64:ff9b::168.63.129.16]',
    '[64:ff9b::]',
    '[64:ff9b:1::1]'
  ],
  ...[
    '[64:ff9b:1:7f00:0:100::]',
    '[2606:2800::5efe:7f00:1]',
    '[2606:2800::200:5efe:7f00:1]',
    '[2606:2800::100:5efe:a00:1]'
  ],
  ...['[fe80::5efe:a00:1]', '[2606:2800:1:2:300:5efe:a9fe:a9fe]']
] as const

/** What a resolver can give besides: with a zone, or what is no address. */
export const hostileAnswers = [
  'fe80::1%eth0',
  '2606:4700::1111%1',
  '::1%lo',
  '',
  'nonsense',
  '127.1',
  '1.2.3',
  '::g'
] as const

/** The addresses behind the hosts that are no names. */
export const hostileAddresses: readonly string[] = [
  ...new Set(
    hostileHosts
      .map((host) => new URL(`https://${host}/`).hostname.replace(/^\[|\]$/g, ''))
      .filter((host) => /^[\d.]+$/.test(host) || host.includes(':'))
  ),
  ...hostileAnswers
]
