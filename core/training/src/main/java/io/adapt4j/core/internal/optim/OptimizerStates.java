package io.adapt4j.core.internal.optim;

import io.adapt4j.core.internal.tensor.Engine;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.train.spi.OptimizerRule;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/** Creates the {@link OptimizerState} of an {@link Optimizer} and computes its memory. */
public final class OptimizerStates {

  private OptimizerStates() {}

  /** Creates the state for some values. */
  public static OptimizerState start(
      Optimizer optimizer, List<Trainable> trained, double weightDecay) {
    StateMemory memory =
        optimizer.isPaged() ? StateMemory.paged(trained) : StateMemory.BESIDE_VALUES;
    try (Scope scope = Scope.open(engine(trained))) {
      return start(optimizer, trained, weightDecay, memory);
    }
  }

  /** Returns the engine on which the values are updated, which also holds their state. */
  private static Engine engine(List<Trainable> trained) {
    return trained.isEmpty() ? Engine.current() : trained.get(0).value().engine();
  }

  static OptimizerState start(
      Optimizer optimizer, List<Trainable> trained, double weightDecay, StateMemory memory) {
    if (optimizer instanceof Optimizer.Paged paged) {
      return start(paged.optimizer(), trained, weightDecay, memory);
    }
    if (optimizer instanceof Optimizer.AdamW options) {
      return new AdamWState(trained, options, weightDecay, memory);
    }
    if (optimizer instanceof Optimizer.AdamW8bit options) {
      return new AdamW8bitState(trained, options, weightDecay, memory);
    }
    if (optimizer instanceof Optimizer.Adafactor options) {
      return new AdafactorState(trained, options, weightDecay);
    }
    if (optimizer instanceof Optimizer.Sgd options) {
      return new SgdState(trained, options, weightDecay);
    }
    Optional<OptimizerRule> rule = BuiltInRules.of(optimizer);
    if (rule.isPresent()) {
      return new CustomState(trained, rule.get(), weightDecay);
    }
    return new LionState(trained, (Optimizer.Lion) optimizer, weightDecay);
  }

  /** Returns the persistent memory that the state of one value takes, in bytes. */
  public static long stateBytes(Optimizer optimizer, long... sizes) {
    if (optimizer instanceof Optimizer.Paged paged) {
      return stateBytes(paged.optimizer(), sizes);
    }
    if (optimizer instanceof Optimizer.AdamW) {
      return 2 * Float.BYTES * count(sizes) + Float.BYTES;
    }
    if (optimizer instanceof Optimizer.AdamW8bit) {
      return AdamW8bitState.bytes(count(sizes));
    }
    if (optimizer instanceof Optimizer.Adafactor) {
      return Float.BYTES * (sizes.length == 2 ? sizes[0] + sizes[1] : count(sizes));
    }
    if (optimizer instanceof Optimizer.Sgd sgd) {
      return sgd.momentum() == 0 ? 0 : Float.BYTES * count(sizes);
    }
    Optional<OptimizerRule> rule = BuiltInRules.of(optimizer);
    if (rule.isPresent()) {
      return Float.BYTES
          * rule.get().state("", LongStream.of(sizes).boxed().toList()).values().stream()
              .mapToLong(
                  moment ->
                      moment.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact))
              .sum();
    }
    return Float.BYTES * count(sizes);
  }

  /** Returns the temporary memory that a step takes for one value, in bytes. */
  public static long workBytes(Optimizer optimizer, long... sizes) {
    if (optimizer instanceof Optimizer.Paged paged) {
      return workBytes(paged.optimizer(), sizes);
    }
    if (optimizer instanceof Optimizer.AdamW || optimizer instanceof Optimizer.Custom) {
      return 0;
    }
    if (optimizer instanceof Optimizer.ScheduleFreeAdamW) {
      return Float.BYTES * count(sizes);
    }
    if (optimizer instanceof Optimizer.Muon) {
      return 6 * Float.BYTES * count(sizes);
    }
    if (optimizer instanceof Optimizer.AdamW8bit) {
      return AdamW8bitState.workBytes(count(sizes));
    }
    if (optimizer instanceof Optimizer.Sgd sgd) {
      return (sgd.nesterov() ? 2L : 1L) * Float.BYTES * count(sizes);
    }
    return 3 * Float.BYTES * count(sizes);
  }

  private static long count(long... sizes) {
    return Arrays.stream(sizes).reduce(1, Math::multiplyExact);
  }
}
