import DeviceVocabulary
import Glibc
import Transports

/// What is known of the line to one device of the wall, put together from what the system says of the line and what the driver makes of what
/// comes over it. While the device answers nothing of it is told, however often it closes its line.
///
/// Attempts in a row may end in two ways by turns (a host that is off is unreachable, or nothing comes back, as the limits fall; of damaged
/// answers the beginning is damaged, too, now and then): of two such failures the one that is shown is replaced when the other has come twice.
struct WallLineWatch {
  private enum Phase { case closed, naming, connecting, open }

  private let connection: WallDevicePlan.Connection
  private let isOwn: ([UInt8]) -> Bool
  /// How it speaks is what the site file says of it.
  private let isDescribed: Bool
  /// What the host's name stood for last.
  private var numeric: String?
  private var phase = Phase.closed
  /// The first bytes that came over the line since it is open.
  private var first: [UInt8] = []
  /// So many of them: whatever is wrong with the first answer, the next may begin as it should.
  private static let firstLimit = 64
  /// The line was closed because too much came over it, and was not opened since.
  private var isFlooded = false
  private var health: Health?
  /// Ports of which the driver says so.
  private var lockedOut: Set<UInt16> = []
  private var misnumbered: Set<UInt16> = []
  private var failure: WallLineFailure?
  private var found: String?
  /// Came once instead of `failure`.
  private var doubt: WallLineFailure?
  private var told: WallLineStanding?

  /// - Parameter isOwn: whether an answer of this device begins in what came first (`WallDriver.isOwn`).
  init(
    _ connection: WallDevicePlan.Connection, isDescribed: Bool = false, isOwn: @escaping ([UInt8]) -> Bool = { _ in false }
  ) {
    self.isDescribed = isDescribed
    self.connection = connection
    self.isOwn = isOwn
  }

  // MARK: - What the system says

  mutating func naming() { phase = .naming }

  mutating func named(_ address: String) { numeric = address }

  mutating func opening() {
    phase = .connecting
    first = []
    isFlooded = false
  }

  mutating func failed(_ why: WallLineFailure, found: String? = nil) {
    phase = .closed
    self.found = found
    take(why)
  }

  mutating func opened() {
    phase = .open
    first = []
    if failure?.isBeforeTheDevice == true { (failure, doubt) = (nil, nil) }
  }

  mutating func heard(_ bytes: [UInt8]) {
    if first.count < Self.firstLimit { first += bytes.prefix(Self.firstLimit - first.count) }
  }

  /// More came than is listened to; whoever opens the line has closed it.
  mutating func flooded() {
    isFlooded = true
    phase = .closed
    take(.flooding)
  }

  mutating func hungUp() {
    if phase == .open { take(judged(.hungUp)) }
    phase = .closed
  }

  /// The driver gives the line up and wants a new one.
  mutating func willReopen() {
    switch phase {
    case .closed: break
    case .naming: take(.nameUnknown)
    case .connecting: take(.unanswered)
    case .open: take(judged(.silent))
    }
    phase = .closed
  }

  // MARK: - What the driver says

  mutating func note(_ event: WallEvent) {
    switch event {
    case .troubleChanged(let port, .password, let isPresent):
      Self.change(&lockedOut, port, isPresent)
      if isPresent { take(.passwordWrong) }
    case .troubleChanged(let port, .address, let isPresent): Self.change(&misnumbered, port, isPresent)
    case .healthChanged(let new):
      let answered = health == .online
      health = new
      switch (new, phase) {
      case (.online, _): (failure, doubt) = (nil, nil)
      case (.faulted, _): take(judged(phase == .open ? .silent : .hungUp))
      case (.absent, .naming): take(.nameUnknown)
      case (.absent, .connecting): take(.unanswered)
      case (.absent, .open): take(answered ? .lost : judged(.silent))
      // It answered till now.
      case (.absent, .closed): if failure == nil { take(judged(.hungUp)) }
      default: break
      }
      // What becomes of a line that was given up counts no more: once for each attempt.
      if new == .absent || new == .faulted { phase = .closed }
    default: break
    }
  }

  private static func change(_ ports: inout Set<UInt16>, _ port: UInt16, _ isPresent: Bool) {
    if isPresent { ports.insert(port) } else { ports.remove(port) }
  }

  /// - Parameter plain: what it is when nothing more is known.
  private func judged(_ plain: WallLineFailure) -> WallLineFailure {
    if isFlooded { return .flooding }
    if !lockedOut.isEmpty { return .passwordWrong }
    guard health == .faulted, !first.isEmpty else {
      return isDescribed && plain == .silent ? .unansweredAsDescribed : plain
    }
    guard misnumbered.isEmpty else { return .wrongNumber }
    if isDescribed { return .unmatched(Array(first.prefix(WallLineFailure.wordsKept))) }
    let shown = Array(first.prefix(WallLineFailure.bytesKept))
    return isOwn(first) ? .damaged(shown) : .notUnderstood(shown)
  }

