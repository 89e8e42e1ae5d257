package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Temporaries;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Mixture-of-experts operators: routing positions to a few of several experts, and combining their
 * outputs (Shazeer et al. 2017).
 */
public final class ExpertOps {

  private static final Operator ROUTE = Operator.core("route");
  private static final Operator ROUTE_BACKWARD = Operator.core("route_backward");
  private static final Operator ROUTE_CORRECTED = Operator.core("route_corrected");
  private static final Operator ROUTE_CORRECTED_BACKWARD =
      Operator.core("route_corrected_backward");
  private static final Operator ROUTE_ONE_BY_ONE = Operator.core("route_one_by_one");
  private static final Operator ROUTE_ONE_BY_ONE_BACKWARD =
      Operator.core("route_one_by_one_backward");
  private static final Operator EXPERT_LOAD = Operator.core("expert_load");
  private static final Operator EXPERT_LOAD_BACKWARD = Operator.core("expert_load_backward");
  private static final Operator CLAMPED_GATED = Operator.core("clamped_gated");
  private static final Operator CLAMPED_GATED_BACKWARD =
      Operator.core("clamped_gated_backward").needing(Temporaries.like(0, 4));
  private static final Operator BLOCK_LINEAR = Operator.core("block_linear");
  private static final Operator BLOCK_LINEAR_BACKWARD = Operator.core("block_linear_backward");
  private static final Operator PLUS_ROW = Operator.core("plus_row");
  private static final Operator LINEAR_BACKWARD_BIAS = Operator.core("linear_backward_bias");
  private static final Operator SCALE_CHOSEN = Operator.core("scale_chosen");
  private static final Operator SCALE_CHOSEN_BACKWARD = Operator.core("scale_chosen_backward");
  private static final Operator SPREAD_ROWS = Operator.core("spread_rows");
  private static final Operator SPREAD_ROWS_BACKWARD =
      Operator.core("spread_rows_backward").needing(arguments -> 2 * bytes(arguments[0]));
  private static final Operator COMBINE_ROWS =
      Operator.core("combine_rows").needing(arguments -> 2 * bytes(arguments[0]));
  private static final Operator COMBINE_ROWS_BACKWARD =
      Operator.core("combine_rows_backward").needing(arguments -> largest(arguments[1]));
  private static final Operator SIGMOID_GATED = Operator.core("sigmoid_gated");
  private static final Operator SIGMOID_GATED_BACKWARD = Operator.core("sigmoid_gated_backward");

  private ExpertOps() {}

  /** Number of positions routed to one expert. */
  public record Share(int expert, int count) {}

  /**
   * Order of the rows that experts read: those of one expert after those of another.
   *
   * @param slots indices of their weights among all weights, I64 [N k]
   * @param rows their positions, I64 [N k]
   * @param places indices in this order of the k rows of each position, ascending, I64 [k, N]
   */
  public record Order(Tensor slots, Tensor rows, Tensor places) {}

  /**
   * Routing of all positions.
   *
   * @param weights weights of the chosen experts of each position, F32 [N, k]
   * @param chosen indices of the chosen experts, I64 [N, k]
   */
  public record Routed(Tensor weights, Tensor chosen, List<Share> shares, Order order) {}

