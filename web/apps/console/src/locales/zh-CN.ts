export default {
  app: {
    name: '团 · 工作台', skip: '跳到内容', merchant: '商家', choose_merchant: '选择商家', demo: '演示环境', language: '语言', to_shop: '前往商城', sign_out: '退出', nav: '工作台导航', operator: '平台运营',
    save: '保存', saved: '已保存', create: '创建', edit: '编辑', remove: '移除', acts: '操作', time: '时间', state: '状态', all: '全部', search: '搜索', filter: '筛选', by_state: '按状态查看', note: '备注',
    from: '从', to: '到', unsaved: '有未保存的修改', leave_sure: '有未保存的修改，确定离开吗？',
  },
  language: { 'zh-CN': '中文', en: 'English' },
  page: {
    activity: '拼团活动',
    start: '工作台', sign_in: '登录', dashboard: '概览', orders: '订单', order: '订单', products: '商品', product: '商品', product_new: '新建商品', import: '导入商品', stock: '库存', pricing: '优惠与运费',
    activities: '拼团活动', activity_new: '新建活动', reach: '分享与转化', commissions: '佣金', balance: '账户与流水', staff: '成员与权限', audit_log: '操作日志', audit_log_all: '全平台操作日志',
    merchants: '商家管理', accounts: '账户', account: '账户明细', transfer: '转账凭证', ledger_audit: '账本审计', missing: '页面不存在',
  },
  act: {
    activity: { create: '新建活动', update: '修改活动', start: '开始活动', end: '结束活动' }, commission: { set: '修改佣金规则', approve: '批准佣金', refuse: '拒绝佣金' }, merchant: { create: '新建商家' }, order: { ship: '发货', refund: '退款' }, pricing: { set: '修改优惠与运费' },
    product: { create: '新建商品', update: '修改商品', publish: '上架商品', archive: '下架商品', import: '导入商品' }, stock: { adjust: '调整库存' }, staff: { add: '添加成员', remove: '移除成员', rights: '修改权限' }, person: { ban: '封禁', unban: '解封' },
  },
  role: { owner: '店主', staff: '员工' },
  right: { products: '商品与定价', stock: '库存', orders: '订单与发货', refunds: '退款', deals: '拼团活动', reach: '分享与佣金', money: '账户与流水', staff: '成员与日志' },
  product_state: { draft: '草稿', published: '在售', archived: '已下架' },
  activity_state: { draft: '草稿', live: '进行中', ended: '已结束' },
  entry_kind: { link: '链接', poster: '海报', direct: '直接访问' },
  target_kind: { product: '商品', team: '拼团', merchant: '店铺' },
  account_kind: { wallet: '个人钱包', payable: '应付商家', escrow: '待结算', bank: '渠道存款', clearing: '待清分', fee: '平台收入', debt: '个人欠款', equity: '演示资本' },
  people: {
    no_merchant: '你还不是任何商家的成员', way: '登录方式', by_code: '验证码', by_password: '密码', send_code: '获取验证码', code_sent: '验证码已发送', demo_code: '演示：验证码已自动填入', demo_people: '演示：可用的身份', sign_in_as: '以 {name} 登录',
    add: '添加成员', no_staff: '还没有成员', role: '角色', rights: '权限', all_rights: '全部权限', edit_of: '编辑 {name}', remove_of: '移除 {name}', remove_sure: '确定移除成员 {name} 吗？',
    no_log: '还没有记录', actor: '操作人', action: '操作', target: '对象', detail: '详情', new_merchant: '新建商家', merchant_name: '商家名称', about: '简介', owner_phone: '店主手机号', merchant_made: '已创建商家 {name}',
  },
  insight: {
    days: '统计日期',
    to_do: '待办', to_ship: '待发货订单', low_stock: '低库存规格', teams_open: '进行中的团', paid: '支付金额', orders: '订单数', buyers: '买家数', repeat_buyers: '复购买家', refunded: '退款金额', commissions_frozen: '冻结佣金',
    by_day: '每日支付', as_table: '以表格查看', day: '日期', top_products: '热销商品', qty: '件数', nothing: '这段时间没有数据',
  },
  catalog: {
    export: '导出 CSV', search: '按标题搜索', none: '没有商品', stock: '可售', updated: '更新时间', publish: '上架', archive: '下架', bad_amounts: '有价格或库存填写不正确', options: '规格项', option_name: '规格名', option_values: '规格值（用逗号分开）',
    drop_option: '移除规格项 {name}', add_option: '添加规格项', variant: '规格', code: '编码', compare: '划线价', first_stock: '初始库存', single: '单一规格', no_reason_return: '支持 7 天无理由退货', picture: '第 {n} 张图',
    picture_first: '把第 {n} 张图往前移', picture_drop: '移除第 {n} 张图', upload: '上传图片（每张不超过 8 MiB）', uploading: '上传中…', attributes: '商品参数', attribute_name: '参数 {n} 名称', attribute_value: '参数 {n} 内容', attribute_drop: '移除参数 {n}', add_attribute: '添加参数',
    import_note: '支持 UTF-8 或 GBK 编码，Shopify 列名或中文列名。选择文件后先试运行，不会改动任何商品。', csv: 'CSV 文件', report_dry: '试运行结果', report_done: '导入结果', report: '新建 {created}，更新 {updated}，跳过 {skipped}', row: '行', column: '列', what: '问题', import_now: '确认导入',
  },
  stock: {
    low: '不多于 {n} 件', none: '没有库存记录', location: '仓位', on_hand: '在库', reserved: '占用', sold: '已售', available: '可售', adjust: '调整', adjust_of: '调整 {code} 的库存', now: '现在在库 {n}，调整后 {next}', reason: '原因',
    reasons: { stocking: '进货', count: '盘点', damage: '损耗', other: '其他' },
  },
  pricing: {
    full: '满减', full_note: '按店铺内商品金额计算，只取满足的最高一档。', threshold: '满（元）', off: '减（元）', drop: '移除第 {n} 档', add: '添加一档', freight: '运费', base: '基础运费（元）', free_from: '满多少元包邮（留空表示不包邮）', bad: '有金额填写不正确，减免不能超过门槛',
  },
  orders: {
    of_it_shipping: '其中运费', kept: '实际收入',
    none: '没有订单', number: '订单号', placed: '下单时间', goods_col: '商品', receiver: '收货人', total: '合计', fulfilment: '履约', and_more: '等另 {n} 种', number_of: '订单 {number}', lines: '商品明细', unit: '单价', discount: '优惠', refunded: '已退款', goods: '商品金额', shipping: '运费', captured: '已收款', sums: '金额',
    ship: '发货', carrier: '快递公司', tracking: '运单号', shipped_done: '已发货', evidence: '这笔订单怎么来的', no_touch: '没有经过任何人的分享', evidence_rule: '按{model}计算，{hours} 小时内有效', counted: '计入', commission: '第 {n} 级 · {rate}%', timeline: '订单进度',
    refund: '退款', refund_of: '退款：订单 {number}', left: '可退', amount: '金额', amount_of: '{title} 的退款金额', all_of: '{title} 全额退款', whole: '全额', reason: '退款原因', restock: '商品退回库存', refund_sum: '退款合计', refund_done: '退款已提交',
  },
  deals: {
    title: '活动名称', find_product: '搜索在售商品', more_products: '还有更多，请输入几个字缩小范围', edit_of: '编辑 {title}', paid_goods: '商品支付额（不含运费，未扣退差价）', look: '查看', look_of: '查看 {title}', has_ladder: '阶梯 {n} 档', has_leader: '有团长价',
    prices_note: '参团时按拼团价付款。团长价只给开团的人。阶梯价：成团时人数达到某一档，差价自动退回。', from_people: '满几人', step_people: '第 {n} 档的人数', drop_step: '移除第 {n} 档', tier_price: '满 {n} 人的价格', add_step: '添加阶梯',
    ladder_note: '满 {n} 人即成团；之后每到一档更便宜，到截止或坐满时按实际人数结算。', no_ladder: '没有阶梯：坐满才成团，只有一个拼团价。', quota_used: '已用 {n} 个名额', live_note: '活动正在进行：价格、人数、商品、开始时间和新客限制不能改，以免失信于已看到它的人。可以改名称、时限、结束时间、名额和限购。', ended_note: '活动已结束，只能查看。',
    faults: { title: '请填写活动名称', skus: '至少要有一个规格参加', team_price: '每个参加的规格都要有拼团价，且低于单买价', leader_price: '团长价不能高于拼团价', steps: '阶梯人数要逐档增加，从 2 人起，不超过成团人数', tier_price: '每一档都要有价格，逐档不升，且不高于拼团价', size: '成团人数为 2 到 100', hours: '时限要大于 0，最长 168 小时', times: '结束时间要晚于开始时间', limits: '名额和限购要么留空，要么是正整数' },
    none: '还没有活动', size: '成团人数', team_price: '拼团价', leader_price: '团长价（可不填）', period: '时间', quota_left: '剩余名额', unlimited: '不限', numbers: '数据', numbers_of: '数据：{title}', start: '开始', start_of: '开始 {title}', end: '结束', end_of: '结束 {title}',
    end_sure: '结束“{title}”后不能再开新团，进行中的团会继续到各自的截止时间。确定结束吗？', teams_opened: '开团数', teams_succeeded: '成团数', teams_failed: '未成团数', people: '参与人数', product: '商品', prices: '价格', takes_part: '参加的规格', alone: '单买价',
    hours: '成团时限（小时）', starts: '开始时间', ends: '结束时间', quota: '名额（留空不限）', limit: '每人限购（留空不限）', new_buyers_only: '仅限新客', rules: '成员只能是真实付款的买家；到期未成团自动全额退款；不得以分享为购买条件。',
  },
  reach: {
    under_review: '平台审核中', approve: '批准', refuse: '拒绝', approve_of: '批准 {name} 订单 {number} 的佣金', refuse_of: '拒绝 {name} 订单 {number} 的佣金', held_for: { same_session: '同一设备下单', burst: '短时间内大量成交' },
    funnel: '转化漏斗', no_visits: '还没有访问', kind: '入口', visits: '访问', visitors: '访客', sign_ups: '注册', entries: '分享入口', no_entries: '还没有分享入口', code: '代码', sharer: '分享人', target: '对象',
    rules: '佣金规则', rules_note: '佣金只来自真实成交，最多两级，两级合计不超过 50%。退货期过后结算，退款按比例追回。', level1: '一级佣金（%）', level2: '二级佣金（%）', window: '有效期（小时）', return_window: '退货期（天）', model: '归因方式', too_much: '两级合计不能超过 50%',
    statement: '佣金明细', no_commissions: '还没有佣金', beneficiary: '受益人', rate: '比例', rate_of: '{n} 级 {rate}%', base: '计佣金额', clawed: '已追回',
  },
  ledger: {
    platform: '平台',
    none: '没有流水', seq: '序号', kind: '类型', debit: '借', credit: '贷', after: '余额', reference: '关联', order: '订单', transfer: '凭证', payable: '可结算', payable_note: '已结算、属于商家的钱；为负表示欠款', escrow: '待结算', escrow_note: '已收款、订单尚未完成的钱',
    no_accounts: '没有账户', account: '账户', account_kind: '类型', owner: '所有者', balance: '余额', run: '运行审计', audit_note: '重新核对整个账本：借贷相等、余额与流水一致、订单与资金对应。', audit_ok: '全部通过', audit_bad: '发现问题', check_ok: '通过', check_bad: '不通过',
  },
}
