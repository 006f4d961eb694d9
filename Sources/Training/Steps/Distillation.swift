internal import Autodiff

/// The part of the loss that pulls embeddings of pictures towards those of a teacher.
///
///     weight * (mean over the batch's pairs of 1 - cos(teacher, student))
///
/// The student's embedding is interpolated to the teacher's width. As Chinese-CLIP has it (its
/// train.py, `get_loss`), but over all pairs of the batch, once.
package struct Distillation: Equatable, Sendable {
  package let weight: Float
  /// The width of the teacher's embeddings.
  package let teacherWidth: Int

  package init(weight: Float, teacherWidth: Int) {
    self.weight = weight
    self.teacherWidth = teacherWidth
  }

  /// Declares the input `teacher`, [pairs, teacherWidth].
  ///
  /// - Parameter student: [pairs, width] of unit rows. - Returns: the mean distance, [1].
  func distance(of student: Tensor, in graph: Graph) -> Tensor {
    let teacher = graph.input("teacher", [student.shape[0], Extent(teacherWidth)])
    return student.interpolated(toWidth: teacherWidth).cosineDistance(to: teacher)
  }
}
