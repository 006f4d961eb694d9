internal import Glibc

/// What training changes of a picture each time it is seen.
public enum Augmentation: Hashable, Sendable {
  case none
  /// A random part of that share of the area, sides' ratio from 3/4 to 4/3, resized.
  case crop(minimumArea: Double, maximumArea: Double)
  /// Moved cyclically by up to so many pixels along each axis, after the resize.
  case roll(maximumPixels: Int)
  /// What Chinese-CLIP's recipes train with (`--use-augment`): a part of 0.9 to 1 of the area, left
  /// and right exchanged in half of the cases, then a sub-policy of AutoAugment.
  case chineseCLIP

  /// Whether the original picture is needed, not only the resized one.
  var needsOriginal: Bool {
    switch self {
    case .none, .roll: false
    case .crop, .chineseCLIP: true
    }
  }

  /// A picture of `size` pixels a side.
  ///
  /// - Parameter image: the original where `needsOriginal`, else the resized picture.
  func apply(
    to image: DecodedImage, size: Int, using random: inout some RandomNumberGenerator
  ) -> DecodedImage {
    switch self {
    case .none:
      return image.resized(to: size)
    case .roll(let maximum):
      let x = Int.random(in: -maximum...maximum, using: &random)
      let y = Int.random(in: -maximum...maximum, using: &random)
      return image.resized(to: size).rolled(x: x, y: y)
    case .crop(let minimum, let maximum):
      return Augmentation.randomCrop(
        of: image, area: minimum...maximum, using: &random
      ).resized(to: size)
    case .chineseCLIP:
      var seen = Augmentation.randomCrop(of: image, area: 0.9...1, using: &random)
        .resized(to: size)
      if Bool.random(using: &random) { seen = seen.mirrored() }
      return AutoAugmentPolicy.operations(using: &random).reduce(seen) { $1.applied(to: $0) }
    }
  }

  /// Ten tries for a part that fits, then the largest allowed part of the centre, as torchvision's
  /// RandomResizedCrop does.
  private static func randomCrop(
    of image: DecodedImage, area: ClosedRange<Double>,
    using random: inout some RandomNumberGenerator
  ) -> DecodedImage {
    let (width, height) = (Double(image.width), Double(image.height))
    let ratios = (3.0 / 4.0)...(4.0 / 3.0)
    for _ in 0..<10 {
      let target = width * height * Double.random(in: area, using: &random)
      let logarithm = Double.random(
        in: log(ratios.lowerBound)...log(ratios.upperBound), using: &random)
      let ratio = exp(logarithm)
      let partWidth = Int((target * ratio).squareRoot().rounded())
      let partHeight = Int((target / ratio).squareRoot().rounded())
      guard (1...image.width).contains(partWidth), (1...image.height).contains(partHeight) else {
        continue
      }
      let x = Int.random(in: 0...image.width - partWidth, using: &random)
      let y = Int.random(in: 0...image.height - partHeight, using: &random)
      return image.cropped(x: x, y: y, width: partWidth, height: partHeight)
    }
    let ratio = min(max(width / height, ratios.lowerBound), ratios.upperBound)
    let partWidth = max(1, min(image.width, Int((height * ratio).rounded())))
    let partHeight = max(1, min(image.height, Int((width / ratio).rounded())))
    return image.cropped(
      x: (image.width - partWidth) / 2, y: (image.height - partHeight) / 2, width: partWidth,
      height: partHeight)
  }
}
