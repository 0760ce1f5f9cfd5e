import CallPanelCodec
import CallPanelDeviceModel
import DeviceKit
import DeviceVocabulary
import Journal
import Station

/// What can be seen of a simulated site from outside: at the fingers, on the wires, on the disk and on the pages. Checkers know nothing else.
indirect enum SiteFact {
  /// A finger goes down on a button whose panel has power, and up again so much later.
  case finger(ButtonID)
  /// What a lamp shows, whenever it was looked at; `isLit` is the pin.
  case lamp(ButtonID, PanelLamp, isLit: Bool)
  /// The host has sent a request to a node.
  case asked(DeviceID)
  /// Entries have come to be on disk, in the order of the journal, each with the moment of its own stamp in site time.
  case durable([(entry: Entry, stamped: Instant)])
  /// A page has been shown.
  case page(DeskView)
  /// The operator's console has been shown.
  case wall(WallView)
  /// What each output of the wall really shows, by its devices themselves and not by what anybody believes.
  case wallTruth([WallTruth])
  /// A request was answered.
  case answered(DeskRequest, DeskAnswer)
  /// An act of the script, before its effects.
  case act(SiteAct)
  case programStarted
  case programEnded
  /// State folded from a snapshot and from the first entry, when the program starts and at the end.
  case folded(fromSnapshot: StationState, fromZero: StationState)
  /// Somebody's card was read and sealed; what was in it.
  case sealed(SealedField, plain: [UInt8])
  /// The keys on the disk, after what nothing names was deleted, or not.
  case keys([SimulatedKeys.Key], isSwept: Bool)
  /// The same of the street centre.
  case street(SiteFact)
  /// The street's answer has reached the community: it has this on disk.
  case receipt(LinkReceipt)
}

/// What the checkers are told of the site once, at the start.
struct SiteGround {
  var layout: SiteLayout
  var plan: SitePlan

  func button(_ wire: Int, _ panel: Int, _ button: UInt8) -> ButtonID { ButtonID(device: device(wire, panel), button: button) }
  func device(_ wire: Int, _ panel: Int) -> DeviceID {
    DeviceID(bus: layout.wires[wire].name, node: UInt8(clamping: panel + 1))
  }
}

/// What is left when everything is over.
struct SiteEnd {
  var entries: [JournalEntry]
  /// Events that still wait in each panel, and what each lamp shows.
  var waiting: [(device: DeviceID, events: Int)]
  var lamps: [(button: ButtonID, lamp: PanelLamp)]
  var view: DeskView?
  var street: Street?

  struct Street {
    var entries: [JournalEntry]
    var view: DeskView?
  }
}

/// One promise, kept under watch by somebody who does not know how the program keeps it.
protocol SiteChecker {
  mutating func see(_ fact: SiteFact, at now: Instant)
  mutating func finish(_ end: SiteEnd, at now: Instant)
  var findings: [SiteFinding] { get }
}

/// A promise that was broken.
public struct SiteFinding: Sendable, Equatable, CustomStringConvertible {
  public var checker: String
  public var at: Instant
  public var text: String

  public var description: String {
    let seconds = Double(at.microseconds) / 1_000_000
    return "\(checker) at \(seconds) s: \(text)"
  }
}

/// A defect put into a simulated site on purpose, to see that its checker finds it.
public enum PlantedFault: String, Sendable, CaseIterable {
  /// A press is accepted at the panel and forgotten.
  case losesPress
  /// A press reaches the station a second time under another name.
  case doublesPress
  /// The lamp is told before the entry is on disk.
  case lampBeforeDisk
  /// Nobody has acknowledged, but the lamp says that somebody comes.
  case comingUnasked
  /// The lamp of an open call goes out.
  case lampFallsBack
  /// A duress button lights its lamp.
  case silentShows
  /// The page is drawn before the entry is on disk.
  case pageBeforeDisk
  /// The desk is told "done" before the entry is on disk.
  case answerBeforeDisk
  /// A stored entry is altered.
  case altersEntry
  /// The wire is left alone for 2 s now and then.
  case idleWire
  /// What happens to a whole pair of wires is not said.
  case hidesBusFaults
  /// Panels are never told that they may forget.
  case neverAccepts
  /// A snapshot holds another state than the journal.
  case falseSnapshot
  /// The street's answer leaves before its disk has what it acknowledges.
  case receiptBeforeDisk
  /// The lamp says "delivered" as soon as the call is on the own disk.
  case deliveredUnasked
  /// Entries that are said to be sent are not.
  case losesOnTheLine
  /// Entries are sent in the wrong order.
  case turnsOrder
  /// The street writes what it has received twice.
  case storesTwice
  /// The community obeys a command that the street never gave.
  case inventsCommand
  /// The street's page is drawn before the entry is on its disk.
  case streetPageBeforeDisk
  /// A number is handed out before it is on disk.
  case ticketBeforeDisk
  /// Two people are given one number.
  case repeatsNumber
  /// The key of a sealed field is in the program's memory only.
  case keyNotKept
  /// A clerk's note has a visitor's name.
  case namesInNotes
  /// The console shows what was asked for instead of what was read.
  case showsTheWish
  /// What the wall is to show does not reach its devices.
  case losesWish
  /// The matrix is switched, and the displays are not told which part of a picture is theirs, nor when they are to be off.
  case losesDisplayWish
  /// No card says what is wrong with the wall.
  case hidesWallCards
}