  /**
   * Rule for choosing and weighting experts.
   *
   * @param groups number of groups that the experts are divided into; 1 for none. Groups are chosen
   *     by the sum of their two best experts (sigmoid), or by the best (softmax)
   * @param tolerance distance from the best score, relative to its size, up to which scores enter
   *     the softmax by which an expert is weighted, as experts are chosen one after another
   *     (SparseMixer, Liu et al. 2024); negative for one choice of all experts
   */
  public record Rule(
      int chosen,
      boolean normalized,
      boolean sigmoid,
      double epsilon,
      double scale,
      int groups,
      int groupsKept,
      double tolerance) {

    /** Creates a rule that chooses all experts at once. */
    public Rule(
        int chosen,
        boolean normalized,
        boolean sigmoid,
        double epsilon,
        double scale,
        int groups,
        int groupsKept) {
      this(chosen, normalized, sigmoid, epsilon, scale, groups, groupsKept, -1);
    }

    /** Creates a rule that chooses experts one after another. */
    public static Rule oneByOne(int chosen, double tolerance) {
      return new Rule(chosen, false, false, 0, 1, 1, 1, tolerance);
    }

    /** {@return whether experts are chosen one after another} */
    public boolean isOneByOne() {
      return tolerance >= 0;
    }

    /** Creates a rule with sigmoid scores and without groups. */
    public static Rule sigmoid(int chosen, boolean normalized, double epsilon, double scale) {
      return new Rule(chosen, normalized, true, epsilon, scale, 1, 1);
    }

    /** Creates the rule of most families: softmax of the scores, without groups. */
    public static Rule softmax(int chosen, boolean normalized) {
      return new Rule(chosen, normalized, false, 0, 1, 1, 1);
    }

    private boolean isPlain() {
      return !sigmoid && scale == 1 && groups == 1;
    }
  }

  /** Additional term in the gradient of the scores. */
  @FunctionalInterface
  public interface ScoreGradient {
    /** Adds the term. */
    Tensor plus(Tensor gradient);
  }

  /**
   * Chooses experts by their scores. Saves the scores for backward, and copies the chosen indices
   * to the host.
   *
   * @param scores [B, T, experts]
   * @param correction bias for choosing the experts, not applied to their weights, [experts]; or
   *     null
   */
  public static Routed route(
      Ops ops, Tensor scores, @Nullable Parameter correction, Rule rule, ScoreGradient more) {
    if (rule.isOneByOne()) {
      return routeOneByOne(ops, scores, rule, more);
    }
    int k = rule.chosen();
    boolean plain = correction == null && rule.isPlain();
    Tensor[] made =
        plain
            ? ROUTE.tensors(scores, k, rule.normalized())
            : ROUTE_CORRECTED.tensors(
                scores,
                Parameter.valueOf(correction),
                k,
                rule.normalized(),
                rule.sigmoid(),
                rule.epsilon(),
                rule.scale(),
                rule.groups(),
                rule.groupsKept());
    ops.recorded(
        made[0],
        scores,
        d ->
            more.plus(
                plain
                    ? ROUTE_BACKWARD.tensor(d, scores, made[1], rule.normalized())
                    : ROUTE_CORRECTED_BACKWARD.tensor(
                        d,
                        scores,
                        made[1],
                        rule.normalized(),
                        rule.sigmoid(),
                        rule.epsilon(),
                        rule.scale())),
        scores,
        made[1]);
    return routed(ops, scores, made, k);
  }

  private static Routed routeOneByOne(Ops ops, Tensor scores, Rule rule, ScoreGradient more) {
    int k = rule.chosen();
    double tolerance = rule.tolerance();
    Tensor[] made = ROUTE_ONE_BY_ONE.tensors(scores, k, tolerance);
    ops.recorded(
        made[0],
        scores,
        d -> more.plus(ROUTE_ONE_BY_ONE_BACKWARD.tensor(d, scores, tolerance)),
        scores);
    return routed(ops, scores, made, k);
  }

  private static Routed routed(Ops ops, Tensor scores, Tensor[] made, int k) {
    int experts = Math.toIntExact(scores.size(scores.sizes().length - 1));
    boolean onShapes = made[1].engine().isOnShapes();
    long[] chosen = onShapes ? new long[0] : made[1].toLongs();
    int[] counts = onShapes ? even(made[1].count(), experts) : counts(chosen, experts);
    List<Share> shares =
        IntStream.range(0, experts)
            .filter(expert -> counts[expert] > 0)
            .mapToObj(expert -> new Share(expert, counts[expert]))
            .toList();
    Order order = onShapes ? shapes(made[1].count(), k) : order(chosen, k, counts);
    ops.saveForBackward(order.slots());
    ops.saveForBackward(order.rows());
    ops.saveForBackward(order.places());
    return new Routed(made[0], made[1], shares, order);
  }

