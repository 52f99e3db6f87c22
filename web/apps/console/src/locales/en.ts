export default {
  app: {
    name: 'Tuan · Console', skip: 'Skip to content', merchant: 'Merchant', choose_merchant: 'Choose a merchant', demo: 'Demo', language: 'Language', to_shop: 'To the shop', sign_out: 'Sign out', nav: 'Console', operator: 'Operator',
    save: 'Save', saved: 'Saved', create: 'Create', edit: 'Edit', remove: 'Remove', acts: 'Actions', time: 'Time', state: 'State', all: 'All', search: 'Search', filter: 'Filter', by_state: 'By state', note: 'Note',
    from: 'From', to: 'To', unsaved: 'There are unsaved changes', leave_sure: 'There are unsaved changes. Leave anyway?',
  },
  language: { 'zh-CN': '中文', en: 'English' },
  page: {
    activity: 'Activity',
    start: 'Console', sign_in: 'Sign in', dashboard: 'Dashboard', orders: 'Orders', order: 'Order', products: 'Products', product: 'Product', product_new: 'New product', import: 'Import products', stock: 'Stock', pricing: 'Offers and freight',
    activities: 'Team buying', activity_new: 'New activity', reach: 'Shares and funnel', commissions: 'Commissions', balance: 'Balance', staff: 'Staff and rights', audit_log: 'Audit log', audit_log_all: 'Audit log of the platform',
    merchants: 'Merchants', accounts: 'Accounts', account: 'Account', transfer: 'Transfer', ledger_audit: 'Ledger audit', missing: 'Page not found',
  },
  act: {
    activity: { create: 'Activity made', update: 'Activity changed', start: 'Activity started', end: 'Activity ended' }, commission: { set: 'Commission rules changed', approve: 'Commission approved', refuse: 'Commission refused' }, merchant: { create: 'Shop made' }, order: { ship: 'Shipped', refund: 'Refunded' }, pricing: { set: 'Offers and freight changed' },
    product: { create: 'Product made', update: 'Product changed', publish: 'Product published', archive: 'Product archived', import: 'Products imported' }, stock: { adjust: 'Stock adjusted' }, staff: { add: 'Member added', remove: 'Member removed', rights: 'Rights changed' }, person: { ban: 'Banned', unban: 'Unbanned' },
  },
  role: { owner: 'Owner', staff: 'Staff' },
  right: { products: 'Products and prices', stock: 'Stock', orders: 'Orders and shipping', refunds: 'Refunds', deals: 'Team buying', reach: 'Shares and commissions', money: 'Balance', staff: 'Staff and log' },
  product_state: { draft: 'Draft', published: 'On sale', archived: 'Archived' },
  activity_state: { draft: 'Draft', live: 'Live', ended: 'Ended' },
  entry_kind: { link: 'Link', poster: 'Poster', direct: 'Direct' },
  target_kind: { product: 'Product', team: 'Team', merchant: 'Shop' },
  account_kind: { wallet: 'Wallet', payable: 'Payable', escrow: 'Escrow', bank: 'Bank', clearing: 'Clearing', fee: 'Fees', debt: 'Debt', equity: 'Demo equity' },
  people: {
    no_merchant: 'You are not a member of any merchant', way: 'How to sign in', by_code: 'Code', by_password: 'Password', send_code: 'Get a code', code_sent: 'The code is on its way', demo_code: 'Demo: the code is filled in', demo_people: 'Demo: who you can be', sign_in_as: 'Sign in as {name}',
    add: 'Add a member', no_staff: 'No members yet', role: 'Role', rights: 'Rights', all_rights: 'All rights', edit_of: 'Edit {name}', remove_of: 'Remove {name}', remove_sure: 'Remove {name} from the staff?',
    no_log: 'Nothing logged yet', actor: 'Who', action: 'Action', target: 'Target', detail: 'Detail', new_merchant: 'New merchant', merchant_name: 'Name', about: 'About', owner_phone: "Owner's phone", merchant_made: 'Merchant {name} is created',
  },
  insight: {
    days: 'Days',
    to_do: 'To do', to_ship: 'orders to ship', low_stock: 'variants low in stock', teams_open: 'open teams', paid: 'Paid', orders: 'Orders', buyers: 'Buyers', repeat_buyers: 'Repeat buyers', refunded: 'Refunded', commissions_frozen: 'Frozen commissions',
    by_day: 'Paid by day', as_table: 'Show as a table', day: 'Day', top_products: 'Top products', qty: 'Pieces', nothing: 'Nothing in this period',
  },
  catalog: {
    export: 'Export CSV', search: 'Search by title', none: 'No products', stock: 'Available', updated: 'Updated', publish: 'Publish', archive: 'Archive', bad_amounts: 'A price or a stock number is not valid', options: 'Options', option_name: 'Option', option_values: 'Values (separated by commas)',
    drop_option: 'Remove option {name}', add_option: 'Add an option', variant: 'Variant', code: 'Code', compare: 'Compare price', first_stock: 'First stock', single: 'Single variant', no_reason_return: '7-day return without reason', picture: 'Picture {n}',
    picture_first: 'Move picture {n} forward', picture_drop: 'Remove picture {n}', upload: 'Upload pictures (at most 8 MiB each)', uploading: 'Uploading…', attributes: 'Attributes', attribute_name: 'Name of attribute {n}', attribute_value: 'Value of attribute {n}', attribute_drop: 'Remove attribute {n}', add_attribute: 'Add an attribute',
    import_note: 'UTF-8 or GBK, with Shopify or Chinese column names. The file is tried first; nothing is changed by that.', csv: 'CSV file', report_dry: 'Result of the trial', report_done: 'Imported', report: '{created} new, {updated} updated, {skipped} skipped', row: 'Row', column: 'Column', what: 'Problem', import_now: 'Import now',
  },
  stock: {
    low: '{n} or fewer', none: 'No stock', location: 'Location', on_hand: 'On hand', reserved: 'Reserved', sold: 'Sold', available: 'Available', adjust: 'Adjust', adjust_of: 'Adjust the stock of {code}', now: '{n} on hand now, {next} after', reason: 'Reason',
    reasons: { stocking: 'Stocking', count: 'Count', damage: 'Damage', other: 'Other' },
  },
  pricing: {
    full: 'Full reductions', full_note: "By the sum of the shop's goods; only the highest step that is reached counts.", threshold: 'From (¥)', off: 'Off (¥)', drop: 'Remove step {n}', add: 'Add a step', freight: 'Freight', base: 'Base freight (¥)', free_from: 'Free from (¥; empty for never)', bad: 'An amount is not valid, or a reduction is above its threshold',
  },
  orders: {
    of_it_shipping: 'of it shipping', kept: 'Kept in the end',
    none: 'No orders', number: 'Order', placed: 'Placed', goods_col: 'Goods', receiver: 'Receiver', total: 'Total', fulfilment: 'Fulfilment', and_more: 'and {n} more', number_of: 'Order {number}', lines: 'Lines', unit: 'Unit', discount: 'Discount', refunded: 'Refunded', goods: 'Goods', shipping: 'Shipping', captured: 'Captured', sums: 'Amounts',
    ship: 'Ship', carrier: 'Carrier', tracking: 'Tracking number', shipped_done: 'Shipped', evidence: 'How this purchase came about', no_touch: 'It did not come by anyone’s share', evidence_rule: 'Counted by {model}, within {hours} hours', counted: 'Counted', commission: 'Level {n} · {rate}%', timeline: 'Progress',
    refund: 'Refund', refund_of: 'Refund of order {number}', left: 'Left', amount: 'Amount', amount_of: 'Refund of {title}', all_of: 'All of {title}', whole: 'All', reason: 'Reason', restock: 'Put the goods back into stock', refund_sum: 'Sum', refund_done: 'The refund is under way',
  },
  deals: {
    title: 'Name of the activity', find_product: 'Find a product on sale', more_products: 'There are more: type a few letters', edit_of: 'Edit {title}', paid_goods: 'Paid for goods (no freight, before differences returned)', look: 'Look', look_of: 'Look at {title}', has_ladder: 'Ladder of {n}', has_leader: 'Leader price',
    prices_note: 'Who joins pays the team price. The leader price is for who starts a team. Ladder: when a team closes with enough people for a step, the difference is returned by itself.', from_people: 'From people', step_people: 'People of step {n}', drop_step: 'Remove step {n}', tier_price: 'Price from {n} people', add_step: 'Add a step',
    ladder_note: 'A team succeeds with {n} people; each further step is cheaper, counted when the time is over or all seats are taken.', no_ladder: 'No ladder: a team must fill all seats, and there is one price.', quota_used: '{n} places are used', live_note: 'The activity runs: prices, size, product, start and the limit to new buyers stay, for those who have seen them. Name, window, end, places and the limit per person can change.', ended_note: 'The activity has ended and can only be looked at.',
    faults: { title: 'Give the activity a name', skus: 'At least one variant must take part', team_price: 'Each variant that takes part needs a team price below its price alone', leader_price: 'A leader price must not be above the team price', steps: 'The steps must rise in people, from 2 up to the team size', tier_price: 'Each step needs a price that does not rise and is not above the team price', size: 'A team has 2 to 100 seats', hours: 'The time must be above 0 and at most 168 hours', times: 'The end must be after the start', limits: 'Places and limit are empty or whole numbers above 0' },
    none: 'No activities yet', size: 'Team size', team_price: 'Team price', leader_price: 'Leader price (optional)', period: 'Period', quota_left: 'Places left', unlimited: 'Unlimited', numbers: 'Numbers', numbers_of: 'Numbers of {title}', start: 'Start', start_of: 'Start {title}', end: 'End', end_of: 'End {title}',
    end_sure: 'After “{title}” ends no new team can start; open teams run to their own deadlines. End it?', teams_opened: 'Teams started', teams_succeeded: 'Teams completed', teams_failed: 'Teams failed', people: 'People', product: 'Product', prices: 'Prices', takes_part: 'Takes part', alone: 'Alone',
    hours: 'Time to complete a team (hours)', starts: 'Starts', ends: 'Ends', quota: 'Places (empty: unlimited)', limit: 'Limit per person (empty: none)', new_buyers_only: 'New buyers only', rules: 'Members are real buyers who paid. A team that is not completed is refunded in full. Sharing must not be a condition of buying.',
  },
  reach: {
    under_review: 'Under review', approve: 'Approve', refuse: 'Refuse', approve_of: 'Approve the commission of {name}, order {number}', refuse_of: 'Refuse the commission of {name}, order {number}', held_for: { same_session: 'Ordered on the same device', burst: 'Many sales in a short time' },
    funnel: 'Funnel', no_visits: 'No visits yet', kind: 'Entry', visits: 'Visits', visitors: 'Visitors', sign_ups: 'Sign-ups', entries: 'Entries', no_entries: 'No entries yet', code: 'Code', sharer: 'Sharer', target: 'Target',
    rules: 'Commission rules', rules_note: 'Commission comes from real sales only, on two levels at most, 50 % together at most. It settles after the return period; refunds take their part back.', level1: 'Level 1 (%)', level2: 'Level 2 (%)', window: 'Valid for (hours)', return_window: 'Return period (days)', model: 'Attribution', too_much: 'Both levels together must not be above 50 %',
    statement: 'Statement', no_commissions: 'No commissions yet', beneficiary: 'Beneficiary', rate: 'Rate', rate_of: 'L{n} {rate}%', base: 'Base', clawed: 'Taken back',
  },
  ledger: {
    platform: 'Platform',
    none: 'No entries', seq: 'No.', kind: 'Kind', debit: 'Debit', credit: 'Credit', after: 'Balance', reference: 'Refers to', order: 'Order', transfer: 'Transfer', payable: 'Payable', payable_note: 'Settled money of the merchant; below zero is owed', escrow: 'In escrow', escrow_note: 'Captured, the orders are not completed yet',
    no_accounts: 'No accounts', account: 'Account', account_kind: 'Kind', owner: 'Owner', balance: 'Balance', run: 'Run the audit', audit_note: 'Checks the whole ledger again: debits equal credits, balances equal their entries, orders match the money.', audit_ok: 'All checks pass', audit_bad: 'Something is wrong', check_ok: 'OK', check_bad: 'Failed',
  },
}
