import DeviceVocabulary
import Testing

@testable import Station

extension BrowserTests {
  /// A dialog of the operator's console claims nothing that is so no longer, and nobody signs or overwrites what he has not seen.
  @Suite struct WallSeenTests {
    @Test func whileVisitorsAreHereThePageDoesNotNameWhoHasSigned() async throws {
      var view = WallPicture.view(3, 3)
      view.shift = WallShift(from: "王小明", to: "李建国", post: "wall")
      try await WallPictureRig.run(view) { rig in
        try await rig.startDuty()
        let page = "document.documentElement.textContent"
        try await rig.browser.wait("it names them", for: "\(page).includes('李建国')")
        rig.change { view, _ in view.hasVisitors = true }
        try await rig.browser.wait("it does not any more", for: "!\(page).includes('李建国') && !\(page).includes('王小明')")
        rig.change { view, _ in view.hasVisitors = false }
        try await rig.browser.wait("it names them again", for: "\(page).includes('李建国')")
      }
    }
  }
}
