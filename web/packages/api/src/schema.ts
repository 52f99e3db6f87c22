/**
 * Types of the HTTP contract, written by hand until the server publishes its OpenAPI snapshot.
 * `npm run generate -w packages/api` overwrites this file with generated types of the same two exports,
 * `paths` and `components`; nothing outside this package imports it directly.
 */

type Failed = { content: { 'application/problem+json': components['schemas']['Problem'] } }
type Answer<R> = { 200: { content: { 'application/json': R } }; default: Failed }
type Nothing = { 204: { content?: never }; default: Failed }

type Params<P, Q> = ([P] extends [never] ? { path?: never } : { path: P }) &
  ([Q] extends [never] ? { query?: never } : { query?: Q })

type Get<R, P = never, Q = never> = { parameters: Params<P, Q>; responses: Answer<R> }
type Send<B, R, P = never, Q = never> = {
  parameters: Params<P, Q>
  requestBody: { content: { 'application/json': B } }
  responses: Answer<R>
}
type Act<R, P = never> = { parameters: Params<P, never>; requestBody?: never; responses: Answer<R> }
type Quiet<P = never> = { parameters: Params<P, never>; requestBody?: never; responses: Nothing }
type QuietSend<B, P = never> = {
  parameters: Params<P, never>
  requestBody: { content: { 'application/json': B } }
  responses: Nothing
}
type Bytes<R, P, Q = never> = {
  parameters: Params<P, Q>
  requestBody: { content: { 'application/octet-stream': Blob } }
  responses: Answer<R>
}

type Page<T> = { items: T[]; next_cursor: string | null }
type Items<T> = { items: T[] }
type Cursor = { cursor?: string; limit?: number }
type S = components['schemas']
type M = { merchant: string }