  private static int[] counts(long[] chosen, int experts) {
    int[] counts = new int[experts];
    for (long expert : chosen) {
      counts[(int) expert]++;
    }
    return counts;
  }

  /** Returns an equal share of the slots for every expert. */
  private static int[] even(long slots, int experts) {
    return IntStream.range(0, experts)
        .map(expert -> Math.toIntExact(slots / experts + (expert < slots % experts ? 1 : 0)))
        .toArray();
  }

  private static Order shapes(long slots, int k) {
    return new Order(
        Tensor.empty(DType.I64, slots),
        Tensor.empty(DType.I64, slots),
        Tensor.empty(DType.I64, k, slots / k));
  }

  /**
   * Computes the expert load: how often experts are chosen by the plain softmax of the scores, and
   * the sums of their probabilities.
   *
   * @param real 1 for positions that count and 0 for others, F32 [N, 1]
   * @return counts and sums, F32 [2, experts]
   */
  public static Tensor load(Tensor scores, Tensor real, int k) {
    return EXPERT_LOAD.tensor(scores, real, k);
  }

  /**
   * Computes the gradient, by the scores of some positions, of the sum over experts of count times
   * probabilities.
   */
  public static Tensor loadBackward(Tensor scores, Tensor real, Tensor load, double factor) {
    return EXPERT_LOAD_BACKWARD.tensor(scores, real, load, factor);
  }

  /**
   * (up + 1) gate sigmoid(alpha gate), with gate and up clamped to a limit. Saves x for backward.
   *
   * @param x interleaved gate and up, or gate and then up if {@code halves} [.., 2 width]
   * @return [.., width]
   */
  public static Tensor clampedGated(Ops ops, Tensor x, double alpha, double limit, boolean halves) {
    return ops.recorded(
        CLAMPED_GATED.tensor(x, alpha, limit, halves),
        x,
        dy -> CLAMPED_GATED_BACKWARD.tensor(dy, x, alpha, limit, halves),
        x);
  }

  /** Sorts slots by their experts. */
  private static Order order(long[] chosen, int k, int[] counts) {
    int[] next = new int[counts.length];
    for (int expert = 1; expert < next.length; expert++) {
      next[expert] = next[expert - 1] + counts[expert - 1];
    }
    long[] slots = new long[chosen.length];
    for (int slot = 0; slot < chosen.length; slot++) {
      slots[next[(int) chosen[slot]]++] = slot;
    }
    int positions = chosen.length / k;
    long[] rows = new long[chosen.length];
    long[] places = new long[chosen.length];
    int[] found = new int[positions];
    for (int place = 0; place < slots.length; place++) {
      int row = (int) (slots[place] / k);
      rows[place] = row;
      places[found[row]++ * positions + row] = place;
    }
    return new Order(
        Tensor.of(slots, slots.length),
        Tensor.of(rows, rows.length),
        Tensor.of(places, k, positions));
  }

  /**
   * A block of rows of a matrix, such as one expert's; {@code turned} if it is stored as [out, in].
   */
  public record Block(Parameter weight, long first, long rows, boolean turned) {}

  /**
   * Multiplies by a block of a matrix. Saves x for backward if the matrix is trained.
   *
   * @param x [n, columns] if the block is turned, otherwise [n, rows]
   * @return [n, rows] if the block is turned, otherwise [n, columns]
   */
  public static Tensor linear(Ops ops, Tensor x, Block block) {
    Parameter weight = block.weight();
    Tensor y = BLOCK_LINEAR.tensor(x, weight.value(), block.first(), block.rows(), block.turned());
    boolean trained = ops.trains(weight);
    return ops.recorded(
        ops.isDifferentiated(x) || trained,
        y,
        x,
        dy ->
            BLOCK_LINEAR_BACKWARD.tensor(
                dy,
                trained ? x : dy,
                weight.value(),
                block.first(),
                block.rows(),
                block.turned(),
                Parameter.gradientOf(weight)),
        trained ? new Tensor[] {x} : new Tensor[0]);
  }

