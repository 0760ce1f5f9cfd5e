/// A server of pages that only the staff may see, whose files everybody may have.
protocol StaffRoutes: Routes {
  var files: WebFiles { get }
  var staff: PageGuard { get }
  /// Names the addresses that there are.
  func notFound(_ request: HTTPRequest) -> HTTPReply
}

extension StaffRoutes {
  func refusedForeign() { staff.refusedForeign() }

  /// What only the staff may see.
  func look(_ request: HTTPRequest, _ body: () -> RouteResult) -> RouteResult {
    get(request) { staff.look(request, body) }
  }

  func file(_ name: String, _ request: HTTPRequest) -> RouteResult { .reply(files[name] ?? notFound(request)) }
}
