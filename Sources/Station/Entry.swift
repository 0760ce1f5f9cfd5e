import DeviceVocabulary

/// One line of the journal: something that happened or was decided. The station's state is the fold of these and of nothing else.
public struct Entry: Sendable, Equatable, Codable {
  /// Version of this form; a reader refuses a higher one than it knows.
  public var version: Int
  public var time: EntryTime
  public var change: Change

  public static let currentVersion = 1

  public init(time: EntryTime, change: Change) {
    self.version = Self.currentVersion
    self.time = time
    self.change = change
  }

  enum CodingKeys: String, CodingKey {
    case version = "v"
    case time = "at"
    case change
  }
}

public typealias IncidentID = UInt32

/// What an incident counts as. Statistics never mix them.
public enum Mark: String, Sendable, Codable, CaseIterable {
  case real, test, drill
}

public indirect enum Change: Sendable, Equatable, Codable {
  case started(program: String)
  case stopped
  case clockStepped(byMilliseconds: Int64)
  /// The state so far, written as a month's file begins: `carriedChild` for each station below, then `carried` for all the rest. A fold
  /// that begins there gives the same state, so the files before may go.
  case carriedChild(ChildState)
  case carried(StationState)

  case opened(IncidentID, Opening)
  /// Another press of the same call point while its incident is open.
  case pressedAgain(IncidentID, ButtonID, identity: EventIdentity?)
  case escalated(IncidentID, step: Int, posts: [String])
  /// Acknowledged, but nobody was on scene in time: the ladder begins anew.
  case raisedAgain(IncidentID)
  /// `formerOwner` is set when escalation let this post take over without an acceptance.
  case acknowledged(IncidentID, post: String, formerOwner: String?)
  /// `within` is set when the parent hands the call down and says by when.
  case handOverOffered(IncidentID, from: String, to: String, within: HandOverLimits? = nil)
  case handOverAccepted(IncidentID, post: String)
  /// Refused with a reason, or (`post` = nil) not answered in time.
  case handOverEnded(IncidentID, post: String?, reason: String)
  case onScene(IncidentID, post: String)
  case resolved(IncidentID, post: String, note: String)
  case closed(IncidentID, post: String)
  case falseAlarm(IncidentID, post: String, note: String)

  case testAnnounced(ButtonID, post: String)
  case testExpired(ButtonID)
  case bypassed(ButtonID, post: String, reason: String, minutes: Int)
  case bypassEnded(ButtonID, post: String?)

  /// Also of one that is there already, when its reason is another one now.
  case faultRaised(FaultKey, detail: String)
  /// The cause is gone (or back); the card stays until somebody re-tests.
  case faultPresent(FaultKey, Bool)
  case faultSilenced(FaultKey, post: String)
  /// `post` is empty where the card of a common cause says it all now.
  case faultCleared(FaultKey, post: String)
  /// The re-test that a post asked for found the cause still there, or no answer.
  case retestFailed(FaultKey, post: String)

  case deviceIdentified(DeviceID, DeviceIdentity)
  case visit(VisitChange)
  case wall(WallChange)
  case access(AccessNote)

  // As a child.
  /// This journal was set back, and the parent has other entries under the numbers so far. A new epoch begins with this: the calls that are
  /// not closed here, each of which follows as `toldAgain`. What else the parent has as open is on the lost branch only.
  case branched(open: [IncidentID])
  /// A call as it stands, instead of the steps so far.
  case toldAgain(Incident)
  /// The call's opening is on the parent's disk.
  case delivered(IncidentID, parent: String)
  case described(SiteDescription)
  /// What became of the parent's command of this number; it travels up like any other entry.
  case commandAnswered(UInt64, CommandResult)
  case noticed(UInt64, post: String, text: String, seconds: Int)
  case noticeExpired(UInt64)
  /// The daily test call to the parent's application and back.
  case proofAsked(UInt32)
  case proofReturned(UInt32, milliseconds: UInt32)
  case proofFailed(UInt32)

  // As a parent.
  case received(Received)
  /// The child's entries up to there are not on this disk, and the child has dropped them: what is known of it begins anew.
  case pastMissing(String, through: JournalHead)
  case commanded(String, ParentCommand)
  /// The child did not answer it in its time to live.
  case commandLapsed(String, UInt64)
  /// A call that its station no longer knows, because its journal was restored or replaced, is closed here.
  case strayClosed(String, IncidentID, post: String, note: String)
}