  /**
   * Adds a bias row at every position. Saves nothing for backward.
   *
   * @param x [.., width]
   * @param row [width]
   */
  public static Tensor plus(Ops ops, Tensor x, Parameter row) {
    return ops.recorded(
        ops.isDifferentiated(x) || ops.trains(row),
        PLUS_ROW.tensor(x, row.value()),
        x,
        dy -> {
          if (row.isTrained()) {
            LINEAR_BACKWARD_BIAS.run(dy, row.gradient());
          }
          return dy;
        });
  }

  /**
   * Multiplies the weights of the chosen experts by one factor per expert. Saves the weights for
   * backward if the factors are trained. Shape of {@code factors}: [experts].
   */
  public static Routed scaled(Ops ops, Routed routed, Parameter factors) {
    Tensor weights = routed.weights();
    Tensor ids = routed.chosen();
    Tensor y = SCALE_CHOSEN.tensor(weights, ids, factors.value());
    boolean trained = ops.trains(factors);
    ops.recorded(
        ops.isDifferentiated(weights) || trained,
        y,
        weights,
        dy ->
            SCALE_CHOSEN_BACKWARD.tensor(
                dy, trained ? weights : dy, ids, factors.value(), Parameter.gradientOf(factors)),
        trained ? new Tensor[] {ids, weights} : new Tensor[] {ids});
    return new Routed(y, ids, routed.shares(), routed.order());
  }

  /**
   * Gathers the rows of x [B, T, hidden] that each expert reads, [n, hidden] for each share. Saves
   * nothing for backward.
   */
  public static Tensor[] spread(Ops ops, Tensor x, Routed routed) {
    long[] sizes = x.sizes();
    long[] counts = routed.shares().stream().mapToLong(Share::count).toArray();
    Tensor[] parts = SPREAD_ROWS.tensors(x, routed.order().rows(), counts);
    DType type = x.type();
    for (Tensor part : parts) {
      part.typedAs(type);
    }
    if (ops.isDifferentiated(x)) {
      ops.record(
          parts,
          new Tensor[] {x},
          d ->
              new Tensor[] {
                SPREAD_ROWS_BACKWARD.tensor(Arrays.asList(d), routed.order().places(), sizes)
              });
    }
    return parts;
  }

  /**
   * Sums the weighted expert outputs of each position, in the order of the experts. Saves outputs
   * and weights for backward.
   *
   * @param parts [n, hidden] of each share
   * @param like [B, T, hidden], for the shape
   */
  public static Tensor combine(Ops ops, List<Tensor> parts, Routed routed, Tensor like) {
    Order order = routed.order();
    List<Tensor> read = new ArrayList<>(parts);
    read.add(routed.weights());
    Tensor[] inputs = read.toArray(Tensor[]::new);
    Tensor y =
        COMBINE_ROWS.tensor(parts, routed.weights(), order.slots(), order.places(), like.sizes());
    return ops.recorded(
        y.typedAs(like),
        inputs,
        dy -> {
          Tensor[] made =
              COMBINE_ROWS_BACKWARD.tensors(
                  dy, parts, routed.weights(), order.slots(), order.rows());
          DType type = dy.type();
          Arrays.stream(made, 0, parts.size()).forEach(part -> part.typedAs(type));
          return made;
        },
        inputs);
  }

  private static long bytes(Object tensors) {
    return each(tensors).sum();
  }

  private static long largest(Object tensors) {
    return each(tensors).max().orElse(0);
  }

  private static LongStream each(Object tensors) {
    return ((List<?>) tensors)
        .stream().map(Tensor.class::cast).mapToLong(x -> x.count() * x.type().bytes());
  }

  /**
   * Multiplies by the sigmoid of a gate. Saves both for backward.
   *
   * @param y [B, T, hidden]
   * @param gate [B, T, 1]
   */
  public static Tensor sigmoidGated(Ops ops, Tensor y, Tensor gate) {
    return ops.recorded(
        SIGMOID_GATED.tensor(y, gate),
        new Tensor[] {y, gate},
        d -> SIGMOID_GATED_BACKWARD.tensors(d, y, gate),
        y,
        gate);
  }
}
