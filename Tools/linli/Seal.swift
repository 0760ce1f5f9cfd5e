import ArgumentParser
import DeviceVocabulary
import Foundation
import Journal
import Sealing
import StaffAccess
import Station
import StationRuntime

struct Seal: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "seal", abstract: "封存的个人信息:密钥、打开、清点 / sealed personal data: keys, opening, counting",
    discussion:
      "来访人的信息逐项加密,只有持有私钥的单位打得开;密钥删除后谁也打不开。\nEach field has a key of its own, wrapped for the body that holds the private key; once that is deleted nobody can open it.",
    subcommands: [SealCreate.self, SealOpen.self, SealList.self])
}

struct SealCreate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "新建一对密钥,打印站点文件里要写的一行 / makes a pair of keys and prints the line for the site file",
    discussion:
      "私钥文件只由该单位保管,不要放在站点电脑上;丢了,封存的信息就再也打不开。\nThe file stays with that body and off the station's computer. Without it nothing that was sealed can be opened."
  )
  @Argument(help: "私钥文件(新建) / file for the private key, a new one") var file: String
  @Option(help: "谁可以打开,写单位名 / who may open it: a body's name, never a person's") var name = "综治中心"

  func run() throws {
    let key = SealKeyFile()
    try key.save(file)
    let text = Data(key.publicKey).base64EncodedString()
    print("✓ \(file)(仅本用户可读 / readable by this user only)")
    print("写进站点文件 visits 下面 / into the site file, under visits:")
    print("  sealTo: {name: \(name), key: \"\(text)\"}")
  }
}

/// The state that a station's folder holds, and the keys beside it.
struct SealedFolder {
  let site: Site
  let journalFolder: String
  let state: StationState

  init(_ file: SiteArgument) throws {
    site = try file.load()
    journalFolder = file.path(site.journalFolder)
    var state = StationState()
    try JournalCommand.forEach(journalFolder) { _, entry in state.apply(entry) }
    self.state = state
  }

  func keys() throws -> KeyDatabase { try KeyDatabase(reading: journalFolder + "/" + KeyDatabase.fileName) }

  /// The wrapped key of a field of this station, or of one below it whose keys are here.
  func key(_ name: String, of station: String?) throws -> KeyDatabase.WrappedKey? {
    guard let station, station != site.plan.station else { return try keys().key(name) }
    let below = try KeyDatabase(reading: journalFolder + "/" + KeyDatabase.belowFileName)
    guard var key = try below.key(KeyDatabase.prefix(of: station) + name) else { return nil }
    key.name = name
    return key
  }

  /// Of a matter of this station, `#3`: its owner, and whom it is offered to.
  func posts(of subject: String) -> [String] {
    state.visits.matters.first { "#\($0.id)" == subject }?.posts ?? []
  }

  /// As it stands on the disk.
  static func posts(of subject: String, _ file: SiteArgument) -> [String] {
    (try? SealedFolder(file))?.posts(of: subject) ?? []
  }

  func visits(of station: String?) throws -> VisitState {
    guard let station, station != site.plan.station else { return state.visits }
    guard let child = state.children.first(where: { $0.station == station }) else {
      throw Failure("没有下级站点 \(station) / there is no station \(station) below")
    }
    return child.fold.visits
  }
}

extension Matter {
  /// Whose it is: its owner's, and whom it is offered to.
  var posts: [String] { [owner] + (offer.map { [$0.to] } ?? []) }
}

