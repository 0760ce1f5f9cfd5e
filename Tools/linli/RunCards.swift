import Consoles
import DeviceKit
import DeviceVocabulary
import Sealing
import Station
import StationRuntime
import Synchronization
import Transports

/// The card readers of the terminals of a running station, both kinds, and the sessions of those who lay a card down.
final class RunCards: Sendable {
  private let sessions: CardSessions
  private let readers: Readers

  private final class Readers: Sendable {
    let byKiosk = Mutex<[String: ResidentReader]>([:])
    let smartCards = Mutex<[String: SmartCardReader]>([:])
    subscript(_ kiosk: String) -> ResidentReader? { byKiosk.withLock { $0[kiosk] } }
    func smartCards(_ kiosk: String) -> SmartCardReader? { smartCards.withLock { $0[kiosk] } }
  }

  /// How long a page waits for another picture.
  private static let patience = Interval.seconds(8)

  /// `nil` where no terminal has a reader. Where nobody may read what one of identity cards would bring no such card is asked for.
  init?(_ plan: VisitPages, sealer: FieldSealer?, tell: @escaping @Sendable (StationInput) -> Bool) throws {
    let sealer = sealer.flatMap { $0.isReady ? $0 : nil }
    if !plan.readers.isEmpty, sealer == nil {
      Terminal.log(
        "有读卡器,但没有 sealTo 或密钥库用不了:不读证件,不用证件照常取号 / there are card readers, but no sealTo or no key database: no card is read, and numbers are given without one"
      )
    }
    let kiosks = sealer == nil ? [] : plan.readers.keys.sorted()
    guard !kiosks.isEmpty || !plan.smartCards.isEmpty else { return nil }
    let readers = Readers()
    self.readers = readers
    let hands = CardSessions.Hands(
      read: { kiosk, consent in readers[kiosk]?.read(newestAddress: true, consent: consent) },
      cancel: { readers[$0]?.cancel() },
      seal: { card, newestAddress in
        guard let sealer, let fields = PersonalFields(card: card, newestAddress: newestAddress) else { return nil }
        defer { fields.wipe() }
        let content = SecretBuffer(capacity: SealedField.limit, pages: LockedPages.keep)
        defer { content.wipe() }
        return fields.write(to: content) ? try? sealer.seal(content, what: "card") : nil
      },
      shred: { sealer?.shred([$0.key]) },
      audit: { kiosk, opening in
        tell(.access(.opened(opening, of: "kiosk \(kiosk)", post: "kiosk", staff: nil, reason: nil)))
      },
      standing: { _ = tell(.reader(kiosk: $0, $1)) },
      askKind: { kiosk, answer in
        guard let reader = readers.smartCards(kiosk) else { return answer(.failure(.outOfOrder)) }
        reader.askKind(answer: answer)
      }, smartCards: { _ = tell(.smartCards(kiosk: $0, $1)) })
    let sessions = try CardSessions(kiosks: kiosks, smartCards: plan.smartCards.keys.sorted(), hands: hands)
    self.sessions = sessions
    for kiosk in kiosks {
      guard let plan = plan.readers[kiosk] else { continue }
      let reader = try ResidentReader(
        plan: plan, log: { Terminal.log("\(kiosk): \($0)") }, report: { sessions.report(kiosk, $0) })
      readers.byKiosk.withLock { $0[kiosk] = reader }
    }
    for (kiosk, plan) in plan.smartCards.sorted(by: { $0.key < $1.key }) {
      let reader = try SmartCardReader(
        plan: plan, log: { Terminal.log("\(kiosk): \($0)") }, report: { sessions.report(kiosk, $0) })
      readers.smartCards.withLock { $0[kiosk] = reader }
    }
  }

  var desk: CardDesk {
    CardDesk(
      begin: { [sessions] in sessions.begin($0) },
      picture: { [sessions] in await sessions.picture($0, $1, after: $2, within: Self.patience) },
      touched: { [sessions] in sessions.touched($0, $1) }, end: { [sessions] in sessions.end($0, $1) },
      takeField: { [sessions] in await sessions.takeField($0, $1) }, taken: { [sessions] in sessions.taken($0, $1) },
      giveBack: { [sessions] in sessions.giveBack($0, $1, $2) })
  }

  func stop() {
    sessions.shutDown()
    for reader in readers.byKiosk.withLock({ Array($0.values) }) { reader.shutDown() }
    for reader in readers.smartCards.withLock({ Array($0.values) }) { reader.shutDown() }
  }
}
