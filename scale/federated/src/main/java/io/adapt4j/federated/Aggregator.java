package io.adapt4j.federated;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.federated.internal.AdapterWriter;
import io.adapt4j.federated.internal.LowRank;
import io.adapt4j.federated.internal.LowRankSum;
import io.adapt4j.federated.internal.Noise;
import io.adapt4j.federated.internal.StartingAdapter;
import io.adapt4j.federated.internal.StoredAdapter;
import io.adapt4j.federated.internal.UpdateNorm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Combines the sites' adapters into one, module by module. A site of lower rank is padded with the
 * last ranks of the common adapter, which it did not train: so all have the same rank, and the mean
 * of the products is the common adapter with the mean of the sites' changes.
 */
final class Aggregator {

  /** A site's part. */
  record Part(StoredAdapter start, StoredAdapter end, double weight) {}

  /** Norms over all modules. */
  record Norms(double mean, double factorMeanError, double error) {}

  /** The largest fp16 value, which no value of a usable adapter exceeds. */
  private static final float MAX_VALUE = 65_504;

  private final Aggregation how;
  private final StoredAdapter common;
  private final List<Part> parts;

  /** Clipping factors of the sites' updates. */
  private final List<Double> shares;

  /** Weight of the previous common adapter: 1 minus the sum of the parts' weights. */
  private final double rest;

  /** Standard deviation of the noise on the new values. */
  private final double deviation;

  private final Noise noise;
  private final long seed;
  private double meanSquares;
  private double factorMeanSquares;
  private double errorSquares;

  /** Prepares a round's aggregation. */
  Aggregator(
      Aggregation how,
      StoredAdapter common,
      List<Part> parts,
      List<Double> shares,
      double deviation,
      Noise noise,
      long seed) {
    this.how = how;
    this.common = common;
    this.parts = List.copyOf(parts);
    this.shares = List.copyOf(shares);
    double weights = parts.stream().mapToDouble(Part::weight).sum();
    this.rest = Math.abs(1 - weights) < 1e-12 ? 0 : 1 - weights;
    this.deviation = deviation;
    this.noise = noise;
    this.seed = seed;
  }

  /**
   * Computes the new adapter and the update to fold into the base.
   *
   * @param folded update folded into the base by earlier rounds; null for none
   */
  Norms aggregate(@Nullable StoredAdapter folded, AdapterWriter adapter, AdapterWriter fold) {
    for (String module : common.modules()) {
      try (Scope scope = Scope.open()) {
        module(module, folded, adapter, fold);
      }
    }
    for (String name : common.others()) {
      try (Scope scope = Scope.open()) {
        other(name, adapter);
      }
    }
    return new Norms(Math.sqrt(meanSquares), Math.sqrt(factorMeanSquares), Math.sqrt(errorSquares));
  }

  /** Returns the configuration of the update folded into the base. */
  static ObjectNode foldConfig(ObjectNode config) {
    ObjectNode plain = config.deepCopy();
    plain.put("use_rslora", false);
    plain.put("bias", "none");
    plain.putNull("modules_to_save");
    return plain;
  }

