import DeviceVocabulary

/// What a centre offers to those who come (一站式服务): its services, the windows that give them, the terminals that hand out tickets.
public struct VisitPlan: Sendable, Equatable, Codable {
  public var services: [Service]
  public var windows: [Window]
  public var kiosks: [Kiosk]
  /// Kinds of hazards (隐患) that can be reported: always a thing or the state of a place.
  public var hazardKinds: [HazardKind]
  /// A ticket with priority is called as if it had been taken so many minutes earlier: old and disabled people wait less, and nobody waits
  /// for ever behind them.
  public var priorityMinutes: Int
  /// How many days a closed matter can still be asked about with its slip, and is kept.
  public var keepClosedDays: Int
  /// Who has signed off what is made public here (信息公开), and when.
  public var signedOff: SignedOff?
  /// Whom to ask about personal data.
  public var contact: String

  public init(
    services: [Service], windows: [Window], kiosks: [Kiosk] = [], hazardKinds: [HazardKind] = [], priorityMinutes: Int = 30,
    keepClosedDays: Int = 30, signedOff: SignedOff? = nil, contact: String = ""
  ) {
    self.services = services
    self.windows = windows
    self.kiosks = kiosks
    self.hazardKinds = hazardKinds
    self.priorityMinutes = priorityMinutes
    self.keepClosedDays = keepClosedDays
    self.signedOff = signedOff
    self.contact = contact
  }

  public struct Service: Sendable, Equatable, Codable {
    public var id: String
    public var name: String
    /// Begins the numbers of its tickets: one letter, A to Z, of no other service.
    public var letter: String
    public var kind: Kind
    /// What to bring.
    public var bring: [String]
    /// The steps of its course, and what the centre owes the visitor.
    public var flow: [String]
    public var duties: [String]
    /// From the opening of a matter to its result.
    public var limitHours: Int
    /// How long an offered matter may stay unanswered.
    public var offerMinutes: Int

    /// Where the three questions of the terminal lead (前台分流).
    public enum Kind: String, Sendable, Codable, CaseIterable {
      case service
      /// Somebody is at odds with somebody (矛盾纠纷).
      case dispute
    }

    public init(
      id: String, name: String, letter: String, kind: Kind = .service, bring: [String] = [], flow: [String] = [],
      duties: [String] = [], limitHours: Int = 120, offerMinutes: Int = 60
    ) {
      self.id = id
      self.name = name
      self.letter = letter
      self.kind = kind
      self.bring = bring
      self.flow = flow
      self.duties = duties
      self.limitHours = limitHours
      self.offerMinutes = offerMinutes
    }
  }

  public struct Window: Sendable, Equatable, Codable {
    /// 1 to 99, as it hangs above the window.
    public var number: Int
    public var name: String
    /// The post that sits there, and that owns what is opened there.
    public var post: String
    /// Ids of the services given there.
    public var services: [String]

    public init(number: Int, name: String, post: String, services: [String]) {
      self.number = number
      self.name = name
      self.post = post
      self.services = services
    }
  }

  public struct Kiosk: Sendable, Equatable, Codable {
    public var id: String
    public var place: String
    /// As wide as its page shows on the screen, by a ruler: 100 to 3000. `nil`: not measured, and taken for 96 dpi.
    public var screenWidthMillimetres: Int?

    public init(id: String, place: String, screenWidthMillimetres: Int? = nil) {
      self.id = id
      self.place = place
      self.screenWidthMillimetres = screenWidthMillimetres
    }

    /// What an old finger hits: 15 mm, and never less than 72 pixels (`kiosk.js` counts the same way).
    ///
    /// - Parameter width: of the page, in CSS pixels.
    public func leastTarget(pageWidth width: Int) -> Int {
      guard let millimetres = screenWidthMillimetres, millimetres > 0 else { return 72 }
      return max(72, (15 * width + millimetres - 1) / millimetres)
    }
  }

  public struct HazardKind: Sendable, Equatable, Codable {
    public var id: String
    public var name: String

    public init(id: String, name: String) {
      self.id = id
      self.name = name
    }
  }

  public struct SignedOff: Sendable, Equatable, Codable {
    /// A post's or an office's name, never a person's.
    public var by: String
    /// `2026-11-26`.
    public var date: String

    public init(by: String, date: String) {
      self.by = by
      self.date = date
    }
  }
}

extension VisitPlan {
  public func service(_ id: String) -> Service? { services.first { $0.id == id } }
  public func window(_ number: Int) -> Window? { windows.first { $0.number == number } }
  public func kiosk(_ id: String) -> Kiosk? { kiosks.first { $0.id == id } }

  /// The name that no bus may have: buttons on it are the help keys of terminals.
  public static let kioskBus = "kiosk"

  /// The help key of a terminal as a call point like any other; there are at most 247 terminals.
  public func helpKey(_ id: String) -> ButtonID? {
    guard let index = kiosks.firstIndex(where: { $0.id == id }), let node = UInt8(exactly: index + 1) else { return nil }
    return ButtonID(device: DeviceID(bus: Self.kioskBus, node: node), button: 1)
  }
}
