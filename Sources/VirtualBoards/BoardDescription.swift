import Foundation

/// A board as the emulator has it: which machine, and where its pins are. The figures are those of the board's README under `Boards/`.
public struct BoardDescription: Sendable, Equatable {
  /// A line into the processor that a test can set.
  public struct InputPin: Sendable, Equatable, Hashable {
    /// The device in the emulator's object tree, for instance `/machine/unattached/device[12]`.
    public var device: String
    public var line: Int
    /// The level while nobody touches it: true where a pull-up holds it.
    public var restsHigh: Bool

    public init(device: String, line: Int, restsHigh: Bool = true) {
      self.device = device
      self.line = line
      self.restsHigh = restsHigh
    }
  }

  /// A line out of the processor.
  public struct OutputPin: Sendable, Equatable {
    /// The device in the emulator's object tree.
    public var device: String
    public var line: Int
    /// A register whose bit `bit` shows the level, and that may be read without any effect.
    public var register: UInt32
    public var bit: Int

    public init(device: String, line: Int, register: UInt32, bit: Int) {
      self.device = device
      self.line = line
      self.register = register
      self.bit = bit
    }
  }

  /// The folder under `Boards/`.
  public var name: String
  /// What `qemu-system-arm -M` calls it.
  public var machine: String
  /// Button 1 first.
  public var buttons: [InputPin]
  /// Key codes of the emulator's keyboard (QMP `QKeyCode`) for the first buttons; empty where the machine has no keys.
  public var keys: [String]
  /// The housing's contact.
  public var tamper: InputPin?
  /// Lamp 1 first.
  public var lamps: [OutputPin]
  public var buzzer: OutputPin?
  /// High while the RS-485 driver sends.
  public var direction: OutputPin?
  /// The size of the board's EEPROM, which is a file; `nil` where settings lie in the processor's flash, which the emulator forgets when it ends.
  public var memoryBytes: Int?

  public init(
    name: String, machine: String, buttons: [InputPin], keys: [String] = [], tamper: InputPin? = nil, lamps: [OutputPin] = [],
    buzzer: OutputPin? = nil, direction: OutputPin? = nil, memoryBytes: Int? = nil
  ) {
    self.name = name
    self.machine = machine
    self.buttons = buttons
    self.keys = keys
    self.tamper = tamper
    self.lamps = lamps
    self.buzzer = buzzer
    self.direction = direction
    self.memoryBytes = memoryBytes
  }

  /// What the emulator is told beside the image and the lines to it.
  func arguments(memory: String?) -> [String] {
    guard let memory, let memoryBytes else { return ["-M", machine] }
    return [
      "-M", machine, "-drive", "if=none,id=memory,format=raw,file=\(memory.replacingOccurrences(of: ",", with: ",,"))", "-device",
      "at24c-eeprom,bus=i2c,address=0x50,rom-size=\(memoryBytes),drive=memory",
    ]
  }
}
