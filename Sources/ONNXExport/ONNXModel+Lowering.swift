public import Autodiff

extension ONNXModel {
  /// Lowers the part of a captured graph that these outputs need.
  ///
  /// Inputs keep their labels and order of capture; Int32 ids and masks become int64, as ONNX's
  /// consumers feed them. Axes become dynamic dimensions.
  ///
  /// - Parameters:
  ///   - graph: an encoder captured for inference: no dropout, equal or padded token layouts.
  ///   - name: the graph's name.
  ///   - outputs: names and values, in order.
  ///   - axisNames: what axes are called, where not by their own names.
  ///   - axisSizes: of axes that the model has no choice about.
  /// - Throws: ``ONNXError/notExportable(_:)`` with every reason at once.
  public init(
    graph: Graph, name: String, outputs: [(name: String, tensor: Tensor)],
    operatorSet: ONNXOperatorSet = .v17, axisNames: [(axis: Axis, name: String)] = [],
    axisSizes: [(axis: Axis, size: Int)] = [], metadata: [Metadata] = []
  ) throws(ONNXError) {
    self.init(name: name, operatorSet: operatorSet, metadata: metadata)
    let lowering = Lowering(
      graph, operatorSet: operatorSet,
      axes: axisSizes.map { ($0.axis, .fixed($0.size)) }
        + axisNames.map { ($0.axis, .named($0.name)) })
    try lowering.lower(outputs: outputs)
    inputs = lowering.inputs
    nodes = lowering.nodes
    initializers = lowering.initializers
    self.outputs = outputs.map { output in
      ONNXValue(
        name: output.name, elementType: .float32,
        dimensions: lowering.dimensions(of: output.tensor.shape))
    }
  }
}

extension Lowering {
  /// Lowers what the outputs need, in capture order, and gives them their names.
  func lower(outputs: [(name: String, tensor: Tensor)]) throws(ONNXError) {
    var outputNames: [ValueID: String] = [:]
    for output in outputs where outputNames[output.tensor.id] == nil {
      outputNames[output.tensor.id] = output.name
    }
    var reasons: [String] = []
    let isNeeded = neededNodes(for: outputs.map(\.tensor.id))
    for (index, node) in graph.nodes.enumerated() where isNeeded[index] {
      let id = ValueID(node: index, result: 0)
      let output = outputNames[id] ?? "\(node.operation.name.lowercased())_\(index)"
      do {
        set(id, to: try lower(node, output: output))
      } catch .notExportable(let found) {
        for reason in found where !reasons.contains(reason) { reasons.append(reason) }
        set(id, to: .named(output))
      } catch {
        throw error
      }
    }
    guard reasons.isEmpty else { throw .notExportable(reasons) }
    for output in outputs {
      let name = try name(of: output.tensor.id)
      // Inputs, parameters, views and values asked for twice have another name.
      if name != output.name { append("Identity", [name], output: output.name) }
    }
  }

  private func lower(_ node: Graph.Node, output: String) throws(ONNXError) -> LoweredValue {
    if node.inputs.contains(where: { $0.result > 0 }) {
      throw .notExportable(["\(node.operation.name) reads what is kept for a gradient only"])
    }
    guard let operation = node.operation as? any ONNXLowerable else {
      throw .notExportable([InferenceRule.reason(against: node.operation)])
    }
    let lowering = LoweringNode(
      inputs: node.inputs, inputShapes: node.inputs.map { graph.shape(of: $0) },
      shape: node.shapes[0], output: output)
    return try operation.lowered(lowering, in: self)
  }

  private func neededNodes(for outputs: [ValueID]) -> [Bool] {
    var isNeeded = [Bool](repeating: false, count: graph.nodes.count)
    for output in outputs { isNeeded[output.node] = true }
    for index in graph.nodes.indices.reversed() where isNeeded[index] {
      for input in graph.nodes[index].inputs { isNeeded[input.node] = true }
    }
    return isNeeded
  }
}

extension Graph {
  func shape(of id: ValueID) -> Shape { nodes[id.node].shapes[id.result] }
}
