package import Autodiff
package import CPUDevice
package import Models

/// An image tower in inference, chunk by chunk.
package final class ImageEmbedder {
  /// What it gives of a picture.
  package enum Output {
    /// The tower's features, of any length.
    case features
    /// Their direction, which is the embedding.
    case unitVectors
  }

  /// Of a picture's embedding.
  package let width: Int
  let imagesPerChunk: Int
  private let pixelCount: Int
  private let program: CPUProgram

  package init(
    _ model: DualEncoder, _ output: Output = .unitVectors, on device: CPUDevice,
    parameters: CPUParameters, imagesPerChunk: Int
  ) throws(DeviceError) {
    width = model.configuration.embeddingWidth
    pixelCount = model.configuration.image.pixelCount
    self.imagesPerChunk = imagesPerChunk
    let plan =
      switch output {
      case .features: EncoderPlans.imageFeatures(model, imagesPerChunk: imagesPerChunk)
      case .unitVectors:
        EncoderPlans.image(model, imagesPerChunk: imagesPerChunk, trained: [])
      }
    program = try device.compile(plan, parameters: parameters)
  }

  var plan: Plan { program.plan }

  /// - Parameters:
  ///   - write: writes the normalized pixels of some pictures, [range, 3, size, size].
  ///   - embeddings: [count, width].
  func embed(
    count: Int, _ write: (Range<Int>, UnsafeMutableBufferPointer<Float>) -> Void,
    into embeddings: UnsafeMutableBufferPointer<Float>
  ) {
    for start in stride(from: 0, to: count, by: imagesPerChunk) {
      let rows = start..<min(start + imagesPerChunk, count)
      program.withInput("pixels", count: rows.count * pixelCount) { write(rows, $0) }
      program.run(stage: 0, sizes: [.images: rows.count], randomKey: 0)
      program.withValues(of: EncoderPlans.embeddings) { values in
        let elements = rows.lowerBound * width..<rows.upperBound * width
        _ = UnsafeMutableBufferPointer(rebasing: embeddings[elements])
          .update(fromContentsOf: values)
      }
    }
  }

  /// - Parameter write: writes the normalized pixels of some pictures, [range, 3, size, size].
  /// - Returns: [count, width].
  package func embed(
    count: Int, _ write: (Range<Int>, UnsafeMutableBufferPointer<Float>) -> Void
  ) -> [Float] {
    [Float](unsafeUninitializedCapacity: count * width) { buffer, initializedCount in
      buffer.initialize(repeating: 0)
      embed(count: count, write, into: buffer)
      initializedCount = buffer.count
    }
  }

  /// Reports the time of every operation from now on.
  func profile(_ report: @escaping (StepTiming) -> Void) { program.profile = report }
}