extension Change {
  /// The call that this is a step of, if it is one.
  public var incident: IncidentID? {
    switch self {
    case .opened(let id, _), .pressedAgain(let id, _, _), .escalated(let id, _, _), .raisedAgain(let id),
      .acknowledged(let id, _, _),
      .handOverOffered(let id, _, _, _), .handOverAccepted(let id, _), .handOverEnded(let id, _, _), .onScene(let id, _),
      .resolved(let id, _, _),
      .closed(let id, _), .falseAlarm(let id, _, _), .delivered(let id, _):
      id
    case .toldAgain(let incident): incident.id
    default: nil
    }
  }
}

public struct Opening: Sendable, Equatable, Codable {
  public var button: ButtonID
  public var place: String
  public var mark: Mark
  public var kind: Press.Kind
  /// `nil` for a drill, and for modules without an event queue.
  public var identity: EventIdentity?
  /// How long before the entry's time the finger was on the button.
  public var ageMilliseconds: UInt32
  public var silent: Bool
  public var bypassed: Bool

  public init(
    button: ButtonID, place: String, mark: Mark, kind: Press.Kind, identity: EventIdentity?, ageMilliseconds: UInt32,
    silent: Bool, bypassed: Bool
  ) {
    self.button = button
    self.place = place
    self.mark = mark
    self.kind = kind
    self.identity = identity
    self.ageMilliseconds = ageMilliseconds
    self.silent = silent
    self.bypassed = bypassed
  }
}