export interface components {
  schemas: {
    Money: { amount_minor: number; currency: string }
    FieldProblem: { pointer: string; code: string; detail: string }
    Problem: {
      type: string
      status: number
      code: string
      detail: string
      fields?: S['FieldProblem'][]
      request_id: string
    }

    // people
    Session: { session: string; person: string; is_guest: boolean; expires_at: string; token?: string }
    Right: 'products' | 'stock' | 'orders' | 'refunds' | 'deals' | 'reach' | 'money' | 'staff'
    Membership: { id: string; name: string; role: 'owner' | 'staff'; rights: S['Right'][] }
    Me: {
      id: string
      name: string
      phone_masked: string | null
      is_guest: boolean
      locale: string
      is_operator: boolean
      merchants: S['Membership'][]
    }
    Device: { id: string; created_at: string; seen_at: string; user_agent: string; is_current: boolean }
    Address: { id: string; name: string; phone: string; region: string; street: string; is_default: boolean }
    AddressInput: { name: string; phone: string; region: string; street: string; is_default: boolean }
    Merchant: { id: string; name: string; about: string; created_at: string }
    StaffMember: { person: string; name: string; phone_masked: string | null; role: 'owner' | 'staff'; rights: S['Right'][] }
    AuditEntry: {
      id: string
      at: string
      actor: string
      actor_name: string
      action: string
      target: string
      detail: unknown
    }

    // catalog
    Category: { id: string; slug: string; name: string; name_en: string; parent: string | null }
    Picture: { id: string; url: string; width: number; height: number }
    ActivityBrief: { id: string; team_price: S['Money']; size: number }
    ProductCard: {
      id: string
      merchant: string
      merchant_name: string
      title: string
      picture: S['Picture'] | null
      price: S['Money']
      activity: S['ActivityBrief'] | null
    }
    Sku: {
      id: string
      code: string
      option_values: string[]
      price: S['Money']
      compare_price: S['Money'] | null
      available: number
    }
    ProductState: 'draft' | 'published' | 'archived'
    Option: { name: string; values: string[] }
    Attribute: { name: string; value: string }
    Product: {
      id: string
      merchant: string
      merchant_name: string
      title: string
      description: string
      category: string
      state: S['ProductState']
      pictures: S['Picture'][]
      options: S['Option'][]
      skus: S['Sku'][]
      attributes: S['Attribute'][]
      no_reason_return: boolean
      updated_at: string
      version: number
    }
    SkuInput: { code: string; option_values: string[]; price_minor: number; compare_price_minor?: number; stock?: number }
    ProductInput: {
      title: string
      description: string
      category: string
      options: S['Option'][]
      attributes: S['Attribute'][]
      no_reason_return: boolean
      pictures: string[]
      skus: S['SkuInput'][]
    }
    ProductUpdate: S['ProductInput'] & { version: number }
    ImportProblem: { row: number; column: string; code: string; detail: string }
    ImportReport: {
      dry_run: boolean
      created: number
      updated: number
      skipped: number
      problems: S['ImportProblem'][]
    }

    // stock
    StockLevel: {
      sku: string
      code: string
      product: string
      title: string
      option_values: string[]
      location: string
      on_hand: number
      reserved: number
      sold: number
      available: number
    }
    StockAdjustment: { delta: number; reason: 'stocking' | 'count' | 'damage' | 'other'; note?: string }

    // pricing
    FullReduction: { threshold_minor: number; off_minor: number }
    Freight: { base_minor: number; free_from_minor: number | null }
    PricingRules: { full_reductions: S['FullReduction'][]; freight: S['Freight'] }
    Explanation: {
      lane: 'base' | 'activity' | 'promotion' | 'freight'
      source: string
      code: string
      amount: S['Money']
      params: Record<string, string>
    }
    QuoteLine: {
      sku: string
      qty: number
      unit: S['Money']
      base_unit: S['Money']
      discount: S['Money']
      total: S['Money']
      adjustments: S['Explanation'][]
    }
    Quote: {
      currency: string
      lines: S['QuoteLine'][]
      goods: S['Money']
      discount: S['Money']
      shipping: S['Money']
      total: S['Money']
      explanations: S['Explanation'][]
    }

    // cart, checkout, orders
    CartLine: {
      sku: string
      product: string
      title: string
      picture: S['Picture'] | null
      option_values: string[]
      qty: number
      unit: S['Money']
      available: number
      problem: string | null
    }
    CartGroup: { merchant: string; merchant_name: string; lines: S['CartLine'][]; quote: S['Quote'] }
    Cart: { groups: S['CartGroup'][]; count: number; total: S['Money'] }
    DealChoice: { activity: string; team: string | null }
    QuoteRequest: { items: { sku: string; qty: number }[]; deal?: S['DealChoice'] }
    QuoteGroup: { merchant: string; quote: S['Quote'] }
    QuoteAnswer: { groups: S['QuoteGroup'][]; total: S['Money'] }
    CheckoutSource:
      | { kind: 'cart'; skus: string[] }
      | { kind: 'now'; sku: string; qty: number; deal?: S['DealChoice'] }
    CheckoutRequest: { source: S['CheckoutSource']; address: string; note?: string; expected_total_minor: number }
    Checkout: { id: string; orders: string[]; total: S['Money'] }
    PaymentMethod: 'wallet' | 'sandbox'
    PaymentState: 'pending' | 'captured' | 'failed' | 'expired' | 'refunding' | 'refunded' | 'returned'
    Payment: {
      id: string
      method: S['PaymentMethod']
      state: S['PaymentState']
      amount: S['Money']
      orders: string[]
      expires_at: string
      cashier_url: string | null
    }
    OrderState: 'unpaid' | 'paid' | 'confirmed' | 'shipped' | 'received' | 'completed' | 'cancelled' | 'refunded'
    OrderLine: {
      line: number
      sku: string
      product: string
      title: string
      option_values: string[]
      picture: S['Picture'] | null
      qty: number
      unit: S['Money']
      discount: S['Money']
      total: S['Money']
      refunded: S['Money']
    }
    Order: {
      id: string
      number: string
      merchant: string
      merchant_name: string
      buyer: string
      state: S['OrderState']
      payment_state: 'unpaid' | 'paid' | 'refunded' | 'partly_refunded'
      fulfilment_state: 'none' | 'waiting_team' | 'to_ship' | 'shipped' | 'received'
      after_sale_state: 'none' | 'open' | 'closed'
      lines: S['OrderLine'][]
      goods: S['Money']
      discount: S['Money']
      shipping: S['Money']
      total: S['Money']
      captured: S['Money']
      refunded: S['Money']
      address: { name: string; phone: string; region: string; street: string }
      note: string
      team: string | null
      placed_at: string
      paid_at: string | null
      shipped_at: string | null
      received_at: string | null
      completed_at: string | null
      pay_by: string | null
      shipment: { carrier: string; tracking: string } | null
      explanations: S['Explanation'][]
      timeline: { at: string; what: string; actor: string }[]
    }
    RefundRequest: {
      lines: { line: number; amount_minor: number }[]
      shipping_minor?: number
      reason: string
      restock: boolean
    }
    Refund: {
      id: string
      order: string
      amount: S['Money']
      state: 'pending' | 'done'
      reason: string
      created_at: string
      done_at: string | null
    }

    // deals
    Tier: { people: number; price: S['Money'] }
    ActivitySku: { sku: string; team_price: S['Money']; leader_price: S['Money'] | null; tiers: S['Tier'][] }
    Activity: {
      id: string
      merchant: string
      product: string
      title: string
      state: 'draft' | 'live' | 'ended'
      skus: S['ActivitySku'][]
      size: number
      window_minutes: number
      starts_at: string
      ends_at: string
      quota: number | null
      quota_left: number | null
      per_person_limit: number | null
      new_buyers_only: boolean
    }
    ActivityInput: {
      product: string
      title: string
      skus: {
        sku: string
        team_price_minor: number
        leader_price_minor?: number
        tiers?: { people: number; price_minor: number }[]
      }[]
      size: number
      window_minutes: number
      starts_at: string
      ends_at: string
      quota?: number
      per_person_limit?: number
      new_buyers_only: boolean
    }
    ActivityStatistics: {
      teams_opened: number
      teams_succeeded: number
      teams_failed: number
      people: number
      orders: number
      paid: S['Money']
    }
    TeamMember: { name: string; is_leader: boolean; joined_at: string; is_me: boolean }
    Team: {
      id: string
      activity: string
      product: string
      sku: string
      size: number
      needed: number
      paid: number
      seats_left: number
      state: 'open' | 'succeeded' | 'failed' | 'merged'
      deadline: string
      members: S['TeamMember'][]
      merged_into: string | null
      price: S['Money']
      solo_price: S['Money']
      is_member: boolean
      server_now: string
    }
    MergeOffer: { state: 'waiting' | 'merged'; team: string }

    // reach
    EntryTarget: { kind: 'product' | 'team' | 'merchant'; id: string }
    EntryInput: { kind: 'link' | 'poster'; target: S['EntryTarget'] }
    Entry: {
      code: string
      url: string
      poster_url: string
      qr_url: string
      target: S['EntryTarget']
      visits: number
      orders: number
      created_at: string
    }
    MyShare: S['Entry'] & { frozen: S['Money']; paid: S['Money'] }
    MerchantEntry: S['Entry'] & { sharer_name: string }
    EntryPreview: {
      code: string
      target: S['EntryTarget']
      title: string
      picture: S['Picture'] | null
      price: S['Money']
      team_price: S['Money'] | null
      sharer_name: string
    }
    Commission: {
      id: string
      order: string
      order_number: string
      line: number
      level: number
      amount: S['Money']
      clawed: S['Money']
      state: 'frozen' | 'held' | 'released' | 'clawed_back' | 'cancelled'
      release_at: string | null
      rate_bp: number
      base: S['Money']
      product_title: string
      created_at: string
    }
    MerchantCommission: S['Commission'] & { beneficiary_name: string }
    Evidence: {
      model: 'last_touch' | 'first_touch'
      window_hours: number
      touches: {
        at: string
        code: string
        sharer: string
        sharer_name: string
        scene: string
        counted: boolean
        reason: string
      }[]
      commissions: S['Commission'][]
    }
    CommissionRules: {
      level1_bp: number
      level2_bp: number
      window_hours: number
      model: 'last_touch' | 'first_touch'
      return_window_days: number
    }
    FunnelRow: {
      entry_kind: string
      visits: number
      visitors: number
      sign_ups: number
      orders: number
      paid: S['Money']
    }

    // ledger
    Wallet: { account: string; balance: S['Money']; pending: S['Money'] }
    LedgerEntry: {
      seq: number
      transfer: string
      kind: string
      side: 'D' | 'C'
      amount: S['Money']
      balance_after: S['Money'] | null
      order: string | null
      at: string
    }
    LedgerAccount: { id: string; kind: string; owner: string | null; owner_name: string | null; balance: S['Money'] }
    TransferEntry: { account: string; account_kind: string; side: 'D' | 'C'; amount: S['Money'] }
    Transfer: { id: string; kind: string; order: string | null; at: string; entries: S['TransferEntry'][] }
    MerchantBalance: { payable: S['Money']; escrow: S['Money']; account: string }
    LedgerAudit: { ok: boolean; checks: { id: string; title: string; ok: boolean; failures: string[] }[] }

    // insight
    Dashboard: {
      orders: number
      paid: S['Money']
      refunded: S['Money']
      buyers: number
      repeat_buyers: number
      teams_open: number
      to_ship: number
      low_stock: number
      commissions_frozen: S['Money']
      by_day: { day: string; orders: number; paid: S['Money'] }[]
      top_products: { product: string; title: string; qty: number; paid: S['Money'] }[]
    }

    // demo
    Demo: { is_demo: boolean; people: { phone: string; name: string; what: string }[]; operator_phone: string }
  }
}

