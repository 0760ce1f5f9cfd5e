import ArgumentParser
import Foundation
import StaffAccess
import Station

struct Staff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "员工账号 / accounts of the staff",
    discussion:
      "账号用中心自编的编号,不写姓名。有了第一个账号,值班台和窗口页面就要登录。\nIds are the centre's own, never names. With the first account the pages of the staff ask for a login.",
    subcommands: [StaffAdd.self, StaffCard.self, StaffDisable.self, StaffList.self])
}

struct StaffFileArgument: ParsableArguments {
  @OptionGroup var site: SiteArgument

  var path: String { site.path(StaffBook.fileName) }
}

struct StaffAdd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "新增账号,或给已有账号换密码和角色 / adds an account, or gives one another PIN and roles")
  @OptionGroup var file: StaffFileArgument
  @Argument(help: "编号,1 至 12 个字母、数字、- 或 _ / id: 1 to 12 letters, digits, - or _") var id: String
  @Option(help: "角色,可多个 / roles, several are possible: \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
  var role: [String]
  @Option(help: "可代行的岗位,不写为全部 / posts he may act for; all without it") var post: [String] = []
  @Option(help: "最后一天 / last day, 2026-12-31") var until: String?

  func run() throws {
    guard StaffAccount.isID(id) else {
      throw Failure("编号 \"\(id)\" 应为 1 至 12 个字母、数字、- 或 _ / an id is 1 to 12 letters, digits, - or _")
    }
    let roles = try role.map { text in
      guard let role = Role(rawValue: text) else {
        let accepted = Role.allCases.map(\.rawValue).joined(separator: ", ")
        throw Failure("没有角色 \"\(text)\",可用: \(accepted) / there is no role \"\(text)\"; accepted: \(accepted)")
      }
      return role
    }
    if roles.isEmpty { throw Failure("请用 --role 写明角色 / name a role with --role") }
    let site = try file.site.load()
    for post in post where site.plan.post(post) == nil {
      throw Failure("站点配置里没有岗位 \"\(post)\" / the site file has no post \"\(post)\"")
    }
    if let until, until.wholeMatch(of: #/[0-9]{4}-[0-1][0-9]-[0-3][0-9]/#) == nil {
      throw Failure("日期应写成 2026-12-31 / a date is written 2026-12-31")
    }
    let pin = try Self.readPIN()
    guard PinHash.isStrong(pin) else {
      throw Failure("密码应为 6 至 32 个字符,不能全相同,也不能连号 / a PIN is 6 to 32 characters, not all the same and not counting up")
    }
    var book = try StaffBook.load(file.path)
    var account = StaffAccount(id: id, roles: roles, posts: post, pin: try PinHash(pin), until: until)
    account.card = book.account(id)?.card
    book.put(account)
    try book.save(file.path)
    print("✓ \(id): \(roles.map(\.rawValue).joined(separator: ", "))")
  }

  /// Typed twice without being shown, or one line of standard input when that is no terminal.
  private static func readPIN() throws -> String {
    let first = try PINPrompt.read("密码 / PIN: ")
    if isatty(STDIN_FILENO) != 1 { return first }
    guard try PINPrompt.read("再输一遍 / again: ") == first else { throw Failure("两次不一样 / they differ") }
    return first
  }
}

struct StaffDisable: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "disable", abstract: "停用账号 / disables an account, at once")
  @OptionGroup var file: StaffFileArgument
  @Argument(help: "编号 / id") var id: String

  func run() throws {
    var book = try StaffBook.load(file.path)
    guard var account = book.account(id) else {
      throw Failure("没有编号 \"\(id)\";linli staff list 列出全部 / there is no id \"\(id)\"; see linli staff list")
    }
    account.isDisabled = true
    book.put(account)
    try book.save(file.path)
    print("✓ \(id) 已停用 / disabled")
  }
}

struct StaffList: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "列出账号 / lists the accounts")
  @OptionGroup var file: StaffFileArgument

  func run() throws {
    let book = try StaffBook.load(file.path)
    if book.accounts.isEmpty {
      print("还没有账号,页面在本机不用登录 / no accounts yet: the pages need no login on this computer")
    }
    for account in book.accounts {
      var words = [account.id, account.roles.map(\.rawValue).joined(separator: ",")]
      words.append(account.posts.isEmpty ? "全部岗位 / all posts" : account.posts.joined(separator: ","))
      if let until = account.until { words.append("至 / until \(until)") }
      if account.card != nil { words.append("有卡 / has a card") }
      if account.isDisabled { words.append("已停用 / disabled") }
      print(words.joined(separator: "  "))
    }
  }
}

extension AccessNote {
  init(_ note: StaffDoor.Note) {
    switch note {
    case .loggedIn(let staff, _): self = .loggedIn(staff: staff)
    case .loggedOut(let staff): self = .loggedOut(staff: staff)
    case .refused(let staff, let refusal): self = .refused(staff: staff, reason: refusal.rawValue)
    case .denied(let staff, let what): self = .denied(staff: staff, what: String(what.prefix(200)))
    }
  }
}
