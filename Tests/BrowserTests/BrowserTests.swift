import Testing

/// The pages in a real browser, against the real program and its simulated bus. One after another: each test holds a Chromium.
@Suite(.serialized) enum BrowserTests {}