export interface paths {
  '/api/v1/sessions/guest': { post: Send<{ deliver?: 'cookie' | 'bearer' }, S['Session']> }
  '/api/v1/sign-in/codes': { post: Send<{ phone: string }, { expires_at: string }> }
  '/api/v1/sessions': {
    get: Get<Page<S['Device']>, never, Cursor>
    post: Send<{ phone: string; code: string; deliver?: 'cookie' | 'bearer' }, S['Session']>
  }
  '/api/v1/sessions/password': {
    post: Send<{ phone: string; password: string; deliver?: 'cookie' | 'bearer' }, S['Session']>
  }
  '/api/v1/sessions/{session}/end': { post: Quiet<{ session: string }> }
  '/api/v1/sessions/sign-out': { post: Quiet }
  '/api/v1/me': { get: Get<S['Me']>; patch: Send<{ name?: string; locale?: 'zh-CN' | 'en' }, S['Me']> }
  '/api/v1/me/password': { put: QuietSend<{ password: string; current?: string }> }
  '/api/v1/me/addresses': { get: Get<Page<S['Address']>>; post: Send<S['AddressInput'], S['Address']> }
  '/api/v1/me/addresses/{address}': {
    put: Send<S['AddressInput'], S['Address'], { address: string }>
    delete: Quiet<{ address: string }>
  }
  '/api/v1/merchants': { post: Send<{ name: string; about?: string; owner_phone: string }, S['Merchant']> }
  '/api/v1/merchants/{merchant}': { get: Get<S['Merchant'], M> }
  '/api/v1/merchants/{merchant}/staff': {
    get: Get<Page<S['StaffMember']>, M, Cursor>
    post: Send<{ phone: string; rights: S['Right'][] }, S['StaffMember'], M>
  }
  '/api/v1/merchants/{merchant}/staff/{person}': {
    put: Send<{ rights: S['Right'][] }, S['StaffMember'], M & { person: string }>
    delete: Quiet<M & { person: string }>
  }
  '/api/v1/merchants/{merchant}/audit-log': { get: Get<Page<S['AuditEntry']>, M, Cursor> }
  '/api/v1/audit-log': { get: Get<Page<S['AuditEntry']>, never, Cursor> }

