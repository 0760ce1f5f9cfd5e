import ArgumentParser
import DeviceKit
import DeviceVocabulary
import FirmwareUpdateDriver
import Foundation
import Station
import StationRuntime

extension Panel {
  struct Update: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "更新面板固件 / new firmware for a panel",
      discussion: """
        写一个或两个文件(每个分区一个),自动选用合适的一个。更新时面板照常接收求助;中断了就再运行同一条命令。
        Name one file or two (one for each slot); the one that fits is taken. Calls come through all the while; when it was interrupted,
        run the same command again.
        """)
    @OptionGroup var place: PanelPlace
    @Argument(help: "站点文件、面板、固件文件 / site file, panel, image files") var words: [String] = []

    func run() throws {
      try Panel.run {
        let (way, files) = try place.way(words)
        guard (1...2).contains(files.count) else { throw ValidationError("写一个或两个固件文件 / name one image file, or two") }
        let images = try files.map(Self.read)
        let printer = JobPrinter()
        let job: DeviceJob
        switch way {
        case .station(let panel):
          _ = try panel.met()
          let ticket = Panel.newTicket()
          func ask() throws {
            for image in images { try panel.upload(image.bytes, as: image.name) }
            let names = images.map(\.name).joined(separator: " ")
            try panel.order("update", "\(ticket)", names)
          }
          try ask()
          print("站点在做,关掉这个窗口也不要紧 / the station does it: this window may be closed")
          job = try panel.watch(ticket, again: ask) { printer.show($0) }
        case .idle(let bus, let node):
          let panel = try IdlePanel(bus, node: node)
          defer { panel.close() }
          guard try panel.meet() != nil else { throw Panel.silent("\(node)") }
          job = try panel.update(images.map(\.image)) { printer.show($0) }
        }
        let release = job.image.map { "\($0)" } ?? ""
        return Panel.conclude(
          job,
          job.image != nil && job.image == job.before
            ? "已经是这个固件 / this firmware runs already: \(release)"
            : "新固件 \(release) 在运行,已确认 / the new firmware runs and has proved itself")
      }
    }

    private static func read(_ path: String) throws -> (image: ImageFile, bytes: [UInt8], name: String) {
      guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
        attributes[.type] as? FileAttributeType == .typeRegular || attributes[.type] as? FileAttributeType == .typeSymbolicLink,
        let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: ImageFile.lengthLimit + 1)
      else { throw Failure("读不了文件 \(path) / cannot read \(path)") }
      let bytes = Array(data)
      guard bytes.count <= ImageFile.lengthLimit, let image = try? ImageFile(bytes), image.isUndamaged else {
        throw Failure("\(path): \(FirmwareTexts.why(.notAnImage).both)")
      }
      let slot = image.slot.map { "\($0)" } ?? "任意 / any"
      print("\(path): \(image.release), 硬件 / board \(PanelText.board(image.board)), 分区 / slot \(slot)")
      return (image, bytes, "\(image.release.number)-\(image.release.buildText)-\(image.slot.map { "\($0)" } ?? "x")")
    }
  }
}
