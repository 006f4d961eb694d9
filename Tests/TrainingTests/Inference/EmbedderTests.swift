import Autodiff
import Models
import TestSupport
import Testing

@testable import CPUDevice
@testable import Training

@Suite struct EmbedderTests {
  private static let pairs = MiniaturePairs(count: 70)

  private func embedder(_ products: ProductFormat, tokensPerChunk: Int = 2_048) throws -> Embedder {
    let model = DualEncoder(MiniatureModel.configuration)
    let device = CPUDevice(threadCount: 2, products: products)
    let parameters = device.makeParameters(
      ParameterLayout(trained: [], locked: model.parameters))
    MiniatureModel.setValues(of: parameters)
    return try Embedder(
      model, on: device, parameters: parameters, imagesPerChunk: 33,
      tokensPerChunk: tokensPerChunk)
  }

  private func images(_ rows: Range<Int>, with embedder: Embedder) -> [Float] {
    embedder.embedImages(count: rows.count) { part, target in
      let pixels = part.flatMap { Self.pairs.pictures[rows.lowerBound + $0] }
      _ = target.update(from: pixels)
    }
  }

  /// To the bit where products are over packed weights; OpenBLAS promises less.
  private func expectEqual(_ alone: ArraySlice<Float>, _ among: ArraySlice<Float>) {
    if PanelProduct.isFast {
      let isSame = alone.map(\.bitPattern) == among.map(\.bitPattern)
      #expect(isSame)
    } else {
      #expect(zip(alone, among).allSatisfy { abs($0 - $1) < 1e-6 })
    }
  }

  @Test(arguments: ProductFormat.allCases)
  func `a text's embedding does not depend on the texts beside it`(
    products: ProductFormat
  ) throws {
    let embedder = try embedder(products)
    let (captions, width) = (Self.pairs.captions, embedder.width)
    let all = embedder.embedTexts(captions)
    for row in [0, 1, 35, 69] {
      let alone = embedder.embedTexts([captions[row]])
      expectEqual(alone[...], all[row * width..<(row + 1) * width])
    }
    // Chunks of a few texts each, and another order.
    let small = try self.embedder(products, tokensPerChunk: 16)
    expectEqual(small.embedTexts(captions)[...], all[...])
    let backwards = embedder.embedTexts(captions.reversed())
    expectEqual(backwards.suffix(width), all.prefix(width))
  }

  @Test(arguments: ProductFormat.allCases)
  func `a picture's embedding does not depend on the pictures beside it`(
    products: ProductFormat
  ) throws {
    let embedder = try embedder(products)
    let width = embedder.width
    let all = images(0..<70, with: embedder)
    for rows in [0..<1, 32..<34, 68..<70] {
      expectEqual(
        images(rows, with: embedder)[...],
        all[rows.lowerBound * width..<rows.upperBound * width])
    }
  }
}
