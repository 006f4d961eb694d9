import Autodiff
import CPUDevice

@testable import Checkpoints
@testable import Training

extension LoadedModel {
  /// The tensors of a checkpoint, in arena order.
  var tensors: [CheckpointTensor] {
    parameters.layout.entries.map { entry in
      CheckpointTensor(
        path: entry.parameter.path, sizes: entry.parameter.sizes,
        values: UnsafeBufferPointer(parameters.storage(of: entry.parameter.path)))
    }
  }
}
