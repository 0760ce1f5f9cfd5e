import ArgumentParser
import Foundation
import SimulatedSite
import StationRuntime
import Synchronization
import Transports
import VirtualBoards

extension Sim {
  struct Firmware: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "面板是运行真实固件的 QEMU 虚拟机 / serves panels that are QEMU machines running the real firmware",
      discussion: FirmwareCommand.help)
    @Option(help: "伪终端的链接 / link to the pseudo-terminal") var link: String
    @Option(help: "面板数,每个一台虚拟机 / number of panels, a machine each") var panels = 2
    @Option(help: "固件映像,默认是 make -C Boards 的产物 / firmware image; default: what make -C Boards has made")
    var image: String?
    @Option(
      help: "存放各面板 EEPROM 的文件夹,默认用后即删 / folder of the panels' EEPROM files; default: one that is removed at the end")
    var memory: String?
    @Option(help: "命令套接字 / control socket") var socket = Socket.simulator

    func validate() throws {
      guard (1...FirmwareBus.limit).contains(panels) else { throw ValidationError("--panels 1...\(FirmwareBus.limit)") }
    }

    func run() async throws {
      let signals = Signals()
      try ControlSocket.check(socket)
      let image = try image ?? FirmwareImage.find(.lm3s6965evb)
      try FirmwareCheck.check(image, for: .lm3s6965evb)
      let bus = try FirmwareBus(.lm3s6965evb, link: link, panels: panels, image: image, memory: memory)
      defer { bus.stop() }
      let control = try ControlSocket(path: socket) { bus.say($0) }
      Terminal.log("总线在 \(link),\(panels) 台 QEMU 运行 \(image);linli sim press 1/1 / bus ready")
      await signals.stop()
      control.stop()
    }
  }
}

/// Where the images lie.
enum FirmwareImage {
  /// In the source folder that this program was built in.
  static func find(_ board: BoardDescription) throws -> String {
    let name = "Boards/.build/\(board.name)/panel.bin"
    var folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    while folder.path != "/" {
      let image = folder.appendingPathComponent(name).path
      if FileManager.default.fileExists(atPath: image) { return image }
      folder.deleteLastPathComponent()
    }
    throw VirtualBoardError.imageMissing(name)
  }
}
