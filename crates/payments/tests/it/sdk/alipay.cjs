// Alipay's side: the public SDK `alipay-sdk` checks what is signed here; answers and notices are signed with Alipay's key.
// usage: alipay.cjs FOLDER    makes keys there, prints the port, serves until its standard input ends
const crypto = require('node:crypto')
const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const { AlipaySdk } = require('alipay-sdk')

const folder = process.argv[2]
const pair = (name) => {
  const made = crypto.generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  fs.writeFileSync(path.join(folder, `${name}.pem`), made.privateKey)
  fs.writeFileSync(path.join(folder, `${name}_public.pem`), made.publicKey)
  return made
}
const ours = pair('app')
const theirs = pair('alipay')
const stranger = pair('stranger')
const bare = (pem) => pem.split('\n').filter((line) => !line.startsWith('-')).join('')
// Its check of signatures, told that our key is the one to check.
const sdk = new AlipaySdk({ appId: '2021', privateKey: bare(theirs.privateKey), alipayPublicKey: bare(ours.publicKey), keyType: 'PKCS8' })
const reader = new AlipaySdk({ appId: '2021', privateKey: bare(ours.privateKey), alipayPublicKey: bare(theirs.publicKey), keyType: 'PKCS8' })
const sign = (text, key) => crypto.createSign('RSA-SHA256').update(text, 'utf8').sign(key, 'base64')

const state = { mode: '', trades: {}, refunds: {} }
function answer(method, content) {
  const trade = state.trades[content.out_trade_no]
  const no = { code: '40004', msg: 'Business Failed', sub_code: 'ACQ.TRADE_NOT_EXIST' }
  const yes = (more) => ({ code: '10000', msg: 'Success', out_trade_no: content.out_trade_no, ...more })
  switch (method) {
    case 'alipay.trade.query':
      return trade ? yes({ trade_status: trade.status, total_amount: trade.amount, send_pay_date: trade.paid, url: 'http://a/b' }) : no
    case 'alipay.trade.close':
      if (!trade) return no
      if (trade.status !== 'WAIT_BUYER_PAY') return { ...no, sub_code: 'ACQ.TRADE_STATUS_ERROR' }
      trade.status = 'TRADE_CLOSED'
      return yes({})
    case 'alipay.trade.refund':
      if (!trade) return no
      if (Number(content.refund_amount) > Number(trade.amount)) return { ...no, sub_code: 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL' }
      state.refunds[content.out_request_no] ??= content.refund_amount
      return yes({ fund_change: 'Y' })
    case 'alipay.trade.fastpay.refund.query':
      if (!(content.out_request_no in state.refunds)) return yes({})
      return yes({ refund_status: 'REFUND_SUCCESS', gmt_refund_pay: '2026-11-22 11:00:00' })
    case 'alipay.data.dataservice.bill.downloadurl.query':
      return { code: '10000', msg: 'Success', bill_download_url: `https://bill.example/${content.bill_date}` }
  }
  return { code: '40002', msg: 'Invalid Arguments' }
}

function control(name, body) {
  if (name === 'mode') state.mode = body.mode
  if (name === 'trade') state.trades[body.number] = body
  // A page of payment: the SDK checks its signature, as Alipay would.
  if (name === 'page') return sdk.checkNotifySignV2(Object.fromEntries(new URL(body.url).searchParams))
  if (name === 'notice') {
    const fields = { ...body.fields }
    const text = Object.keys(fields).sort().map((key) => `${key}=${fields[key]}`).join('&')
    fields.sign = sign(text, body.mode === 'stranger' ? stranger.privateKey : theirs.privateKey)
    fields.sign_type = 'RSA2'
    if (!body.mode && !reader.checkNotifySignV2(fields)) throw new Error('the SDK would not believe this')
    return new URLSearchParams(fields).toString()
  }
  return null
}

const server = http.createServer((request, response) => {
  let text = ''
  request.on('data', (part) => (text += part))
  request.on('end', () => {
    if (request.url.startsWith('/control/')) {
      return response.end(JSON.stringify(control(request.url.slice(9), JSON.parse(text))))
    }
    const fields = Object.fromEntries(new URLSearchParams(text))
    const { mode } = state
    state.mode = ''
    if (mode === 'cut') return request.socket.destroy()
    const isSigned = fields.app_id === '2021' && fields.sign_type === 'RSA2' && sdk.checkNotifySignV2(fields)
    const node = isSigned ? `${fields.method.replaceAll('.', '_')}_response` : 'error_response'
    const told = isSigned ? answer(fields.method, JSON.parse(fields.biz_content)) : { code: '40002', sub_code: 'isv.invalid-signature' }
    const body = JSON.stringify(told)
    const signature = sign(body, mode === 'stranger' ? stranger.privateKey : theirs.privateKey)
    response.end(`{"${node}":${body}${mode === 'unsigned' ? '' : `,"sign":"${signature}"`}}`)
  })
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
process.stdin.on('end', () => process.exit(0)).resume()
