import DeviceKit
import Foundation
import Transports

/// A visitor's hand on the terminal's real page in Chromium.
final class KioskWalk {
  let browser: Chromium

  init(_ centre: VisitCentre) throws {
    browser = try Chromium(folder: centre.folder)
    do {
      try browser.open("http://127.0.0.1:\(centre.hall)/kiosk/hall")
      try expect("idle")
      try browser.run(
        "window.touches = 0; addEventListener('pointerdown', (event) => (touches += event.isTrusted ? 1 : 0), true);")
    } catch {
      browser.quit()
      throw error
    }
  }

  /// The screen is there, and takes a touch.
  func expect(_ screen: String) throws {
    do {
      try browser.wait(
        "screen \(screen)", for: "document.body.dataset.screen === '\(screen)' && document.body.dataset.ready === 'yes'")
    } catch {
      let shown = try? browser.evaluate("return document.body.dataset.screen + ': ' + document.body.innerText", as: String.self)
      throw BenchError("\(error); it shows \(shown?.prefix(200) ?? "nothing")")
    }
  }

  /// Touches what has that name, and waits for the screen that it leads to.
  func touch(_ steps: [(key: String, screen: String)]) throws {
    for step in steps {
      try browser.click("[data-key='\(step.key)']")
      try expect(step.screen)
    }
  }

  var touches: Int { get throws { try browser.evaluate("return touches") } }

  /// The way of somebody who wants a service, from the idle screen to where its number can be taken.
  static let toService = [
    (key: "touch", screen: "home"), (key: "business", screen: "which-business"), (key: "service", screen: "which-service"),
    (key: "legal", screen: "bring"),
  ]

  // MARK: Row 15

  /// As the page itself has counted them.
  static func touches(_ centre: VisitCentre) throws -> Figure {
    Report.progress("touches at the terminal's page")
    let walk = try KioskWalk(centre)
    defer { walk.browser.quit() }
    try walk.touch(toService + [(key: "take", screen: "slip")])
    let touches = try walk.touches
    let number: String = try walk.browser.evaluate("return document.querySelector('.number')?.innerText ?? ''")
    guard number.hasPrefix("A"), number.count == 4, touches > 0 else {
      throw BenchError("\(touches) touches led to a slip with the number \"\(number)\"")
    }
    return Figure(
      "touches from idle to the slip of \(number)", "\(touches)", goal: "≤ 5", reference: "counted by the page",
      isMet: touches <= 5)
  }

  // MARK: Row 14

  /// When the masked name was drawn: the frame after it had come into the page. Wall clock, because the page has no other in common with us.
  static let watchForName = """
    window.namedAt = 0;
    const look = () => {
      if (namedAt || !document.getElementById("heading").innerText.includes("*")) return;
      namedAt = -1;
      requestAnimationFrame(() => setTimeout(() => (namedAt = performance.timeOrigin + performance.now())));
    };
    new MutationObserver(look).observe(document.getElementById("heading"), { childList: true, characterData: true, subtree: true });
    """

  /// From the moment when the card lies there to the frame with the masked name, less the reader's own time; in microseconds.
  static func cardToScreen(_ centre: VisitCentre, count: Int) throws -> Samples {
    Report.progress("\(count) cards at the terminal's page")
    let walk = try KioskWalk(centre)
    defer { walk.browser.quit() }
    var random = SeededRandom(seed: 16)
    var beyond = Samples()
    for index in 0..<count {
      try walk.touch(toService + [(key: "card", screen: "card-consent"), (key: "agree", screen: "card")])
      try walk.browser.run(watchForName)
      usleep(500_000 + random.below(400_000))
      let wall = Double(WallTime.now().microsecondsSince1970)
      _ = centre.reader.put(seed: UInt64(index + 100))
      try walk.browser.wait("the masked name is drawn", for: "namedAt > 0")
      let named: Double = try walk.browser.evaluate("return namedAt * 1000")
      beyond.add(named - wall - (try centre.reader.reading()).reduce(0) { $0 + $1.length })
      centre.reader.take()
      try walk.browser.open("http://127.0.0.1:\(centre.hall)/kiosk/hall")
      try walk.expect("idle")
    }
    return beyond
  }
}