  '/api/v1/categories': { get: Get<Items<S['Category']>> }
  '/api/v1/products': {
    get: Get<
      Page<S['ProductCard']>,
      never,
      Cursor & { category?: string; merchant?: string; q?: string; sort?: 'new' | 'price' | '-price' }
    >
  }
  '/api/v1/products/{product}': {
    get: Get<S['Product'], { product: string }>
    put: Send<S['ProductUpdate'], S['Product'], { product: string }>
  }
  '/api/v1/products/{product}/publish': { post: Act<S['Product'], { product: string }> }
  '/api/v1/products/{product}/archive': { post: Act<S['Product'], { product: string }> }
  '/api/v1/merchants/{merchant}/products': {
    get: Get<Page<S['Product']>, M, Cursor & { state?: S['ProductState']; q?: string }>
    post: Send<S['ProductInput'], S['Product'], M>
  }
  '/api/v1/merchants/{merchant}/pictures': { post: Bytes<S['Picture'], M> }
  '/api/v1/merchants/{merchant}/products/import': { post: Bytes<S['ImportReport'], M, { dry_run: boolean }> }

  '/api/v1/merchants/{merchant}/stock': { get: Get<Page<S['StockLevel']>, M, Cursor & { low?: number }> }
  '/api/v1/skus/{sku}/stock/adjust': { post: Send<S['StockAdjustment'], S['StockLevel'], { sku: string }> }

  '/api/v1/merchants/{merchant}/pricing': {
    get: Get<S['PricingRules'], M>
    put: Send<S['PricingRules'], S['PricingRules'], M>
  }

  '/api/v1/cart': { get: Get<S['Cart']> }
  '/api/v1/cart/lines/{sku}': { put: Send<{ qty: number }, S['Cart'], { sku: string }> }
  '/api/v1/quotes': { post: Send<S['QuoteRequest'], S['QuoteAnswer']> }
  '/api/v1/checkouts': { post: Send<S['CheckoutRequest'], S['Checkout']> }
  '/api/v1/payments': { post: Send<{ orders: string[]; method: S['PaymentMethod'] }, S['Payment']> }
  '/api/v1/payments/{payment}': { get: Get<S['Payment'], { payment: string }> }
  '/api/v1/orders': { get: Get<Page<S['Order']>, never, Cursor & { state?: S['OrderState'] }> }
  '/api/v1/orders/{order}': { get: Get<S['Order'], { order: string }> }
  '/api/v1/orders/{order}/cancel': { post: Send<{ reason: string }, S['Order'], { order: string }> }
  '/api/v1/orders/{order}/receive': { post: Act<S['Order'], { order: string }> }
  '/api/v1/orders/{order}/shipments': {
    post: Send<{ carrier: string; tracking: string }, S['Order'], { order: string }>
  }
  '/api/v1/orders/{order}/refunds': { post: Send<S['RefundRequest'], S['Refund'], { order: string }> }
  '/api/v1/orders/{order}/evidence': { get: Get<S['Evidence'], { order: string }> }
  '/api/v1/merchants/{merchant}/orders': {
    get: Get<Page<S['Order']>, M, Cursor & { state?: S['OrderState'] }>
  }

