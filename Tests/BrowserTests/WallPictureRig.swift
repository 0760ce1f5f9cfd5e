import Consoles
import DeviceVocabulary
import Foundation
import Synchronization

@testable import Station

/// The operator's console in this process, that shows the walls and calls that a test makes up and notes what it is asked, and a browser that
/// looks at it.
final class WallPictureRig {
  let browser: Browser
  private let pages: WallPages
  private let notes: Notes
  private(set) var view: WallView
  private var desk: DeskView

  private final class Notes: Sendable {
    let all = Mutex<[DeskRequest.Action]>([])
    /// What is answered to the next ones, instead of yes.
    let answers = Mutex<[DeskAnswer]>([])
  }

  static func run(_ view: WallView, onEveryPage: [String] = [], _ body: (WallPictureRig) async throws -> Void) async throws {
    let folder = "\(FileManager.default.temporaryDirectory.path)/linli-wall-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let notes = Notes()
    let pages = try WallPages(port: 0, webRoot: PictureRig.webRoot, presets: { _ in ["大门", "停车场"] }) { _, action in
      notes.all.withLock { $0.append(action) }
      return notes.answers.withLock { $0.isEmpty ? .done : $0.removeFirst() }
    }
    defer { pages.stop() }
    let browser = try await Browser(folder: folder, onEveryPage: onEveryPage)
    let rig = WallPictureRig(browser, pages, notes, view)
    do {
      rig.change { _, _ in }
      try await browser.resize(1920, 1080)
      try await browser.open("http://127.0.0.1:\(pages.port)/")
      try await browser.wait("the posts are there", for: "document.querySelector('input[name=post]')")
      try await body(rig)
    } catch {
      await browser.quit()
      throw error
    }
    await browser.quit()
  }

  private init(_ browser: Browser, _ pages: WallPages, _ notes: Notes, _ view: WallView) {
    (self.browser, self.pages, self.notes, self.view) = (browser, pages, notes, view)
    desk = Picture.empty("中心", "street-01")
    desk.posts = view.posts
  }

  /// Publishes both pictures as they are after `edit`.
  func change(_ edit: (inout WallView, inout DeskView) -> Void) {
    edit(&view, &desk)
    view.revision += 1
    pages.publish(desk)
    pages.publish(view)
  }

  /// The next request is refused so.
  func refuse(_ refusal: Refusal) { notes.answers.withLock { $0.append(.refused(refusal)) } }

  var asked: [DeskRequest.Action] { notes.all.withLock { $0 } }

  func expect(_ action: DeskRequest.Action) async throws {
    try await browser.waitUntil("the station is asked for \(action), not \(asked)") { asked.last == action }
  }

  func startDuty(post: String = "wall") async throws {
    try await browser.click("label.choice:has(input[value=\(post)])")
    try await browser.click("#start-button")
    try await browser.wait("the wall is drawn", for: "document.querySelectorAll('.tile').length === \(view.tiles.count)")
  }

  static func tile(_ number: Int) -> String { ".tile[data-output='\(number)']" }
  static func source(_ id: String) -> String { "#sources [data-key=\(id)] button" }
}

/// Walls of any size, each output in another state.
enum WallPicture {
  static let secret = "铁西街道一楼办事大厅摄像机"
  static let place = "一楼卫生间"

  static func view(_ columns: Int, _ rows: Int) -> WallView {
    let outputs = (1...columns * rows).map { number in
      WallPlan.Output(
        number: number, column: (number - 1) % columns + 1, row: (number - 1) / columns + 1,
        matrix: WallPort(device: "hub", number: UInt16(number)))
    }
    func source(
      _ id: String, _ name: String, _ kind: WallPlan.Source.Kind, isSensitive: Bool = false, _ motor: WallPlan.Source.Motor? = nil
    )
      -> WallPlan.Source
    {
      WallPlan.Source(id: id, name: name, kind: kind, isSensitive: isSensitive, motor: motor)
    }
    let plan = WallPlan(
      columns: columns, rows: rows, outputs: outputs,
      sources: [
        source("map", "网格地图", .computer), source("board", "公告栏", .board),
        source("cam", secret, .camera, isSensitive: true, .init(callPreset: "大门")), source("gate", "东门", .camera),
      ], layouts: [WallLayout(id: "big", name: "大图", regions: [])], scenes: [], bezelThousandths: 20)
    let shown = ["map", "cam", "board", "gate"]
    let tiles = outputs.map { output in
      let proof = proofs[output.number % proofs.count]
      return WallView.Tile(
        output: output.number, wished: shown[output.number % 4], shown: shown[output.number % 4], isOff: false, layer: .base,
        cells: WallCells(column: output.column, row: output.row), isHidden: false, isIdentified: false,
        proof: proof,
        pictureTrouble: proof == .verified(picture: false) ? PictureState.none(reason: "loading failed").text : nil,
        ageMilliseconds: 1200, troubles: output.number == 5 ? [.fan] : [],
        measured: [
          .init(quantity: .temperatureCelsius, value: 42, ageMilliseconds: 5000),
          .init(quantity: .hours, value: 1200, ageMilliseconds: 2_400_000),
        ])
    }
    return WallView(
      revision: 1, asOfMilliseconds: Picture.now, site: "铁西街道综治中心", recorded: true, plan: plan,
      posts: [.init(id: "wall", name: "大屏岗", place: "watch"), .init(id: "desk", name: "值班台", place: "hall")], tiles: tiles,
      scenes: [
        .init(id: "day", name: "日常", isMeeting: false, lit: .half), .init(id: "cams", name: "看四处", isMeeting: false, lit: .off),
        .init(id: "m", name: "会议", isMeeting: true, lit: .off),
      ], layouts: plan.layouts, drawn: [], pins: [],
      sources: plan.sources.map { .init(source: $0, state: .live, ageMilliseconds: 5) },
      devices: [.init(name: "hub", health: .online, description: .init(model: "Hub"))], meeting: nil, hasVisitors: false,
      exposed: [], isArmed: true, displaysRest: false, left: [])
  }

  private static let proofs: [WallProof] = [
    .verified(picture: nil), .verified(picture: true), .switching, .notSwitched(.unchanged), .unreachable(device: "hub"), .stale,
    .verified(picture: false),
  ]
}
