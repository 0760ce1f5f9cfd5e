import Station

/// A site file, checked: what the station decides by (`plan`) and what the runtime opens.
public struct Site: Sendable, Equatable {
  public var plan: SitePlan
  public var buses: [BusPlan]
  /// Port of the duty desk on loopback.
  public var deskPort: Int
  /// Folder of the journal; relative to the site file's folder when it is relative.
  public var journalFolder: String
  public var ballastMebibytes: Int
  /// How many whole months stay on this disk although the parent has them.
  public var keptMonths = 12
  /// Where calls are sent besides, if anywhere.
  public var alarmReceiver: AlarmReceiverPlan?
  /// The station above.
  public var parent: ParentPlan?
  /// Where stations below are listened for.
  public var children: ChildrenPlan?
  /// The reader of staff cards, for all pages of the staff on this computer.
  public var staffReader: SmartCardPlan?
  /// Pages for those who come.
  public var visitPages: VisitPages?
  /// What is opened for the display wall.
  public var wall: WallDevices?
  /// What is correct and probably not meant so.
  public var warnings: [SiteProblem] = []
}

/// One pair of wires.
public struct BusPlan: Sendable, Equatable {
  public var name: String
  /// A device path (`/dev/ttyUSB0`, a link under `/dev/serial/by-path`, a pseudo-terminal), or what `linli ports` calls an
  /// adapter: `usb-path:1-1.4`, `usb-id:0403:6001:SERIAL`, `usb-serial:SERIAL`.
  public var port: String
  public var baud: Int
  public var format: Format
  public var kernelRS485: Bool
  /// The adapter hears what it sends.
  public var echo: Bool
  public var panels: [PanelPlan]
  public var modules: [ModulePlan]

  public enum Format: String, Sendable, CaseIterable { case none = "8N1", even = "8E1", odd = "8O1" }
}

public struct PanelPlan: Sendable, Equatable {
  public var node: UInt8
  public var name: String
  /// Buttons whose place is silent, bit 0 = button 1.
  public var silentMask: UInt8
}

/// A third-party input/output module.
public struct ModulePlan: Sendable, Equatable {
  public var node: UInt8
  public var name: String
  public var inputCount: Int
  public var inputStart: Int
  /// Inputs are read as coils (0x01) instead of discrete inputs (0x02).
  public var inputsAreCoils: Bool
  /// Bit 0 = input 1; a set bit means that an open contact is a press.
  public var activeLowMask: UInt32
  public var outputCount: Int
  public var outputStart: Int
  /// Outputs are written one by one (0x05) instead of all at once (0x0F).
  public var writesSingly = false
  public var longestReplyMilliseconds: Int
}
