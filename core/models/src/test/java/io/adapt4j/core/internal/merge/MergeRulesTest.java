package io.adapt4j.core.internal.merge;

import static io.adapt4j.core.method.MergeMethod.mergekit;
import static io.adapt4j.core.method.MergeMethod.peft;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.method.MergeMethod;
import io.adapt4j.core.method.MergeMethod.Algorithm;
import io.adapt4j.core.method.MergeMethod.Majority;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Rules of merging, by numbers that can be computed by hand. */
class MergeRulesTest {

  private static final MergeInputs.Draws NONE =
      (member, count) -> {
        throw new AssertionError("nothing is drawn");
      };

  private final List<MergeInputs.Member> members = new ArrayList<>();

  private MergeRulesTest and(double weight, float... values) {
    return and(1, weight, values);
  }

  private MergeRulesTest pruned(double density, float... values) {
    return and(density, 1, values);
  }

  private MergeRulesTest and(double density, double weight, float[] values) {
    members.add(new MergeInputs.Member(values::clone, weight, density));
    return this;
  }

  private static MergeRulesTest merging() {
    return new MergeRulesTest();
  }

  private float[] by(MergeMethod method, float... base) {
    return by(method, List.of((long) base.length), NONE, base);
  }

  private float[] by(MergeMethod method, List<Long> sizes, MergeInputs.Draws draws, float... base) {
    return MergeRules.merge(
        new MergeInputs(sizes, Optional.of(base::clone), members, draws), method);
  }

