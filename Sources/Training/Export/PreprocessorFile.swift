internal import Models
internal import PairData

extension ModelDescription {
  /// `preprocessor_config.json`, as transformers and its relatives read it: every key is written,
  /// as their defaults differ.
  var preprocessorFile: JSONText {
    let side = JSONText.integer(configuration.image.imageSize)
    let size = JSONText.object([("height", side), ("width", side)])
    return .object([
      ("image_processor_type", .text("ChineseCLIPImageProcessor")),
      ("do_convert_rgb", .boolean(true)), ("do_resize", .boolean(true)), ("size", size),
      // Pillow's number for bicubic.
      ("resample", .integer(3)), ("do_center_crop", .boolean(false)), ("crop_size", size),
      ("do_rescale", .boolean(true)), ("rescale_factor", .number(1 / 255)),
      ("do_normalize", .boolean(true)),
      ("image_mean", .array(normalization.mean.map { .single($0) })),
      ("image_std", .array(normalization.deviation.map { .single($0) })),
    ])
  }
}
