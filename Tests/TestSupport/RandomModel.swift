public import Autodiff

/// A random piece of model code with its gradient: what plans are tested with.
///
/// Values have several readers, are added to older ones, replaced in place, seen through views,
/// computed in segments, and some are never read. The same seed gives the same graph.
public struct RandomModel {
  public let graph = Graph()
  public private(set) var outputs: [(name: String, tensor: Tensor)] = []
  public private(set) var gradients: [(parameter: Parameter, tensor: Tensor)] = []
  public private(set) var gradientStart = 0
  public private(set) var trained: [Parameter] = []
  public private(set) var locked: [Parameter] = []

  /// How many rows there are and how wide they get; the layout is packed.
  public enum Scale: Sendable {
    /// Eleven rows, odd widths.
    case small
    /// Rows for several blocks, widths that whole vectors fill.
    case large
  }

  /// Of the five sequences.
  public let lengths: [Int32]
  public let sizes: AxisSizes
  private let widths: [Int]

  private var generator: SeededGenerator
  private let layout: TokenLayout
  /// Values of [tokens, width], oldest first.
  private var rows: [Tensor] = []
  private var parameterCount = 0

  public init(seed: UInt64, steps: Int = 24, scale: Scale = .small) {
    let lengths: [Int32] = scale == .small ? [3, 1, 4, 2, 1] : [70, 1, 129, 33, 64]
    self.lengths = lengths
    sizes = [.tokens: lengths.reduce(0) { $0 + Int($1) }, .sequences: lengths.count]
    widths = scale == .small ? [4, 6, 12] : [16, 32, 80]
    generator = SeededGenerator(seed: seed)
    layout = TokenLayout.packed(in: graph)
    for width in widths {
      rows.append(graph.input("x\(width)", [layout.rows, Extent(width)]))
    }
    var step = 0
    while step < steps {
      if Bool.random(using: &generator) {
        let count = Int.random(in: 1...6, using: &generator)
        graph.segment { for _ in 0..<count { append() } }
        step += count
      } else {
        append()
        step += 1
      }
    }
    close()
  }

  /// Input values, the same for every plan of the model; the upstream gradient belongs to stage 1.
  public func setInputs(of program: some ExecutableProgram, in plan: Plan, stage: Int) {
    for input in plan.inputs
    where plan.needs(input.id) && (input.name == "upstream") == (stage == 1) {
      switch input.name {
      case "lengths": program.set(input.name, to: lengths)
      case "starts":
        program.set(
          input.name,
          to: lengths.indices.map { lengths[..<$0].reduce(0, +) })
      default:
        var values = SeededGenerator(seed: 3, label: input.name)
        let count = plan[input.id].shape.elementCount(sizes)
        program.set(input.name, to: values.floats(count))
      }
    }
  }

  public func setParameters(_ parameters: some ParameterStorage) {
    for parameter in trained + locked {
      var values = SeededGenerator(seed: 5, label: parameter.path)
      parameters.setValues(
        values.floats(parameter.elementCount, in: -0.5...0.5), of: parameter.path)
    }
  }

  public func plan(
    placement: Plan.PlacementPolicy, recomputation: RecomputationPolicy = .none
  ) -> Plan {
    Plan(
      graph, outputs: outputs, gradients: gradients, gradientStart: gradientStart,
      capacities: sizes, recomputation: recomputation, placement: placement)
  }

  private mutating func parameter(_ sizes: [Int]) -> Tensor {
    let parameter = Parameter(path: "p\(parameterCount)", sizes: sizes, initializer: .zeros)
    parameterCount += 1
    if Int.random(in: 0..<4, using: &generator) == 0 {
      locked.append(parameter)
    } else {
      trained.append(parameter)
    }
    return graph[parameter]
  }

  private var longest: Int { Int(lengths.max() ?? 0) + 1 }

  private mutating func anyRows() -> Tensor {
    // The newest few are preferred, so that chains form; older ones get second readers.
    let newest = Bool.random(using: &generator)
    let range = newest ? max(0, rows.count - 2)..<rows.count : 0..<rows.count
    return rows[Int.random(in: range, using: &generator)]
  }

  private mutating func rowsLike(_ x: Tensor) -> Tensor {
    let alike = rows.filter { $0.shape == x.shape }
    return alike[Int.random(in: alike.indices, using: &generator)]
  }

  private mutating func append() {
    let x = anyRows()
    let width = x.shape.last.fixed ?? 1
    switch Int.random(in: 0..<17, using: &generator) {
    case 0: rows.append(x + rowsLike(x))
    case 1: rows.append((x * rowsLike(x)).l2Normalized)
    case 2: rows.append(x.gelu)
    case 3: rows.append(x.quickGELU)
    case 4: rows.append(x.l2Normalized.exponential)
    case 5: rows.append(x.dropout(0.25))
    case 6: rows.append(x.addingRow(parameter([width])))
    case 7:
      // A row of a table, seen as a vector: views of parameters.
      rows.append(x.addingRow(parameter([3, width]).rows(1..<2).reshaped([Extent(width)])))
    case 8: rows.append(x.addingPositions(parameter([longest, width]), layout: layout))
    case 9:
      rows.append(
        x.layerNormalized(
          scale: parameter([width]), shift: parameter([width]), epsilon: 1e-5))
    case 10, 11:
      let target = widths.randomElement(using: &generator) ?? width
      let y = x.affineMap(weight: parameter([target, width]), bias: parameter([target]))
      rows.append(y)
    case 12:
      rows.append(
        x.attention(
          keys: rowsLike(x), values: rowsLike(x), headCount: 2, layout: layout, dropout: 0.1))
    case 13: rows.append(x.relu)
    case 14:
      rows.append(
        x.batchNormalized(
          scale: parameter([width]), shift: parameter([width]), epsilon: 1e-5
        ).rows)
    case 15:
      let variance = parameter([width])
      rows.append(
        x.normalized(
          mean: parameter([width]), variance: variance * variance, scale: parameter([width]),
          shift: parameter([width]), epsilon: 1e-1))
    default:
      // A view of a view, changed behind it, and seen in the first shape again.
      let narrow: Shape = [layout.rows * 2, Extent(width / 2)]
      rows.append(x.reshaped(narrow).gelu.reshaped(x.shape))
    }
  }

  /// Ends in a loss over first tokens; differentiates it.
  private mutating func close() {
    let pooled = rows.suffix(3).map { $0.firstTokens(layout: layout) }
    let last = pooled.map { tensor in
      tensor.affineMap(weight: parameter([4, tensor.shape.last.fixed ?? 1])).l2Normalized
    }
    let result = last.dropFirst().reduce(last[0]) { $0 + $1 }
    outputs = [("result", result)]
    for _ in 0..<2 { outputs.append(("value \(outputs.count)", anyRows())) }
    let upstream = graph.input("upstream", result.shape)
    gradientStart = graph.nodes.count
    let targets = graph.gradients(
      of: result, upstream: upstream, withRespectTo: trained.map { graph[$0] })
    for (parameter, gradient) in zip(trained, targets) {
      if let gradient { gradients.append((parameter, gradient)) }
    }
  }
}
