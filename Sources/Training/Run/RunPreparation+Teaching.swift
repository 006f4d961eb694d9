internal import Autodiff
internal import CPUDevice
internal import Models
internal import PairData

extension RunPreparation {
  /// The teacher that a recipe names.
  static func teacher(
    _ recipe: Recipe, of student: ModelDescription, on device: CPUDevice, prober: String?
  ) throws(ModelError) -> Teacher? {
    guard let distillation = recipe.objective.distillation else { return nil }
    return try Teacher(
      distillation.teacher, of: student, on: device,
      imagesPerChunk: min(recipe.batch.imagesPerChunk, recipe.batch.pairs), prober: prober)
  }

  static func distillation(_ recipe: Recipe, _ teacher: Teacher?) -> Distillation? {
    guard let distillation = recipe.objective.distillation, let teacher else { return nil }
    return Distillation(weight: distillation.weight, teacherWidth: teacher.embedder.width)
  }

  /// Masks and a teacher are for an image tower that learns: what is locked gets nothing from a
  /// teacher, and from masks nothing but noise in embeddings that are otherwise computed once.
  static func requireTrainedImage(_ recipe: Recipe, isLocked: Bool) throws(ModelError) {
    guard isLocked else {
      guard recipe.data.viewCount != nil else { return }
      throw .mismatch(
        found: "`data.views` is given, and the image tower is trained",
        expected: "Only what a locked tower makes of a view stays the same from step to step",
        advice: "Remove the key, or lock the image tower with \"image/**: locked\".")
    }
    let teaching = [
      ("model.image_mask_ratio", recipe.model.imageMaskRatio > 0),
      ("objective.distillation", recipe.objective.distillation != nil),
    ]
    for (key, isOn) in teaching where isOn {
      throw .mismatch(
        found: "`\(key)` is given, and every parameter of the image tower is locked",
        expected: "An image tower that is trained was expected; a locked one cannot learn from it",
        advice: "Remove the key, or add a rule such as \"image/**: trained\" to `model.train`.")
    }
  }

  /// The patches that stay of a picture; nothing where no ratio is given.
  static func keptPatches(
    _ ratio: Double, of image: ImageTower.Configuration
  ) throws(ModelError) -> KeptPatches? {
    guard ratio > 0 else { return nil }
    guard case .visionTransformer(let tower) = image else {
      throw .mismatch(
        found: "`model.image_mask_ratio` is \(PlainNumber.text(ratio)), the image tower a residual "
          + "network",
        expected: "Only a vision transformer has patches that can be left out",
        advice: "Remove the key.")
    }
    let kept = tower.keptPatchCount(maskRatio: ratio)
    guard kept > 0 else {
      throw .mismatch(
        found: "`model.image_mask_ratio` is \(PlainNumber.text(ratio)), which leaves none of a "
          + "picture's \(tower.patchCount) patches",
        expected: "At least one has to stay", advice: "Lower the ratio.")
    }
    return KeptPatches(kept, of: tower.patchCount)
  }

  /// Whether the teacher's features are computed once, before the first step: pictures that never
  /// change need no more.
  var keepsTeacherFeatures: Bool { teacher != nil && recipe.data.augmentation == .none }

  /// What a teacher takes: its tower's parameters, and a chunk's activations.
  var teacherBytes: Int {
    teacher.map { $0.parameterBytes + $0.embedder.plan.arenaByteCount } ?? 0
  }
}
