package io.adapt4j.core.internal.optim;

import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.train.spi.OptimizerRule;
import java.util.Optional;

/** Registry of the optimizers that are rules, like those of users. */
final class BuiltInRules {

  private BuiltInRules() {}

  static Optional<OptimizerRule> of(Optimizer optimizer) {
    if (optimizer instanceof Optimizer.Custom custom) {
      return Optional.of(custom.rule());
    }
    if (optimizer instanceof Optimizer.Muon options) {
      return Optional.of(new MuonRule(options));
    }
    if (optimizer instanceof Optimizer.ScheduleFreeAdamW options) {
      return Optional.of(new ScheduleFreeRule(options));
    }
    if (optimizer instanceof Optimizer.GaLore options) {
      return Optional.of(new GaLoreRule(options, Projections.SINGULAR));
    }
    if (optimizer instanceof Optimizer.Apollo options) {
      return Optional.of(new ApolloRule(options, Projections.RANDOM));
    }
    return Optional.empty();
  }
}
