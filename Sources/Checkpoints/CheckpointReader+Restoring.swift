internal import Synchronization

/// Where a tensor of a checkpoint is wanted.
public struct TensorPlace {
  public let path: String
  public let section: CheckpointSection
  public let sizes: [Int]
  let target: UnsafeMutableBufferPointer<Float>

  /// - Parameter target: memory of just the tensor's size, which nobody else uses meanwhile.
  public init(
    _ path: String, in section: CheckpointSection, sizes: [Int],
    target: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(target.count == sizes.reduce(1, *), "\(path): a target of another size")
    (self.path, self.section, self.sizes, self.target) = (path, section, sizes, target)
  }
}

extension CheckpointReader {
  /// A tensor that adds to a digest.
  private final class Link {
    let place: TensorPlace
    /// Locked while someone reads it.
    let isRead = Mutex(false)

    init(_ place: TensorPlace) { self.place = place }

    /// What the digest calls it.
    var name: String {
      place.section == .parameters ? place.path : "\(place.section.rawValue)/\(place.path)"
    }
  }

  /// What can be done at the same time: a digest is one long sum, so there are two of them, and
  /// who has no sum left reads for the longer one.
  private enum Task: Int, CaseIterable {
    case parameters, optimizer, readingAhead
  }

  /// Fills memory with all tensors and compares both digests over what is there then: after a
  /// return the file was whole, and each of its bytes was read once.
  ///
  /// - Parameters:
  ///   - places: one for each tensor of the file, in any order.
  ///   - run: calls what it is given with all numbers below the given one, in any order, several
  ///     at a time where it can.
  /// - Throws: what is wrong; the memory has any values then.
  public func restore(
    _ places: [TensorPlace], on run: (Int, (Int) -> Void) -> Void
  ) throws(CheckpointError) {
    let parameters = try chain(of: places, [.parameters])
    let optimizer = try chain(of: places, [.firstMoments, .secondMoments, .weights])
    let findings = Mutex<[Task: CheckpointError]>([:])
    run(Task.allCases.count) { number in
      guard let task = Task(rawValue: number) else { return }
      do throws(CheckpointError) {
        switch task {
        case .parameters:
          guard try digest(parameters) == sha256 else {
            throw damaged("parameters", "they differ from `sha256`")
          }
        case .optimizer:
          guard try digest(optimizer) == optimizerSHA256 else {
            throw damaged("optimizer", "its tensors differ from `optimizer_sha256`")
          }
        case .readingAhead: readFromTheEnd(optimizer)
        }
      } catch {
        findings.withLock { $0[task] = error }
      }
    }
    if let finding = findings.withLock({ $0[.parameters] ?? $0[.optimizer] }) { throw finding }
  }

  /// The tensors of a digest in its order.
  private func chain(
    of places: [TensorPlace], _ sections: [CheckpointSection]
  ) throws(CheckpointError) -> [Link] {
    var links: [Link] = []
    for section in sections {
      let members = places.filter { $0.section == section }
        .sorted { CheckpointFormat.ordered($0.path, $1.path) }
      try requirePaths(members.map(\.path), in: section) { _ in }
      links += members.map(Link.init)
    }
    return links
  }

  /// Reads what nobody has read yet. - Returns: the digest over all.
  private func digest(_ chain: [Link]) throws(CheckpointError) -> String {
    var digest = CheckpointDigest()
    for link in chain {
      digest.begin(link.name, sizes: link.place.sizes)
      let wasRead = try link.isRead.withLock { (isRead) throws(CheckpointError) in
        if isRead { return true }
        // Added while the caches still have it.
        try read(link.place) { digest.append($0) }
        isRead = true
        return false
      }
      if wasRead { digest.append(UnsafeRawBufferPointer(link.place.target)) }
    }
    return digest.finish()
  }

  /// Reads the last tensors first, until someone has been there who comes from the front.
  private func readFromTheEnd(_ chain: [Link]) {
    for link in chain.reversed() {
      let isMine = link.isRead.withLockIfAvailable { isRead in
        if isRead { return false }
        do throws(CheckpointError) {
          try read(link.place) { _ in }
        } catch {
          // Who adds it up will find it too, and say so.
          return false
        }
        isRead = true
        return true
      }
      guard isMine == true else { return }
    }
  }

  private func read(
    _ place: TensorPlace, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(CheckpointError) {
    try read(place.path, in: place.section, sizes: place.sizes, into: place.target, body)
  }
}