  '/api/v1/products/{product}/activity': { get: Get<S['Activity'], { product: string }> }
  '/api/v1/activities/{activity}/teams': { get: Get<Items<S['Team']>, { activity: string }> }
  '/api/v1/activities/{activity}/start': { post: Act<S['Activity'], { activity: string }> }
  '/api/v1/activities/{activity}/end': { post: Act<S['Activity'], { activity: string }> }
  '/api/v1/activities/{activity}/statistics': { get: Get<S['ActivityStatistics'], { activity: string }> }
  '/api/v1/teams/{team}': { get: Get<S['Team'], { team: string }> }
  '/api/v1/teams/{team}/merge-offers': { post: Send<{ with: string }, S['MergeOffer'], { team: string }> }
  '/api/v1/merchants/{merchant}/activities': {
    get: Get<Page<S['Activity']>, M, Cursor>
    post: Send<S['ActivityInput'], S['Activity'], M>
  }

  '/api/v1/entries': { post: Send<S['EntryInput'], S['Entry']> }
  '/api/v1/entries/{code}': { get: Get<S['EntryPreview'], { code: string }> }
  '/api/v1/touches': { post: Send<{ code: string }, { recorded: boolean }> }
  '/api/v1/me/shares': { get: Get<Page<S['MyShare']>, never, Cursor> }
  '/api/v1/me/commissions': { get: Get<Page<S['Commission']>, never, Cursor> }
  '/api/v1/merchants/{merchant}/commission-rules': {
    get: Get<S['CommissionRules'], M>
    put: Send<S['CommissionRules'], S['CommissionRules'], M>
  }
  '/api/v1/merchants/{merchant}/entries': { get: Get<Page<S['MerchantEntry']>, M, Cursor> }
  '/api/v1/merchants/{merchant}/funnel': { get: Get<Items<S['FunnelRow']>, M, { from?: string; to?: string }> }
  '/api/v1/merchants/{merchant}/commissions': { get: Get<Page<S['MerchantCommission']>, M, Cursor> }

  '/api/v1/me/wallet': { get: Get<S['Wallet']> }
  '/api/v1/me/wallet/entries': { get: Get<Page<S['LedgerEntry']>, never, Cursor> }
  '/api/v1/ledger/accounts': { get: Get<Page<S['LedgerAccount']>, never, Cursor & { kind?: string }> }
  '/api/v1/ledger/accounts/{account}': { get: Get<S['LedgerAccount'], { account: string }> }
  '/api/v1/ledger/accounts/{account}/entries': { get: Get<Page<S['LedgerEntry']>, { account: string }, Cursor> }
  '/api/v1/ledger/transfers/{transfer}': { get: Get<S['Transfer'], { transfer: string }> }
  '/api/v1/ledger/audit': { post: Act<S['LedgerAudit']> }
  '/api/v1/merchants/{merchant}/balance': { get: Get<S['MerchantBalance'], M> }
  '/api/v1/merchants/{merchant}/balance/entries': { get: Get<Page<S['LedgerEntry']>, M, Cursor> }

  '/api/v1/merchants/{merchant}/dashboard': { get: Get<S['Dashboard'], M, { from?: string; to?: string }> }

  '/api/v1/demo': { get: Get<S['Demo']> }
  '/api/v1/demo/sign-in-codes': { get: Get<{ code: string }, never, { phone: string }> }
  '/api/v1/demo/clock': { get: Get<{ now: string }> }
  '/api/v1/demo/clock/advance': { post: Send<{ seconds: number }, { now: string }> }
  '/api/v1/demo/wallet-top-ups': { post: Send<{ amount_minor: number }, { balance: S['Money'] }> }
  '/api/v1/demo/sandbox/payments/{payment}/{action}': {
    post: Act<unknown, { payment: string; action: 'pay' | 'pay_twice' | 'pay_wrong_amount' | 'fail' | 'pay_lost' }>
  }
}
