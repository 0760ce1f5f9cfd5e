import ArgumentParser
import Foundation
import StaffAccess
import StationRuntime

struct StaffCard: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "card", abstract: "给账号登记工卡,或收回 / gives an account its card, or takes it away",
    discussion:
      "把卡放在工卡读卡器上(站点文件的 staffReader)。卡号不保存,只保存带密钥的散列。\nLay the card on the reader of staff cards (staffReader in the site file). Its number is kept nowhere: only a keyed hash is."
  )
  @OptionGroup var file: StaffFileArgument
  @Argument(help: "编号 / id") var id: String
  @Flag(help: "收回这个账号的卡 / takes the account's card away") var remove = false

  static let seconds = 30
  static let noReader =
    "站点文件没有 staffReader: true / the site file has no staffReader: true"

  func run() async throws {
    guard try StaffBook.load(file.path).account(id) != nil else {
      throw Failure("没有编号 \"\(id)\";linli staff list 列出全部 / there is no id \"\(id)\"; see linli staff list")
    }
    let hash = remove ? nil : try await card().get()
    // Read once more: half a minute has passed.
    var book = try StaffBook.load(file.path)
    guard var account = book.account(id) else { throw Failure("编号 \"\(id)\" 已没有了 / the id \"\(id)\" is gone") }
    if let hash, let other = book.account(hash), other.id != id {
      throw Failure("这张卡已是 \(other.id) 的;先 linli staff card … \(other.id) --remove / this card is \(other.id)'s already")
    }
    account.card = hash?.text
    book.put(account)
    try book.save(file.path)
    print(remove ? "✓ \(id): 工卡已收回 / has no card now" : "✓ \(id): 工卡已登记 / has a card now")
  }

  /// By the running station, which has the reader; else by itself.
  private func card() async throws -> Result<StaffCardHash, any Error> {
    let site = try file.site.load()
    guard let plan = site.staffReader else { throw Failure(Self.noReader) }
    FileHandle.standardError.write(
      Data("请把 \(id) 的工卡放在读卡器上 / lay the card of \(id) on the reader (\(Self.seconds) s)\n".utf8))
    do throws(ControlError) {
      let said = try ControlSocket.ask(
        Socket.station(file.site.site), RunStaffReader.question, timeoutSeconds: Self.seconds + 10
      ).trimmingCharacters(in: .newlines)
      guard said.hasPrefix(RunStaffReader.answer) else { return .failure(Failure(said)) }
      return .success(StaffCardHash(text: String(said.dropFirst(RunStaffReader.answer.count))))
    } catch .nobodyThere {
      return await cardWithoutStation(plan)
    } catch {
      return .failure(error)
    }
  }

  private func cardWithoutStation(_ plan: SmartCardPlan) async -> Result<StaffCardHash, any Error> {
    do {
      _ = try StaffCardKey.loadOrMake(besides: file.path)
      let door = StaffDoor(path: file.path) { _ in }
      let reader = try SmartCardReader(plan: plan) { door.cards.heard($0) }
      defer { reader.shutDown() }
      return await RunStaffReader.next(door.cards)
    } catch {
      return .failure(error)
    }
  }
}
