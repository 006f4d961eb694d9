import Testing

@testable import Training

@Suite struct LearningRateScheduleTests {
  private func rates(_ shape: LearningRateSchedule.Shape, warmup: Int, total: Int) -> [Float] {
    let schedule = LearningRateSchedule(
      shape: shape, base: 0.5, warmupSteps: warmup, totalSteps: total)
    return (0..<total).map(schedule.rate)
  }

  @Test func `a warmup rises to the base in equal steps`() {
    #expect(rates(.constant, warmup: 4, total: 6) == [0.125, 0.25, 0.375, 0.5, 0.5, 0.5])
  }

  @Test func `a line falls to nothing`() {
    #expect(rates(.linear, warmup: 0, total: 4) == [0.5, 0.375, 0.25, 0.125])
    #expect(rates(.linear, warmup: 2, total: 4) == [0.25, 0.5, 0.5, 0.25])
  }

  @Test func `a cosine falls to its floor`() {
    let schedule = LearningRateSchedule(
      shape: .cosine(floor: 0.1), base: 0.5, warmupSteps: 2, totalSteps: 10)
    // 0.1 + 0.2 * (1 + cos(pi * (s - 2) / 8)), from Python's math.
    let expected: [Float] = [
      0.25, 0.5, 0.5, 0.48477590650225737, 0.44142135623730954, 0.37653668647301796, 0.3,
      0.22346331352698207, 0.1585786437626905, 0.11522409349774268,
    ]
    for (step, rate) in expected.enumerated() {
      #expect(abs(schedule.rate(step: step) - rate) < 1e-7, "step \(step)")
    }
    #expect(schedule.rate(step: 10) == 0.1)
    #expect(schedule.rate(step: 1_000_000) == 0.1)
  }

  @Test func `a warmup as long as the run stays finite`() {
    #expect(rates(.cosine(floor: 0), warmup: 3, total: 3).last == 0.5)
    let schedule = LearningRateSchedule(shape: .linear, base: 1, warmupSteps: 9, totalSteps: 3)
    #expect(schedule.rate(step: 20).isFinite)
  }

  @Test func `a recipe's durations become steps`() throws {
    let recipe = try RecipeExamples.decode(RecipeExamples.tuning)
    let schedule = LearningRateSchedule(recipe.optimizer, stepsPerEpoch: 100, totalSteps: 300)
    #expect(schedule.warmupSteps == 9)
    #expect(schedule.shape == .cosine(floor: 0))
    #expect(schedule.rate(step: 8) == 5e-5)
  }
}
