package io.adapt4j.core.internal.task.rl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.reinforce.AdvantageEstimator;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GroupAdvantagesTest {

  @Property(tries = 200)
  void advantagesOfAGroupSumToZero(
      @ForAll AdvantageEstimator estimator,
      @ForAll @Size(8) List<@DoubleRange(min = -5, max = 5) Double> drawn) {
    double[] advantages = GroupAdvantages.of(estimator, array(drawn), 4);
    for (int from : new int[] {0, 4}) {
      double sum = IntStream.range(from, from + 4).mapToDouble(i -> advantages[i]).sum();
      assertThat(sum).isCloseTo(0, within(1e-6));
    }
  }

  @Property(tries = 200)
  void aConstantAddedToRewardsChangesNothing(
      @ForAll AdvantageEstimator estimator,
      @ForAll @Size(6) List<@DoubleRange(min = -5, max = 5) Double> drawn) {
    double[] rewards = array(drawn);
    double[] moved = Arrays.stream(rewards).map(value -> value + 3).toArray();
    assertThat(GroupAdvantages.of(estimator, moved, 3))
        .containsExactly(GroupAdvantages.of(estimator, rewards, 3), within(1e-6));
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  @Test
  void leaveOneOutComparesWithTheMeanOfTheOthers() {
    assertThat(GroupAdvantages.of(AdvantageEstimator.LEAVE_ONE_OUT, new double[] {1, 2, 6}, 3))
        .containsExactly(new double[] {-3, -1.5, 4.5}, within(1e-12));
  }

  @ParameterizedTest
  @EnumSource
  void anUnknownRewardIsLeftOutOfItsGroup(AdvantageEstimator estimator) {
    double[] with = GroupAdvantages.of(estimator, new double[] {1, Double.NaN, 3, 1, 3, 4}, 3);
    assertThat(with[1]).isZero();
    assertThat(with[0]).isEqualTo(-with[2]).isNegative();
    assertThat(GroupAdvantages.of(estimator, new double[] {1, Double.NaN}, 2))
        .containsExactly(0, 0);
  }

  @Test
  void rewardsMustDivideIntoGroups() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GroupAdvantages.of(AdvantageEstimator.CENTERED, new double[5], 2))
        .withMessageContaining("5 rewards do not divide into groups of 2");
  }
}
