import DeviceVocabulary
import Foundation
import StaffAccess
import Station
import StationRuntime
import Synchronization

/// The reader of staff cards of a running station: what is laid there is brought to the page, or to the command, that asked for it.
final class RunStaffReader: Sendable {
  private let reader: SmartCardReader?
  private let cards: StaffCards
  private let staffFile: String

  init(_ site: Site, staffFile: String, door: StaffDoor, tell: @escaping @Sendable (StationInput) -> Bool) {
    cards = door.cards
    self.staffFile = staffFile
    // A fault of one that was taken out of the site file is over.
    if site.staffReader == nil { _ = tell(.smartCards(kiosk: nil, .well)) }
    let told = Mutex<SmartCardStanding?>(nil)
    do {
      reader = try site.staffReader.map { [cards] plan in
        try SmartCardReader(plan: plan, log: { Terminal.log($0) }) { event in
          cards.heard(event)
          Self.log(event)
          guard let standing = SmartCardStanding(event), told.withLock({ $0 != standing }) else { return }
          // What the station did not take is told again with the next event.
          if tell(.smartCards(kiosk: nil, standing)) { told.withLock { $0 = standing } }
        }
      }
    } catch {
      // PINs do without it.
      Terminal.log("工卡读卡器用不了 / the reader of staff cards cannot be used: \(error)")
      reader = nil
    }
  }

  /// How the reader is; nothing about cards.
  private static func log(_ event: SmartCardEvent) {
    switch event {
    case .ready: Terminal.log("工卡读卡器就绪 / the reader of staff cards is ready")
    case .repairNeeded(let repair): Terminal.log("工卡读卡器需要检修 / the reader of staff cards needs repair: \(repair.rawValue)")
    case .repaired: Terminal.log("工卡读卡器恢复 / the reader of staff cards works again")
    case .detached, .present, .unusable, .removed: break
    }
  }

  func stop() { reader?.shutDown() }

  // MARK: linli staff card

  static let question = "staff-card"
  static let answer = "card "

  /// Waits for a card for `linli staff card`, on the socket's own thread; `nil`: that was not asked.
  func say(_ line: String) -> String? {
    guard line == Self.question else { return nil }
    guard reader != nil else { return "\(DeskControl.failure)\(StaffCard.noReader)\n" }
    do {
      _ = try StaffCardKey.loadOrMake(besides: staffFile)
      let hash = try waitFor { [cards] in await Self.next(cards) }.get()
      return "\(Self.answer)\(hash.text)\n"
    } catch {
      return "\(DeskControl.failure)\(error)\n"
    }
  }

  /// The next card that can be a staff card.
  static func next(_ cards: StaffCards) async -> Result<StaffCardHash, any Error> {
    while true {
      switch await laid(cards) {
      case .success(.success(let hash)): if !hash.text.isEmpty { return .success(hash) }
      case .success(.failure(let defect)): return .failure(defect)
      case .failure(let error): return .failure(error)
      }
    }
  }

  /// The next card, whatever it is.
  static func laid(_ cards: StaffCards) async -> Result<StaffCards.Laid, any Error> {
    let ask = cards.ask()
    let began = ContinuousClock.now
    while ContinuousClock.now - began < .seconds(StaffCard.seconds) {
      switch await cards.wait(ask, for: .seconds(5)) {
      case .laid(let card): return .success(card)
      case .nothing: continue
      case .superseded: return .failure(Failure("有页面在等刷卡,请再试一次 / a page waits for a card now: try again"))
      case .noReader:
        // It takes a moment until a reader has answered.
        if ContinuousClock.now - began < .seconds(5) {
          try? await Task.sleep(for: .milliseconds(100))
          continue
        }
        return .failure(
          Failure("读卡器没有准备好,请看插头,或 pcscd 是否在运行 / the reader is not ready: look at its plug, and whether pcscd runs"))
      }
    }
    return .failure(Failure("没有等到卡 / no card was laid down"))
  }
}
