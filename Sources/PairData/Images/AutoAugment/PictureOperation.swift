/// What AutoAugment does to an RGB picture, its size kept; each gives Pillow's pixels.
enum PictureOperation: Hashable, Sendable {
  /// Turned counter-clockwise about the centre.
  case rotate(degrees: Double)
  /// Rows moved left by `factor` times their distance from the top.
  case shearX(factor: Double)
  /// Only so many upper bits of a level stay.
  case posterize(keptBits: Int)
  /// Levels from the threshold on are inverted.
  case solarize(threshold: Int)
  case invert
  /// Each channel stretched to 0 ... 255.
  case autoContrast
  /// Each channel's histogram made as even as its levels allow.
  case equalize
  /// Away from grey by a factor above 1, towards it by one below.
  case color(factor: Float)
  /// Away from the mean grey.
  case contrast(factor: Float)
  /// Away from the smoothed picture.
  case sharpness(factor: Float)

  func applied(to image: DecodedImage) -> DecodedImage {
    precondition(image.mode == .rgb, "\(self) of a picture of \(image.mode)")
    switch self {
    case .rotate(let degrees):
      return image.resampled(
        by: .rotation(degrees: degrees, width: image.width, height: image.height))
    case .shearX(let factor): return image.resampled(by: .shear(factor))
    case .posterize(let bits): return image.mapped(by: LevelTable.posterized(keptBits: bits))
    case .solarize(let threshold):
      return image.mapped(by: LevelTable.solarized(threshold: threshold))
    case .invert: return image.mapped(by: LevelTable.inverted)
    case .autoContrast: return image.mapped(by: image.histograms.map(LevelTable.stretched))
    case .equalize: return image.mapped(by: image.histograms.map(LevelTable.equalized))
    case .color(let factor): return image.moved(awayFrom: image.grey, factor: factor)
    case .contrast(let factor): return image.moved(awayFrom: image.meanGrey, factor: factor)
    case .sharpness(let factor): return image.moved(awayFrom: image.smoothed, factor: factor)
    }
  }
}
