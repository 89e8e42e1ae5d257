package io.adapt4j.core.internal.memory;

import io.adapt4j.core.internal.nn.linear.QuantizedSize;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.nn.weights.WeightSizes;
import io.adapt4j.core.internal.plan.Forecast;
import io.adapt4j.core.internal.plan.FullComparison;
import io.adapt4j.core.internal.plan.MemoryEstimate;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.plan.Advice;
import io.adapt4j.core.plan.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Suggests changes that make a run fit a device, the least invasive first: the same training in
 * smaller pieces, the same training slower, then different trainings.
 */
record Advisor(Device device) {

  private static final int RANK = 16;
  private static final int SHORTEST = 64;

  /**
   * Bytes per weight in NF4: half a byte, a one-byte scale per block of 64, and an fp32 scale per
   * 256 of those (Dettmers et al. 2023): 0.5 + 1/64 + 4/(64 256) = 0.516, plus room for padded
   * layouts.
   */
  private static final double NF4_BYTES = 0.53;

  private static final WeightSizes NF4 =
      (part, in) -> Optional.of(new QuantizedSize((long) (NF4_BYTES * part.width() * in), 0, 0));

  /** A hypothetical run: its planner, since the method can change, and its step shape. */
  private record Candidate(Planner planner, StepShape shape, String change) {

    Candidate with(StepShape changed, String what) {
      return new Candidate(planner, changed, change.isEmpty() ? what : change + ", " + what);
    }

    Candidate with(Planner other) {
      return new Candidate(other, shape, change);
    }
  }

  static Forecast forecast(Planner planner, StepShape shape, Device device) {
    MemoryEstimate memory = planner.estimate(shape, device.kind());
    Optional<FullComparison> full =
        planner.isPacked() ? Optional.of(planner.compared(shape, device.kind())) : Optional.empty();
    if (memory.peakBytes() <= device.bytes()) {
      return new Forecast(
          shape.rows(),
          shape.length(),
          shape.recompute(),
          device,
          memory,
          List.of(),
          Optional.empty(),
          full);
    }
    Advisor advisor = new Advisor(device);
    Candidate now = new Candidate(planner, shape, "");
    List<Advice> single = new ArrayList<>();
    for (Function<Candidate, Candidate> change : advisor.changes()) {
      Candidate changed = change.apply(now);
      if (advisor.bytes(changed) < memory.peakBytes()) {
        single.add(advisor.advice(changed));
      }
    }
    boolean oneIsEnough = single.stream().anyMatch(Advice::fits);
    return new Forecast(
        shape.rows(),
        shape.length(),
        shape.recompute(),
        device,
        memory,
        single,
        oneIsEnough ? Optional.empty() : advisor.together(now),
        full);
  }

  private List<Function<Candidate, Candidate>> changes() {
    return List.of(
        this::smallerBatch,
        Advisor::recomputed,
        Advisor::lowRank,
        this::shorter,
        Advisor::smallOptimizer,
        Advisor::quantized);
  }

  /** Combines changes until the run fits; empty if all of them together do not suffice. */
  private Optional<Advice> together(Candidate now) {
    Candidate at = now;
    for (Function<Candidate, Candidate> change : changes()) {
      Candidate changed = change.apply(at);
      at = bytes(changed) < bytes(at) ? changed : at;
      if (fits(at)) {
        return Optional.of(advice(at));
      }
    }
    return Optional.empty();
  }

  private long bytes(Candidate candidate) {
    return candidate.planner().estimate(candidate.shape(), device.kind()).peakBytes();
  }

  private boolean fits(Candidate candidate) {
    return bytes(candidate) <= device.bytes();
  }

  private Advice advice(Candidate candidate) {
    return new Advice(candidate.change(), bytes(candidate), fits(candidate));
  }

  /** Halves the micro-batch and doubles gradient accumulation until the run fits. */
  private Candidate smallerBatch(Candidate candidate) {
    StepShape shape = candidate.shape();
    while (shape.rows() > 1 && !fits(new Candidate(candidate.planner(), shape, ""))) {
      int rows = (shape.rows() + 1) / 2;
      int examples = candidate.shape().rows() * candidate.shape().accumulation();
      shape = shape.withBatch(rows, (examples + rows - 1) / rows);
    }
    return shape.equals(candidate.shape())
        ? candidate
        : candidate.with(
            shape,
            "batchSize("
                + shape.rows()
                + ") with gradientAccumulation("
                + shape.accumulation()
                + ")");
  }

  private static Candidate recomputed(Candidate candidate) {
    return candidate.shape().recompute()
        ? candidate
        : candidate.with(candidate.shape().withRecompute(true), "gradientCheckpointing(true)");
  }

  private static Candidate lowRank(Candidate candidate) {
    boolean adapter = !candidate.planner().trainableSummary().factors().isEmpty();
    return adapter
        ? candidate
        : candidate
            .with(candidate.shape(), "LoRA of rank " + RANK + " instead")
            .with(lowRank(candidate.planner()));
  }

  private static Planner lowRank(Planner planner) {
    return planner.with(TrainableSummary.lowRank(planner.network(), RANK), planner.packing());
  }

  /** Halves the maximum length until the run fits. */
  private Candidate shorter(Candidate candidate) {
    StepShape shape = candidate.shape();
    while (shape.length() > SHORTEST && !fits(new Candidate(candidate.planner(), shape, ""))) {
      shape = shape.withLength(Math.max(SHORTEST, shape.length() / 2));
    }
    return shape.equals(candidate.shape())
        ? candidate
        : candidate.with(shape, "maxLength(" + shape.length() + ")");
  }

  private static Candidate smallOptimizer(Candidate candidate) {
    return candidate.shape().optimizer() instanceof Optimizer.AdamW
        ? candidate.with(
            candidate.shape().withOptimizer(Optimizer.adamW8bit()), "Optimizer.adamW8bit()")
        : candidate;
  }

  /**
   * Estimates QLoRA by formula: only frozen weights can have 4 bits, so the method becomes an
   * adapter.
   */
  private static Candidate quantized(Candidate candidate) {
    if (candidate.planner().isPacked()) {
      return candidate;
    }
    boolean adapter = !candidate.planner().trainableSummary().factors().isEmpty();
    Planner low = adapter ? candidate.planner() : lowRank(candidate.planner());
    return candidate
        .with(candidate.shape(), "QLoRA (4-bit base, counted by formula)")
        .with(low.with(low.trainableSummary(), NF4));
  }
}