  private void module(
      String module, @Nullable StoredAdapter folded, AdapterWriter adapter, AdapterWriter fold) {
    double scale = common.scale(module);
    LowRank before = common.factors(module);
    List<LowRank> terms = new ArrayList<>();
    List<Double> weights = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      Part part = parts.get(i);
      LowRank end = part.start().factors(module).towards(part.end().factors(module), shares.get(i));
      terms.add(end.times(part.end().scale(module) / scale));
      weights.add(part.weight());
    }
    if (rest != 0) {
      terms.add(before);
      weights.add(rest);
    }
    List<LowRank> completed = completed(terms, before);
    LowRank factorMean = mean(completed, weights);
    LowRankSum mean = sum(completed, weights);
    LowRankSum residual = new LowRankSum();
    for (int i = 0; i < completed.size(); i++) {
      residual.plus(weights.get(i), completed.get(i).minus(factorMean));
    }
    double factorMeanError = scale * residual.norm();
    factorMeanSquares += factorMeanError * factorMeanError;
    double norm = scale * mean.norm();
    meanSquares += norm * norm;
    LowRank result =
        switch (how) {
          case NAIVE, RESIDUAL -> noisy(factorMean, true);
          case FREEZE_A -> noisy(new LowRank(factorMean.b(), before.a()), false);
          case STACK_SVD -> best(mean, completed, before.rank());
          case STACK_MERGE -> StartingAdapter.fresh(before, before.rank(), module, seed);
        };
    adapter.factors(module, result, scale);
    LowRankSum change = new LowRankSum();
    if (how == Aggregation.RESIDUAL) {
      change = residual;
    } else if (how == Aggregation.STACK_MERGE) {
      change = mean;
    }
    if (how.changesBase()) {
      fold.factors(module, fold(module, folded, change, scale, before), 1);
    }
    LowRankSum error = sum(completed, weights).plus(-1, result);
    if (!change.isEmpty()) {
      error.plus(-1, change.stacked());
    }
    double size = how == Aggregation.STACK_MERGE ? 0 : scale * error.norm();
    errorSquares += size * size;
  }

  /** Pads all to one rank. */
  private List<LowRank> completed(List<LowRank> terms, LowRank before) {
    if (how != Aggregation.STACK_MERGE) {
      return terms.stream().map(term -> term.completedBy(before)).toList();
    }
    int rank = terms.stream().mapToInt(LowRank::rank).max().orElse(before.rank());
    LowRank zeros = LowRank.zeros(before, rank);
    return terms.stream().map(term -> term.completedBy(zeros)).toList();
  }

  private static LowRankSum sum(List<LowRank> terms, List<Double> weights) {
    LowRankSum sum = new LowRankSum();
    for (int i = 0; i < terms.size(); i++) {
      sum.plus(weights.get(i), terms.get(i));
    }
    return sum;
  }

  private static LowRank mean(List<LowRank> terms, List<Double> weights) {
    LowRank first = terms.get(0);
    Tensor b = first.b().scaled(weights.get(0));
    Tensor a = first.a().scaled(weights.get(0));
    for (int i = 1; i < terms.size(); i++) {
      b = b.plus(terms.get(i).b().scaled(weights.get(i)));
      a = a.plus(terms.get(i).a().scaled(weights.get(i)));
    }
    return new LowRank(b, a);
  }

  /**
   * Returns the best approximation of a rank, keeping the usual norm of A's rows so that both
   * matrices keep learning at their usual rates.
   */
  private static LowRank best(LowRankSum mean, List<LowRank> terms, int rank) {
    double length =
        Math.sqrt(terms.stream().mapToDouble(LowRank::meanSquareOfRows).average().orElseThrow());
    LowRank found = mean.best(rank, length == 0 ? 1 : length);
    return found.completedBy(LowRank.zeros(found, rank));
  }

  private LowRank noisy(LowRank factors, boolean both) {
    return new LowRank(
        UpdateNorm.noisy(factors.b(), deviation, noise),
        both ? UpdateNorm.noisy(factors.a(), deviation, noise) : factors.a());
  }

  /** Returns the accumulated folded update, with at most the rank of the weight. */
  private static LowRank fold(
      String module,
      @Nullable StoredAdapter folded,
      LowRankSum change,
      double scale,
      LowRank before) {
    LowRankSum all = new LowRankSum();
    if (folded != null) {
      all.plus(folded.scale(module), folded.factors(module));
    }
    if (!change.isEmpty()) {
      all.plus(scale, change.stacked());
    }
    if (all.isEmpty()) {
      return LowRank.zeros(before, 1);
    }
    LowRank stacked = all.stacked();
    int full = Math.toIntExact(Math.min(before.b().size(0), before.a().size(1)));
    return stacked.rank() <= full ? stacked : all.best(full, 1);
  }

  private void other(String name, AdapterWriter adapter) {
    List<Tensor> terms = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      Part part = parts.get(i);
      double share = shares.get(i);
      terms.add(part.end().tensor(name).scaled(share * part.weight()));
      terms.add(part.start().tensor(name).scaled((1 - share) * part.weight()));
    }
    terms.add(common.tensor(name).scaled(rest));
    Tensor sum = terms.get(0);
    for (Tensor term : terms.subList(1, terms.size())) {
      sum = sum.plus(term);
    }
    adapter.tensor(name, UpdateNorm.noisy(sum, deviation, noise));
  }

  /**
   * Returns why a site's adapter is unusable regardless of its initial one; empty if it is usable.
   */
  static Optional<String> problem(StoredAdapter adapter) {
    for (String name : adapter.names()) {
      try (Scope scope = Scope.open()) {
        for (float value : adapter.tensor(name).toFloats()) {
          if (!Float.isFinite(value)) {
            return Optional.of("the site returned values that are not finite, in " + name);
          }
          if (Math.abs(value) > MAX_VALUE) {
            return Optional.of(
                "the site returned %s in %s; values above %s are no adapter's"
                    .formatted(value, name, MAX_VALUE));
          }
        }
      }
    }
    return Optional.empty();
  }

  /** Returns why a site's adapter is unusable; empty if it is usable. */
  static Optional<String> problem(Aggregation how, StoredAdapter start, StoredAdapter end) {
    List<String> differences = end.differences(start);
    if (!differences.isEmpty()) {
      return Optional.of("the site returned another adapter: " + differences.get(0));
    }
    Optional<String> values = problem(end);
    if (values.isPresent()) {
      return values;
    }
    if (how == Aggregation.FREEZE_A && UpdateNorm.of(start, end, name -> !how.trains(name)) != 0) {
      return Optional.of("the site changed A, which FREEZE_A keeps as it is");
    }
    return Optional.empty();
  }
}