/// What a fault is about and of which kind; one card each.
public struct FaultKey: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
  public var subject: Subject
  public var kind: Kind

  public enum Subject: Sendable, Hashable {
    case bus(String)
    case device(DeviceID)
    case button(ButtonID)
    case journal
    /// The alarm receiving centre that others run.
    case receiver
    /// The ticket printer.
    case printer
    /// A device of the display wall, one of its outputs, a source of pictures, as the site file names them.
    case wall(String)
    case output(Int)
    case source(String)
    /// The files of the pages.
    case pages
    /// A terminal in the hall, by its name in the site file.
    case kiosk(String)
    /// The reader of staff cards at the desk.
    case staffReader
    /// A way to the parent, by its name in the site file; the parent as a whole.
    case path(String)
    case parent
    /// A child; a way on which it comes.
    case child(String)
    case childPath(String, String)
  }

  public enum Kind: String, Sendable, Codable, CaseIterable {
    case stuck, chattering, tampered, lineCut, lineShort, silent, wrongIdentity, answersWrongly, eventsLost, epochWentBack,
      restartsOften
    case unknownProtocol, unknownBoard, selfTestFailed, onTrial, firmwareDiffers, panelFaulted, updateFailed
    case busSilent, busJammed, busGarbled, adapterAbsent, portBusy
    case diskFull, diskFailed, entryTooLong, notCarried, sealingFailed, dateDoubtful
    case printerNotConnected, printerNotAnswering, printerCoverOpen, printerPaperOut, printerCutterError, printerError
    case printerOffline, printerPaperNearEnd
    case kioskSilent
    case pageFilesMissing
    case readerAbsent, readerSilent, readerGarbled, readerSelfTest, readerNotAuthorised
    case wallSilent, wallAnswersWrongly, wallPassword, wallNetworkSilent
    case outputNotSwitched, outputRefused, outputCannot, outputUnanswered, outputContested, outputNotHeard
    case pictureFrozen, pictureBlack, pictureNotOpened, sourceDead, sourceNotTurned
    case displayFan, displayTemperature, displayLamp, displayCover, displayFilter, displaySensor, displayOther, displayNoSignal
    case displayPassword, displayAddress
    case smartCardsAbsent, smartCardsSilent, smartCardsGarbled, smartCardsUnsupported, smartCardsNoService
    case receiverSilent, receiverRefuses, receiverMisses, receiverUnfed
    case pathDown, parentLost, journalForked, proofFailed, certificateExpires, parentLacksPast, parentFloods, clockApart
    case childLost, childPathDown, childBranched, childCertificateExpires, childLacksPast, childWithholds, childFloods

    /// Something to know and to do one day: no sound, no light.
    public var isInformation: Bool {
      [
        .firmwareDiffers, .printerPaperNearEnd, .kioskSilent, .sourceDead, .pictureNotOpened, .sourceNotTurned, .displayFilter,
        .outputNotHeard,
      ].contains(self) || isOfReader
        || isOfSmartCards
    }
    /// These are about the journal and about nothing else, so that a bus may be called `journal`.
    var isOfJournal: Bool {
      [.diskFull, .diskFailed, .entryTooLong, .notCarried, .sealingFailed, .dateDoubtful].contains(self)
    }
    /// The reader of a terminal: there is a way without a card for everything.
    var isOfReader: Bool { rawValue.hasPrefix("reader") }
    /// A reader of smart cards, of a terminal or of the staff, who have their PINs.
    var isOfSmartCards: Bool { rawValue.hasPrefix("smartCards") }
    var isOfPrinter: Bool { rawValue.hasPrefix("printer") }
    var isOfWall: Bool { ["wall", "output", "picture", "source", "display"].contains { rawValue.hasPrefix($0) } }
    /// These are about the alarm receiver and about nothing else, so that a bus may be called `receiver`.
    var isOfReceiver: Bool { [.receiverSilent, .receiverRefuses, .receiverMisses, .receiverUnfed].contains(self) }
  }

  public init(_ subject: Subject, _ kind: Kind) {
    self.subject = subject
    self.kind = kind
  }

  /// `A:busSilent`, `A/3:silent`, `A/3/1:stuck`, `journal:diskFull`, `receiver:receiverSilent`, `^main:pathDown`,
  /// `@tiexi-03:childLost`: what the API and the command line call it.
  public var description: String {
    switch subject {
    case .bus(let name): "\(name):\(kind.rawValue)"
    case .device(let device): "\(device):\(kind.rawValue)"
    case .button(let button): "\(button):\(kind.rawValue)"
    case .journal: "journal:\(kind.rawValue)"
    case .receiver: "receiver:\(kind.rawValue)"
    case .pages: "pages:\(kind.rawValue)"
    case .printer: "printer:\(kind.rawValue)"
    case .kiosk(let kiosk): "kiosk \(kiosk):\(kind.rawValue)"
    case .wall(let device): "wall \(device):\(kind.rawValue)"
    case .output(let number): "output \(number):\(kind.rawValue)"
    case .source(let source): "source \(source):\(kind.rawValue)"
    case .staffReader: "staff:\(kind.rawValue)"
    case .path(let name): "^\(name):\(kind.rawValue)"
    case .parent: "^:\(kind.rawValue)"
    case .child(let child): "@\(child):\(kind.rawValue)"
    case .childPath(let child, let path): "@\(child)^\(path):\(kind.rawValue)"
    }
  }

  public init?(_ text: some StringProtocol) {
    guard let colon = text.lastIndex(of: ":"), let kind = Kind(rawValue: String(text[text.index(after: colon)...])) else {
      return nil
    }
    let subject = text[..<colon]
    // No bus may begin with these two signs.
    if subject.first == "^" {
      self.init(subject.count == 1 ? .parent : .path(String(String(subject).dropFirst())), kind)
    } else if subject.first == "@", subject.count > 1 {
      let parts = String(subject).dropFirst().split(separator: "^", maxSplits: 1).map(String.init)
      guard let child = parts.first else { return nil }
      self.init(parts.count == 2 ? .childPath(child, parts[1]) : .child(child), kind)
    } else if subject == "journal", kind.isOfJournal {
      self.init(.journal, kind)
    } else if subject == "receiver", kind.isOfReceiver {
      self.init(.receiver, kind)
    } else if subject.hasPrefix(Self.kioskMark), kind == .kioskSilent || kind.isOfReader || kind.isOfSmartCards {
      self.init(.kiosk(String(subject.dropFirst(Self.kioskMark.count))), kind)
    } else if let other = Self.ofWall(subject, kind) {
      self.init(other, kind)
    } else if subject == "pages", kind == .pageFilesMissing {
      self.init(.pages, kind)
    } else if subject == "staff", kind.isOfSmartCards {
      self.init(.staffReader, kind)
    } else if subject == "printer", kind.isOfPrinter {
      self.init(.printer, kind)
    } else if let button = ButtonID(subject) {
      self.init(.button(button), kind)
    } else if let device = DeviceID(subject) {
      self.init(.device(device), kind)
    } else if !subject.isEmpty, !subject.contains("/") {
      self.init(.bus(String(subject)), kind)
    } else {
      return nil
    }
  }

  private static func ofWall(_ text: some StringProtocol, _ kind: Kind) -> Subject? {
    let parts = String(text).split(separator: " ", maxSplits: 1).map(String.init)
    guard parts.count == 2, kind.isOfWall else { return nil }
    switch parts[0] {
    case "wall": return .wall(parts[1])
    case "output": return Int(parts[1]).map { .output($0) }
    case "source": return .source(parts[1])
    default: return nil
    }
  }

  /// No bus has a blank in its name.
  private static let kioskMark = "kiosk "

  public static func < (left: FaultKey, right: FaultKey) -> Bool { left.description < right.description }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let key = FaultKey(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is not a fault such as A/3:silent")
    }
    self = key
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