  private mutating func take(_ new: WallLineFailure) {
    // A device that answers may close its line after each answer, or while it starts.
    guard health != .online else { return }
    guard let old = failure, !new.isSameKind(as: old) else {
      if failure == nil { failure = new }
      return doubt = nil
    }
    if old.takesTurns(with: new), doubt.map({ !$0.isSameKind(as: new) }) ?? true { return doubt = new }
    (failure, doubt) = (new, nil)
  }

  // MARK: - What is told

  /// What the station is to be told, once.
  mutating func news() -> WallEvent? {
    let standing = WallLineStanding(address: address, isSerial: isSerial, state: state, found: finds ? found : nil)
    guard standing != told else { return nil }
    told = standing
    return .lineChanged(standing)
  }

  private var finds: Bool {
    switch failure {
    case .portBusy?, .portMissing?, .portAmbiguous?: health != .online
    default: false
    }
  }

  private var state: WallLineStanding.State {
    if health == .online { return .answering }
    if let failure { return .failed(failure) }
    return phase == .open ? .open : .connecting
  }

  private var isSerial: Bool {
    if case .serial = connection { true } else { false }
  }

  private var address: String {
    switch connection {
    case .network(let host, let port):
      "\(host.contains(":") ? "[\(host)]" : host):\(port)" + (numeric.map { $0 == host ? "" : " (\($0))" } ?? "")
    case .serial(let path, let baud): "\(path) \(baud.rawValue)"
    case .none: ""
    }
  }
}

extension WallLineFailure {
  /// Of what the line itself can fail by: an open line disproves it.
  var isBeforeTheDevice: Bool {
    switch self {
    case .hungUp, .silent, .unansweredAsDescribed, .notUnderstood, .damaged, .unmatched, .flooding, .wrongNumber, .passwordWrong:
      false
    default: true
    }
  }

  /// Noise is not the same each time.
  func isSameKind(as other: WallLineFailure) -> Bool {
    switch (self, other) {
    case (.notUnderstood, .notUnderstood), (.damaged, .damaged), (.unmatched, .unmatched): true
    default: self == other
    }
  }

  /// One cause shows itself in both ways: the other has to come twice. Whoever floods is heard for a moment before.
  func takesTurns(with other: WallLineFailure) -> Bool {
    switch (self, other) {
    case (.unreachable, .unanswered), (.unanswered, .unreachable), (.silent, .hungUp), (.hungUp, .silent),
      (.unansweredAsDescribed, .hungUp), (.hungUp, .unansweredAsDescribed), (.flooding, .unmatched),
      (.notUnderstood, .damaged), (.damaged, .notUnderstood), (.flooding, .notUnderstood), (.flooding, .damaged):
      true
    default: false
    }
  }

  init(_ failure: SocketFailure) {
    switch failure.code {
    case 0: self = .nameUnknown
    case ECONNREFUSED: self = .refused
    case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EHOSTDOWN: self = .unreachable
    case ETIMEDOUT: self = .unanswered
    case ECONNRESET, EPIPE: self = .hungUp
    default: self = .system(failure.code)
    }
  }

  init(_ failure: TransportError) {
    switch failure {
    case .portMissing, .nothingMatches: self = .portMissing
    case .ambiguous: self = .portAmbiguous
    case .portBusy: self = .portBusy
    case .notPermitted: self = .portForbidden
    case .notASerialPort, .settingsRefused, .rs485Unavailable, .linkTaken, .notASelector: self = .portUnfit
    case .system(_, _, let code): self = .system(code)
    }
  }
}

/// Why a line cannot be opened, and what was found instead.
struct WallLineRefusal: Equatable {
  var failure: WallLineFailure
  var found: String?

  init(_ failure: WallLineFailure, found: String? = nil) {
    self.failure = failure
    self.found = found
  }

  init(_ error: TransportError) {
    failure = WallLineFailure(error)
    switch error {
    case .portBusy(_, let holder): found = holder.map { Self.plain($0.description) }
    case .portMissing(_, let ports), .nothingMatches(_, let ports), .ambiguous(_, let ports): found = Self.list(ports)
    default: break
    }
  }

  /// More are on `linli ports`.
  private static let listed = 4

  private static func list(_ ports: [String]) -> String {
    ports.prefix(listed).map(plain).joined(separator: "; ") + (ports.count > listed ? "; …" : "")
  }

  private static func plain(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.filter(\.isPlainText).prefix(80)))
  }
}
