import Foundation

/// The time that certificates are checked at: the clock, but never before what is proven to have passed. A clock that was set back, or that
/// begins in 1970 after each power cut, locks nobody out.
public struct LinkTime: Sendable, Equatable {
  public var clock: Date
  /// The last time in the journal that came from a synchronised clock; one of a clock that was ahead would end certificates early.
  public var newestJournalTime: Date?
  /// When the newest certificate that this station holds was issued: it could not hold it before that.
  public var heldSince: Date?

  public init(clock: Date, newestJournalTime: Date? = nil, heldSince: Date? = nil) {
    self.clock = clock
    self.newestJournalTime = newestJournalTime
    self.heldSince = heldSince
  }

  /// It is this late at least; `nil`: nothing is known but the clock.
  public var proven: Date? { [newestJournalTime, heldSince].compactMap { $0 }.max() }

  public var now: Date { proven.map { max($0, clock) } ?? clock }

  /// What speaks against the clock.
  ///
  /// - Parameter own: this station's own certificate, which it asks its parent to renew long before the end.
  public func doubt(own: PeerIdentity) -> ClockDoubt? {
    if let proven, proven.timeIntervalSince(clock) > Self.smallDifference { return .behind(clock: clock, proven: proven) }
    return clock > own.notAfter ? .ahead(clock: clock, ended: own.notAfter) : nil
  }

  /// Two computers that were set by hand differ by this much, and no certificate minds.
  static let smallDifference: TimeInterval = 3600
}

/// This computer's clock is wrong, or very likely so. Chinese first, then English.
public enum ClockDoubt: Sendable, Equatable, CustomStringConvertible {
  /// Certain: what this station holds is from later.
  case behind(clock: Date, proven: Date)
  /// By this clock the station's own certificate has ended, although it is renewed in time as a rule.
  case ahead(clock: Date, ended: Date)

  /// For a technician at the computer; while the time is set over the network the system refuses the second of them.
  public static let howToSet = "sudo timedatectl set-ntp false; sudo timedatectl set-time 'YYYY-MM-DD hh:mm:ss'"

  public var chinese: String {
    switch self {
    case .behind(let clock, let proven):
      "本机时钟错了:本机时钟是 \(clock.localText),而证书和日志证明至少已到 \(proven.localText);请按当地现在的时间设好:\(Self.howToSet)"
    case .ahead(let clock, let ended):
      "本机时钟多半错了:本机时钟是 \(clock.localText),本站自己的证书 \(ended.localText) 就到期了;请按当地现在的时间设好:\(Self.howToSet);"
        + "时钟没错就要换证书(下级站 linli enroll --replace,上级 linli pki renew)"
    }
  }

  public var english: String {
    switch self {
    case .behind(let clock, let proven):
      "this computer's clock is wrong: it says \(clock.localText), and certificates and journal prove that it is \(proven.localText) at "
        + "least; set it to the local time: \(Self.howToSet)"
    case .ahead(let clock, let ended):
      "this computer's clock is very likely wrong: it says \(clock.localText), and this station's own certificate ended at "
        + "\(ended.localText); set it to the local time: \(Self.howToSet); if it is right, the certificate needs renewal (linli enroll "
        + "--replace below, linli pki renew above)"
    }
  }

  public var description: String { "\(chinese) / \(english)" }
}

extension Date {
  /// As the clock on the wall shows it, with its distance from UTC: what somebody at the computer compares.
  var localText: String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.calendar = Calendar(identifier: .gregorian)
    formatter.dateFormat = "yyyy-MM-dd HH:mm:ss xxx"
    return formatter.string(from: self)
  }
}
