import Autodiff
import Testing

@testable import Models

/// The five published sizes, counted without taking their memory.
@Suite struct PublishedSizeTests {
  /// A size, and how many numbers the original's classes have for it.
  struct Size: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let configuration: DualEncoder.Configuration
    let learned: Int
    let image: Int
    /// Entries of its checkpoints, and those of the image tower.
    let entries: Int
    let imageEntries: Int
  }

  static let sizes = [
    Size(
      testDescription: "RN50", configuration: .rn50, learned: 76_989_537, image: 38_316_896,
      entries: 394, imageEntries: 339),
    Size(
      testDescription: "ViT-B/16", configuration: .baseP16, learned: 188_262_913,
      image: 86_192_640, entries: 351, imageEntries: 152),
    Size(
      testDescription: "ViT-L/14", configuration: .largeP14, learned: 406_233_089,
      image: 303_966_208, entries: 495, imageEntries: 296),
    Size(
      testDescription: "ViT-L/14@336", configuration: .largeP14At336, learned: 406_560_769,
      image: 304_293_888, entries: 495, imageEntries: 296),
    Size(
      testDescription: "ViT-H/14", configuration: .hugeP14, learned: 957_598_209,
      image: 632_076_800, entries: 783, imageEntries: 392),
  ]

  @Test(arguments: sizes) func `it has as many parameters as the original`(size: Size) {
    let model = DualEncoder(size.configuration)
    func count(_ parameters: [Parameter]) -> Int {
      parameters.filter(\.isLearned).reduce(0) { $0 + $1.elementCount }
    }
    #expect(count(model.parameters) == size.learned)
    #expect(count(model.image.parameters) == size.image)
  }

  @Test(arguments: sizes) func `every parameter has its entry in the original's checkpoint`(
    size: Size
  ) {
    let model = DualEncoder(size.configuration)
    let entries = ChineseCLIP.entries(for: size.configuration)
    #expect(entries.map(\.path) == model.parameters.map(\.path))
    let keys = Set(entries.map(\.key))
    #expect(keys.count == size.entries)
    #expect(keys.filter { $0.hasPrefix("visual.") }.count == size.imageEntries)
  }

  @Test func `a residual tower has running statistics besides, one for each channel`() {
    let statistics = DualEncoder(.rn50).parameters.filter { !$0.isLearned }
    #expect(statistics.reduce(0) { $0 + $1.elementCount } == 53_303)
    #expect(statistics.allSatisfy { $0.path.hasPrefix("image/") })
  }

  @Test func `a residual tower starts as the original does`() throws {
    let parameters = Dictionary(
      uniqueKeysWithValues: DualEncoder(.rn50).parameters.map { ($0.path, $0.initializer) })
    func start(_ path: String) -> Initializer? { parameters["image/\(path)"] }
    #expect(start("stem/0/weight") == .uniform(bound: 1 / Float(27).squareRoot()))
    #expect(start("stem/2/norm/weight") == .ones)
    #expect(start("layers/3/2/expansion/norm/weight") == .zeros)
    #expect(start("layers/3/0/shortcut/norm/weight") == .ones)
    #expect(start("layers/0/0/convolution/norm/running_mean") == .zeros)
    #expect(start("layers/0/0/convolution/norm/running_variance") == .ones)
    #expect(start("pool/positions") == .normal(deviation: 1 / Float(2048).squareRoot()))
    #expect(start("pool/output/weight") == .normal(deviation: 1 / Float(2048).squareRoot()))
    #expect(start("pool/output/bias") == .uniform(bound: 1 / Float(2048).squareRoot()))
  }

  @Test func `the other library's table covers vision transformers alone`() async {
    #expect(HuggingFaceChineseCLIP.covers(.baseP16))
    #expect(!HuggingFaceChineseCLIP.covers(.rn50))
    await #expect(processExitsWith: .failure) {
      _ = HuggingFaceChineseCLIP.entries(for: .rn50)
    }
  }

  @Test func `nothing trains a running statistic`() async {
    await #expect(processExitsWith: .failure) {
      _ = ParameterLayout(trained: DualEncoder(.rn50).image.parameters, locked: [])
    }
  }
}
