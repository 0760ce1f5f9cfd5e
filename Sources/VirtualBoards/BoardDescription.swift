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
  /// The settings' two pages lie at the EEPROM's beginning, each so long.
  public var pageBytes: UInt32 = 1_024
  /// The model of the Ethernet part whose burnt-in address ends in the unit id; `nil` where it comes from elsewhere.
  public var network: String?

  public init(
    name: String, machine: String, buttons: [InputPin], keys: [String] = [], tamper: InputPin? = nil, lamps: [OutputPin] = [],
    buzzer: OutputPin? = nil, direction: OutputPin? = nil, memoryBytes: Int? = nil, network: String? = nil
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
    self.network = network
  }

  /// What the emulator is told beside the image and the lines to it.
  func arguments(memory: String?, unit: UInt32?) -> [String] {
    var arguments = ["-M", machine]
    if let memory, let memoryBytes {
      let file = memory.replacingOccurrences(of: ",", with: ",,")
      arguments += ["-drive", "if=none,id=memory,format=raw,file=\(file)"]
      arguments += ["-device", "at24c-eeprom,bus=i2c,address=0x50,rom-size=\(memoryBytes),drive=memory"]
    }
    if let unit, let network {
      // The board's unit id is the end of its burnt-in Ethernet address; the line itself leads nowhere.
      let bytes = [24, 16, 8, 0].map { String(UInt8(truncatingIfNeeded: unit >> UInt32($0)), radix: 16) }
      arguments += ["-net", "nic,model=\(network),macaddr=52:54:\(bytes.joined(separator: ":"))"]
    }
    return arguments
  }
}

extension BoardDescription {
  /// Boards/lm3s6965evb/README.md. The emulator numbers the ports A to G as devices 8 to 14.
  public static let lm3s6965evb = {
    func port(_ letter: Character) -> String {
      "/machine/unattached/device[\(8 + Int(letter.asciiValue ?? 65) - 65)]"
    }
    // The data register, all pins of it: PL061 masks by the address.
    let data: [Character: UInt32] = ["C": 0x4000_63FC, "D": 0x4000_73FC]
    func output(_ letter: Character, _ pin: Int) -> OutputPin {
      OutputPin(device: port(letter), line: pin, register: data[letter] ?? 0, bit: pin)
    }
    let buttons: [(Character, Int)] = [("E", 0), ("E", 1), ("E", 2), ("E", 3), ("F", 1), ("B", 4), ("B", 5), ("B", 6)]
    return BoardDescription(
      name: "lm3s6965evb", machine: "lm3s6965evb",
      buttons: buttons.map { InputPin(device: port($0), line: $1) }, keys: ["up", "down", "left", "right", "ctrl"],
      // The switch pulls to ground while the housing is shut.
      tamper: InputPin(device: port("B"), line: 0, restsHigh: false),
      lamps: (0..<8).map { output("D", $0) }, buzzer: output("C", 5), direction: output("C", 4), memoryBytes: 65_536,
      network: "stellaris")
  }()

  /// Boards/mps2-an385/README.md. Its pins are not emulated; a test image takes them from memory words.
  public static let mps2an385 = BoardDescription(name: "mps2-an385", machine: "mps2-an385", buttons: [])
}
