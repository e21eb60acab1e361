/** A set of the words in this text. */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** What holds digits and names a technology all the same: they don't vary from failure to failure. */
export const technicalWords = words(`
  utf8 utf-8 utf16 utf-16 utf16le utf-16le utf8mb3 utf8mb4 latin1 iso-8859-1 ucs2 base32 base58 base64 base64url
  http2 http3 http/1 http/2 h2 h2c http1 spdy3 ipv4 ipv6 udp4 udp6 tcp4 tcp6 tls1 tls1.2 tls1.3 tlsv1 tlsv1.2 tlsv1.3 ssl2
  ssl3 sslv2 sslv3 sha1 sha-1 sha256 sha-256 sha384 sha-384 sha512 sha-512 md4 md5 rs256 rs384 rs512 hs256 hs384 hs512
  es256 es384 es512 ps256 ed25519 x25519 x509 x.509 p12 pkcs1 pkcs7 pkcs8 pkcs12 aes128 aes256 aes-128-cbc aes-256-cbc
  aes-128-gcm aes-256-gcm oauth1 oauth2 s3 ec2 r53 route53 k8s log4j neo4j db2 mp3 mp4 h264 h265 x64 x86 x86_64 arm64
  i18n l10n a11y e2e p2p b2b int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 decimal128 uint8array
  int8array uint16array int16array uint32array int32array float32array float64array bigint64array v8 es6 es2015 web3
  saslv1 scram-sha-1 scram-sha-256 scram-sha-512 ntlmv2 mysql2 bullmq3 pop3 imap4 d3 xml2js 2fa 3ds v4 sigv4 imdsv2 nfs4
  cp1252 windows-1252 crc32 crc32c lz4 zip64 gb2312 big5 level1 argon2 argon2id
`);

/** A number, or a short text with a digit, that follows one of these is a code: it tells causes apart. */
export const codeWords = words(`
  code codes errorcode error_code errcode err_code status statuscode status_code httpstatus httpstatuscode http_status
  errno sqlstate sqlcode reply responsecode response_code replycode reply_code error err http exit exited
  signal errornum errornumber error_number number_code subcode rc returncode grpc_code reason_code http_code
  severity
`);

/** As `codeWords`; but only what is a status of HTTP or a reply of SMTP. */
export const statusVerbs = words(`
  returned return returns responded responds received receive got with gave answered response unexpected
  replied was is threw
`);

/** Of an object that is part of a message: the values of these keys tell causes apart. */
export const codeKeys = words(`
  code status statuscode status_code errno syscall name type errortype error_type error_code errorcode sqlstate
  responsecode __type kind domain codename subcode error_subcode
`);

/** As `codeKeys`; but their values are read as messages. */
export const textKeys = words(`
  message error errors msg detail details description error_description errormessage error_message title reason
  text info
`);

/** A name without quotes may follow these: it varies, wherever it looks like a name and not like a word. */
export const nouns = words(`
  table tables collection topic queue bucket keyspace index partition database db column relation stream subject
  consumer user account host hostname server node job id ids order customer invoice payment subscription tenant channel
  group member message event document record row key token session connection container pod service lambda
  exchange vhost namespace view schema instance project dataset resource object file shard replica broker role member
  region zone secret template list segment domain mailbox recipient sender address application app client
  device campaign contact product sku cart shipment workspace organization organisation team repository repo branch
  tag image volume transaction tx query request trace span correlation batch chunk worker process thread task lock
  cursor endpoint locale language path url version
`);

/** As `nouns`; what follows is the name of a host. */
export const hostNouns = words(
  'host hostname server node broker address domain endpoint instance client service replica',
);

/** What is said about a table, in place of its name. */
export const notNames = words(`
  a an the does do did is are was were has had have not no with without in on of for from to or and already name
  names lock locked locks full could cannot can must should exists exist missing would will scan space definition
  alias by at into as be
`);

/** Units of a number, and what ends a date: with the number they are left out. */
export const units = words(`
  ms msec msecs millis millisecond milliseconds s sec secs second seconds m min mins minute minutes h hr hrs hour hours
  d day days week weeks month months year years us ns microseconds nanoseconds b kb mb gb tb kib mib gib tib byte bytes
  k kbytes mbytes percent px am pm gmt utc z cet cest est edt pst pdt st nd rd th rps qps
`);

/** Parts of a date that are words. */
export const dateWords = words(`
  jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august september october
  november december mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday
`);

/** How the name of a host ends. Those that a field of an object has too (`id`, `to`, `is`) are not among them. */
export const hostEndings = words(`
  com net org io dev app cloud info biz xyz tech online site edu gov mil int arpa internal local localhost localdomain
  lan corp home intra intranet test example invalid consul svc cluster uk de fr nl eu ca au jp cn br ru ch se pl dk fi
  cz ie nz za kr sg hk tw mx ar pt gr hu ro tr ua il email systems services network aws azure
`);

/** How the name of a file ends. */
export const fileEndings = words(`
  js mjs cjs ts mts cts jsx tsx json json5 jsonl ndjson yaml yml toml xml html htm css scss csv tsv txt md log pdf png
  jpg jpeg gif svg webp avif tiff zip gz tgz tar bz2 zst node wasm so dll dylib exe sh py rb php java class jar hbs ejs
  pug mjml mustache njk liquid docx xlsx pptx doc xls eml ics sql db sqlite sqlite3 lock pem crt cer key p8 env ini conf
  tmp sock parquet avro proto mp4 mp3 mov webm
`);

/** A status of HTTP or a reply of SMTP may follow these, after a colon or in brackets. */
export const beforeStatus = words(`
  rejected refused failed failure login response error status command message exception request data mail rcpt server
  redirect result returned smtp http cause reason closed terminated reply replied said says code gateway unauthorized
  forbidden unavailable found requests timeout conflict entity denied bounced bounce deferred url answer host recipients
  undeliverable delivered limited api upstream statuscode fetch invalid unexpected got
`);