struct SealOpen: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "open", abstract: "打开一件事的联系方式(先写日志) / opens what a matter has sealed, after writing that down",
    discussion: """
      每打开一次,日志里先记一条:谁、哪件事、什么用途、哪个岗位、什么原因;写不进日志就不打开。有员工账号的中心,要用 --as 加密码或 --card 刷卡:窗口角色的人只能打开归自己岗位的、或移交给自己岗位的事,值班角色的人都能打开,也包括下级站点的;被拒绝的也记进日志。
      An entry with account, matter, purpose, post and reason comes first; where the journal does not take it nothing is opened. Where the \
      centre has accounts of its staff, one says who he is: --as and his PIN, or --card. A clerk opens what is his post's, or offered to it; the role duty \
      any matter, also one of a station below. Who is refused stands in the journal, too.
      """
  )
  @OptionGroup var file: SiteArgument
  @Option(help: "私钥文件 / private key file") var key: String
  @Option(help: "事项编号 / number of the matter") var matter: UInt32
  @Option(help: "用途 / purpose: \(SealOpen.purposes.map(\.rawValue).joined(separator: " | "))") var purpose: String
  @Option(help: "原因,写进日志 / reason, for the journal (no names)") var reason: String
  @Option(help: "以哪个岗位的名义 / in which post's name") var post: String
  @Option(name: .customLong("as"), help: "谁打开:员工编号,密码另问 / who opens: his id; the PIN is asked for") var opener: String?
  @Flag(help: "谁打开:刷工卡 / who opens: by his staff card") var card = false
  @Option(help: "下级站点的事项 / matter of a station below") var station: String?

  static let purposes: [Purpose] = [.callBack, .handleMatter, .rightsRequest]

  func run() throws {
    guard let purpose = Purpose(rawValue: purpose), Self.purposes.contains(purpose) else {
      let accepted = Self.purposes.map(\.rawValue).joined(separator: " | ")
      throw Failure("用途应为 \(accepted) / a purpose is one of \(accepted)")
    }
    guard reason.contains(where: { !$0.isWhitespace }) else { throw Failure("请写明原因 / a reason is needed") }
    let folder = try SealedFolder(file)
    guard folder.site.plan.post(post) != nil else {
      throw Failure("站点配置里没有岗位 \"\(post)\" / the site file has no post \"\(post)\"")
    }
    let owner = try SealKeyFile(reading: key)
    guard let found = try folder.visits(of: station).matter(matter) else {
      throw Failure("没有 #\(matter) 这件事,或已过保存期限 / there is no matter #\(matter), or its days are over")
    }
    guard !found.sealed.isEmpty else { throw Failure("这件事没有封存的信息 / nothing is sealed of this matter") }
    let opener = SealOpener(file, folder)
    try logIn(opener)
    for field in found.sealed { try open(field, owner, purpose, folder, opener) }
  }

  private var subject: String { (station.map { $0 + "/" } ?? "") + "#\(matter)" }

  private func logIn(_ opener: SealOpener) throws {
    let isGuarded = StaffDoor(path: file.path(StaffBook.fileName)) { _ in }.isGuarded
    switch (isGuarded, self.opener, card) {
    case (false, _, _):
      PINPrompt.tell(
        "还没有员工账号:日志里不记是谁打开的(linli staff add) / there are no accounts of staff: the journal does not say who opened it")
    case (true, let id?, false): try opener.logIn(id, post: post, of: subject)
    case (true, nil, true): try opener.logIn(nil, post: post, of: subject)
    // The door says so and writes it down.
    case (true, nil, false): return
    case (true, _?, true): throw Failure("--as 和 --card 只用一个 / give --as or --card, not both")
    }
  }

  private func open(
    _ field: SealedField, _ owner: SealKeyFile, _ purpose: Purpose, _ folder: SealedFolder, _ opener: SealOpener
  ) throws {
    guard let wrapped = try folder.key(field.key, of: station) else {
      throw Failure("密钥已销毁(下级的也可能还没有传上来),打不开 / its key was destroyed, or has not come up from below yet: it cannot be opened")
    }
    guard owner.mayRead(wrapped) else { throw Failure("这把私钥打不开:是封给别人的 / this key cannot: it was sealed for another") }
    var refused: (any Error)?
    let content = owner.open(
      field, wrapped: wrapped, station: station ?? folder.site.plan.station, for: purpose
    ) { opening in
      let audit = SealAudit(opening: opening, of: subject, post: post, reason: reason)
      guard audit.isPlain else {
        refused = Failure("原因里有控制字符,或太长 / the reason has control characters, or is too long")
        return false
      }
      do { try opener.write(audit) } catch { refused = error }
      return refused == nil
    }
    if let refused { throw refused }
    guard let content, let fields = PersonalFields(reading: content) else {
      throw Failure("打不开:信息或密钥损坏 / it cannot be opened: field or key is damaged")
    }
    for kind in PersonalFields.Field.allCases {
      if let text = fields.text(kind) { print("\(Self.label(kind)): \(text)") }
    }
    fields.wipe()
  }

  private static func label(_ field: PersonalFields.Field) -> String {
    switch field {
    case .name: "姓名 / name"
    case .number: "证件号 / number"
    case .address: "住址 / address"
    case .phone: "电话 / phone"
    }
  }
}

struct SealList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "清点封存的信息和密钥(只有数字) / counts what is sealed and its keys; never a list of persons")
  @OptionGroup var file: SiteArgument

  func run() throws {
    let folder = try SealedFolder(file)
    let named = Set(folder.state.visits.namedKeys)
    let path = folder.journalFolder + "/" + KeyDatabase.fileName
    let isThere = FileManager.default.fileExists(atPath: path)
    let keys = isThere ? Set(try folder.keys().names()) : []
    if !isThere { print("还没有密钥库:还没有封存过信息 / there is no key database yet: nothing was sealed") }
    print("封存的信息 / sealed fields: \(named.count)")
    print("密钥 / keys: \(keys.count)")
    print("没有对应信息的密钥(夜里销毁) / keys that nothing needs, destroyed at night: \(keys.subtracting(named).count)")
    if let below = try? KeyDatabase(reading: folder.journalFolder + "/" + KeyDatabase.belowFileName).count(), below > 0 {
      print("下级站点的密钥 / keys of stations below: \(below)")
    }
    print("缺密钥、打不开的信息 / fields whose key is missing: \(named.subtracting(keys).count)")
  }
}