  private static void assertNear(float[] found, double... expected) {
    float[] floats = new float[expected.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) expected[i];
    }
    assertThat(found).containsExactly(floats, within(1e-6f));
  }

  @Test
  void aMeanIsDividedByTheWeights() {
    MergeRulesTest models = merging().and(1, 1, 2).and(3, 3, 6);
    MergeMethod linear = mergekit(Algorithm.LINEAR);
    assertNear(models.by(linear, 9, 9), 2.5, 5);
    assertNear(models.by(linear.normalize(false), 9, 9), 10, 20);
    MergeRulesTest opposed = merging().and(1, 1, 2).and(-1, 3, 6);
    assertThatThrownBy(() -> opposed.by(linear, 0, 0)).hasMessageContaining("sum other than 0");
    assertNear(opposed.by(linear.normalize(false), 0, 0), -2, -4);
  }

  @Test
  void differencesAreAddedToTheBase() {
    MergeRulesTest models = merging().and(2, 2, 1).and(0.5, 1, 3);
    MergeMethod sum = mergekit(Algorithm.TASK_ARITHMETIC);
    assertNear(models.by(sum, 1, 1), 3, 2);
    assertNear(models.by(sum.lambda(2), 1, 1), 5, 3);
    assertNear(models.by(sum.normalize(true), 1, 1), 1.8, 1.4);
    assertNear(merging().and(1, 2, 1).and(-1, 1, 3).by(sum.normalize(true), 1, 1), 2, -1);
    assertNear(models.by(peft(Algorithm.LINEAR), 1, 1), 3, 2);
    // Members may be differences already.
    MergeInputs differences = new MergeInputs(List.of(2L), Optional.empty(), models.members, NONE);
    assertNear(MergeRules.merge(differences, sum), 4.5, 3.5);
  }

  @Test
  void mergekitElectsSignsByWeightsAndDividesByThoseThatAgree() {
    MergeRulesTest models = merging().and(1, 3, -1, 2, 2).and(2, -1, -2, 2, -1);
    MergeMethod ties = mergekit(Algorithm.TIES);
    assertNear(models.by(ties, 0, 0, 0, 0), 3, -5.0 / 3, 2, 2);
    assertNear(models.by(ties.normalize(false), 0, 0, 0, 0), 3, -5, 6, 2);
    assertNear(models.by(ties.lambda(0.5), 0, 0, 0, 0), 1.5, -5.0 / 6, 1, 1);
  }

  @Test
  void peftElectsSignsWithoutWeightsAndDividesByTheirNumber() {
    MergeMethod ties = peft(Algorithm.TIES);
    assertNear(merging().and(1, 3, -1, 2).and(2, -1, -2, 2).by(ties, 0, 0, 0), 3, -2.5, 3);
    MergeRulesTest models = merging().and(1, 5, 0).and(1, -1, 0).and(1, -1, 0);
    assertNear(models.by(ties, 0, 0), 5, 0);
    assertNear(models.by(ties.majority(Majority.FREQUENCY), 0, 0), -1, 0);
    // A tie goes to the positive ones.
    assertNear(merging().and(1, 2).and(1, -2).by(ties, 0), 2);
  }

  @Test
  void theLargestDifferencesAreKept() {
    MergeMethod prune = peft(Algorithm.MAGNITUDE_PRUNE);
    assertNear(merging().and(0.5, 2, new float[] {3, -4, 2, 1}).by(prune, 0, 0, 0, 0), 6, -8, 0, 0);
    assertNear(merging().pruned(0.5, 1, -1, 1, -1).by(prune, 0, 0, 0, 0), 1, -1, 0, 0);
    assertNear(merging().pruned(0.2, 1, -1, 1, -1).by(prune, 0, 0, 0, 0), 0, 0, 0, 0);
    assertNear(merging().and(1, 1, 0, -1).by(prune, 0, 0, 0), 1, 0, -1);
  }

  @Test
  void theLargestMagnitudesAreThoseOfASort() {
    SplittableRandom random = new SplittableRandom(1);
    for (int round = 0; round < 50; round++) {
      float[] values = new float[random.nextInt(1, 60)];
      for (int i = 0; i < values.length; i++) {
        // Many equal, and many that differ in their last bits only.
        float value = Float.intBitsToFloat(Float.floatToIntBits(1f) + random.nextInt(6));
        values[i] = random.nextInt(3) == 0 ? (float) random.nextGaussian() : -value;
      }
      int count = random.nextInt(values.length + 1);
      boolean[] expected = new boolean[values.length];
      IntStream.range(0, values.length)
          .boxed()
          .sorted(Comparator.comparing(i -> -Math.abs(values[i])))
          .limit(count)
          .forEach(i -> expected[i] = true);
      assertThat(Magnitudes.largest(values, count)).isEqualTo(expected);
    }
  }

  @Test
  void randomDifferencesAreKeptAndRescaled() {
    MergeInputs.Draws draws = (member, count) -> new float[] {0.1f, 0.5f, 0.4f, 0.9f};
    MergeRulesTest model = merging().pruned(0.5, 1, 2, 3, 4);
    List<Long> sizes = List.of(4L);
    MergeMethod peft = peft(Algorithm.DARE_LINEAR);
    MergeMethod mergekit = mergekit(Algorithm.DARE_LINEAR);
    assertNear(model.by(peft, sizes, draws, 0, 0, 0, 0), 2, 0, 6, 0);
    assertNear(model.by(mergekit, sizes, draws, 0, 0, 0, 0), 2.5, 0, 7.5, 0);
    assertNear(model.by(mergekit.rescale(false), sizes, draws, 0, 0, 0, 0), 1, 0, 3, 0);
    // What has no norm is not rescaled.
    assertNear(
        merging().pruned(0.5, 0, 2, 0, 4).by(mergekit, sizes, draws, 0, 0, 0, 0), 0, 0, 0, 0);
    MergeRulesTest two = merging().pruned(0.5, 1, 2, 3, 4).pruned(0.5, 2, 2, -4, 4);
    assertNear(
        two.by(mergekit(Algorithm.DARE_TIES).rescale(false), sizes, draws, 0, 0, 0, 0),
        3,
        0,
        -4,
        0);
  }

  @Test
  void drawsDifferByTensorAndMember() {
    MergeInputs.Draws draws = MergeInputs.Draws.seeded(7, "a");
    float[] first = draws.uniforms(0, 200);
    assertThat(first).isEqualTo(draws.uniforms(0, 200)).isNotEqualTo(draws.uniforms(1, 200));
    assertThat(first).isNotEqualTo(MergeInputs.Draws.seeded(7, "b").uniforms(0, 200));
    assertThat(first).isNotEqualTo(MergeInputs.Draws.seeded(8, "a").uniforms(0, 200));
    double sum = 0;
    for (float value : first) {
      assertThat(value).isBetween(0f, Math.nextDown(1f));
      sum += value;
    }
    assertThat(sum / 200).isBetween(0.4, 0.6);
  }

  @Test
  void breadcrumbsDropTheLargestAndTheSmallest() {
    float[] zeros = new float[8];
    MergeMethod method = mergekit(Algorithm.BREADCRUMBS).gamma(0.25);
    float[] values = {1, -2, 3, -4, 5, -6, 7, -8};
    assertNear(merging().pruned(0.5, values).by(method, zeros), 0, 0, 3, -4, 5, -6, 0, 0);
    // As many as the density allows: here one of the two largest.
    assertNear(merging().pruned(0.9, values).by(method, zeros), 1, -2, 3, -4, 5, -6, 7, 0);
    assertNear(merging().pruned(0.5, values).by(method.gamma(0.01), zeros), 0, 0, 0, 0, 0, 0, 0, 0);
    assertNear(merging().pruned(0.75, values).by(method, zeros), 1, -2, 3, -4, 5, -6, 0, 0);
    MergeMethod signed = mergekit(Algorithm.BREADCRUMBS_TIES).gamma(0.25).normalize(true);
    assertNear(
        merging().pruned(0.5, values).and(1, 0, 0, -1, -1, 0, 0, 0, 0).by(signed, zeros),
        0,
        0,
        3,
        -2.5,
        5,
        -6,
        0,
        0);
  }

  @Test
  void dellaKeepsByRank() {
    MergeMethod method =
        mergekit(Algorithm.DELLA_LINEAR).epsilon(0.25).rescale(false).normalize(false);
    MergeRulesTest model = merging().pruned(0.5, 4, 1, -3, 2);
    MergeInputs.Draws draws = (member, count) -> new float[] {0.7f, 0.3f, 0.6f, 0.4f};
    // Probabilities 1/4, 5/12, 7/12 and 3/4 from the smallest to the largest.
    assertNear(model.by(method, List.of(1L, 4L), draws, 0, 0, 0, 0), 4, 0, 0, 2);
    assertNear(model.by(method, List.of(4L), draws, 0, 0, 0, 0), 4, 0, 0, 2);
    MergeInputs.Draws halves = (member, count) -> new float[] {0.5f, 0.5f, 0.5f, 0.5f};
    assertNear(model.by(method, List.of(2L, 2L), halves, 0, 0, 0, 0), 4, 0, -3, 0);
    assertNear(model.by(method, List.of(1L, 2L, 2L), halves, 0, 0, 0, 0), 4, 0, 0, 2);
    MergeInputs.Draws between = (member, count) -> new float[] {0.4f, 0.6f, 0.5f, 0.49f};
    assertNear(model.by(method, List.of(4L, 1L), between, 0, 0, 0, 0), 4, 0, 0, 2);
    for (double density : new double[] {0.25, 0.75}) {
      assertThatThrownBy(() -> merging().pruned(density, 1, 2).by(method, 0, 0))
          .hasMessageContaining("density " + density + " and epsilon 0.25");
    }
  }

  @Test
  void slerpTurnsFromTheBaseToTheModel() {
    MergeMethod slerp = mergekit(Algorithm.SLERP);
    assertNear(merging().and(1, 0, 1).by(slerp, 1, 0), Math.sqrt(0.5), Math.sqrt(0.5));
    assertNear(
        merging().and(1, 0, 2).by(slerp.t(0.25), 2, 0),
        2 * Math.cos(Math.PI / 8),
        2 * Math.sin(Math.PI / 8));
    assertNear(merging().and(1, 3, 0).by(slerp.t(0.25), 1, 0), 1.5, 0);
    assertNear(merging().and(1, 2, 0).by(slerp, 0, 0), Math.sqrt(2), 0);
    MergeRulesTest two = merging().and(1, 1).and(1, 1);
    assertThatThrownBy(() -> two.by(slerp, 1)).hasMessageContaining("expected 1 besides the base");
  }

  @Test
  void modelStockIsNearerTheBaseTheLargerTheAngle() {
    MergeMethod stock = mergekit(Algorithm.MODEL_STOCK);
    assertNear(merging().and(1, 2, 1).and(1, 1, 2).by(stock, 1, 1), 1, 1);
    assertNear(merging().and(1, 3, 3).and(1, 3, 3).by(stock, 1, 1), 3, 3);
    float root = (float) Math.sqrt(0.75);
    // An angle of 60°: t is 2/3.
    assertNear(merging().and(1, 1, 0).and(1, 0.5f, root).by(stock, 0, 0), 0.5, root / 3);
    // Angles of 0°, 90° and 90°: the mean cosine is 1/3, and t is 3/5.
    assertNear(merging().and(1, 1, 0).and(1, 1, 0).and(1, 0, 1).by(stock, 0, 0), 0.4, 0.2);
    MergeRulesTest rows = merging().and(1, 1, 0, 1, 0).and(1, 1, 0, 0, 1);
    List<Long> sizes = List.of(2L, 2L);
    assertNear(rows.by(stock.filterWise(true), sizes, NONE, 0, 0, 0, 0), 1, 0, 0, 0);
    assertNear(rows.by(stock, sizes, NONE, 0, 0, 0, 0), 2.0 / 3, 0, 1.0 / 3, 1.0 / 3);
    MergeRulesTest number = merging().and(1, 3).and(1, 3);
    assertNear(number.by(stock.filterWise(true), List.of(), NONE, 1), 3);
    MergeRulesTest one = merging().and(1, 1);
    assertThatThrownBy(() -> one.by(stock, 1)).hasMessageContaining("expected at least 2");
    MergeRulesTest none = merging();
    assertThatThrownBy(() -> none.by(mergekit(Algorithm.TIES), 1))
        .hasMessageContaining("expected at least 1 besides the base for TIES, found 0");
  }
}
