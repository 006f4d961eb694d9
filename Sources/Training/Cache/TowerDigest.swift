internal import Autodiff
internal import CPUDevice
internal import DurableFiles
internal import Models

/// The SHA-256 of a tower's weights as they are: paths, shapes and values, in their order.
///
/// All of a tower's bytes go through it, so it is made once for all keys of one tower.
struct TowerDigest: Equatable {
  let hexadecimal: String

  init(imageOf loaded: LoadedModel) {
    self.init(loaded.model.image.parameters, loaded.parameters)
  }

  init(textOf loaded: LoadedModel) {
    self.init(loaded.model.text.parameters, loaded.parameters)
  }

  private init(_ tower: [Parameter], _ parameters: CPUParameters) {
    var hash = SHA256()
    for parameter in tower {
      hash.update(Array("\(parameter.path) \(parameter.sizes)\n".utf8))
      hash.update(UnsafeRawBufferPointer(parameters.storage(of: parameter.path)))
    }
    hexadecimal = SHA256.hexadecimal(hash.finalize())
  }
}
