import Foundation
import TestSupport
import Testing

/// `linli staff`, as whoever is in charge of the accounts uses it.
@Suite struct StaffProgramTests {
  @Test func accountsAreAddedListedAndDisabled() throws {
    let shell = try Shell(panels: 1)
    let site = "\(shell.folder)/site.yaml"
    func staff(_ words: String, pin: String = "739164") throws -> (code: Int32, text: String) {
      try shell.run(["-c", "echo \(pin) | \(Shell.linli) staff \(words) 2>&1"], program: "/bin/sh")
    }
    #expect(try staff("list \(site)").text.contains("还没有账号"))
    #expect(try staff("add \(site) c07 --role clerk --post lead --until 2026-12-31").code == 0)
    #expect(try staff("add \(site) d01 --role duty --role inspector").code == 0)
    let listed = try staff("list \(site)").text
    #expect(listed.contains("c07  clerk  lead  至 / until 2026-12-31\n"), "\(listed)")
    #expect(listed.contains("d01  duty,inspector  全部岗位 / all posts\n"), "\(listed)")
    // Neither a PIN nor what is kept of it.
    #expect(!listed.contains("739164") && listed.split(separator: "\n").allSatisfy { $0.count < 80 }, "\(listed)")
    #expect(try staff("disable \(site) c07").code == 0)
    #expect(try staff("list \(site)").text.contains("c07  clerk  lead  至 / until 2026-12-31  已停用 / disabled\n"))
    for (words, pin, said) in [
      ("add \(site) 张三 --role clerk", "739164", "编号"), ("add \(site) x1 --role boss", "739164", "accepted"),
      ("add \(site) x1 --role clerk --post moon", "739164", "no post"), ("add \(site) x1 --role clerk", "111111", "PIN"),
      ("disable \(site) x9", "739164", "linli staff list"),
    ] {
      let refused = try staff(words, pin: pin)
      #expect(refused.code != 0 && refused.text.contains(said), "\(words): \(refused.text)")
    }
    #expect(try staff("list \(site)").text.split(separator: "\n").count == 2, "nothing of what was refused is there")
  }
}
