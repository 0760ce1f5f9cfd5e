import Foundation
import Testing

/// What axe-core finds in a page (Tools/setup installs it), and a picture of it in `.test-output/pages`.
enum Accessibility {
  private static let root = URL(fileURLWithPath: HallRig.webRoot).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// - Throws: where axe-core is missing: a page that nobody looked at is no success.
  private static func script() throws -> String {
    let folder = root.appendingPathComponent(".venv/lib")
    let pythons = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    let files = pythons.map { folder.appendingPathComponent("\($0)/site-packages/axe_playwright_python/axe.min.js").path }
    guard let file = files.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
      throw BrowserError("axe-core is missing: Tools/setup test")
    }
    return try String(contentsOfFile: file, encoding: .utf8)
  }

  static func check(_ browser: Browser, _ page: String) async throws {
    try await picture(browser, page)
    if try await browser.evaluate("return !window.axe", as: Bool.self) { try await browser.run(try script()) }
    // All that it knows but what is an experiment; text may be smaller elsewhere than in the hall, but never weak.
    let run = """
      const options = { resultTypes: ["violations"],
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
      const said = await axe.run(document, options);
      return said.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")} ${node.html.slice(0, 90)}`));
      """
    let found = try await browser.evaluate("return (async () => { \(run) })()", as: [String].self)
    #expect(found == [], "\(page)")
  }

  private static func picture(_ browser: Browser, _ page: String) async throws {
    let folder = root.appendingPathComponent(".test-output/pages")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try await browser.picture().write(to: folder.appendingPathComponent(page.replacing(/[^A-Za-z0-9-]+/, with: "-") + ".png"))
  }
}
