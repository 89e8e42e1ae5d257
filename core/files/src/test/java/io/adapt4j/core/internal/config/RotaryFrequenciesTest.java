package io.adapt4j.core.internal.config;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.OptionalDouble;
import java.util.OptionalInt;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/**
 * Expected numbers were computed apart from this code, in double precision, from the published
 * definitions; single precision allows a relative error of 1e-6.
 */
class RotaryFrequenciesTest {

  private static final double RELATIVE = 1e-6;

  @Test
  void defaultFrequenciesFallGeometrically() {
    RotaryFrequencies rotary = RotaryFrequencies.of(10_000, 8, 16, new RopeScaling.Default());
    assertClose(rotary.inverseFrequencies(5), 1, 0.1, 0.01, 0.001);
    assertThat(rotary.attentionFactor()).isEqualTo(1f);
    assertThat(rotary.dependsOnLength()).isFalse();
  }

  @Test
  void linearScalingDividesEveryFrequency() {
    RotaryFrequencies rotary = RotaryFrequencies.of(10_000, 8, 16, new RopeScaling.Linear(4));
    assertClose(rotary.inverseFrequencies(5), 0.25, 0.025, 0.0025, 0.00025);
  }

  @Test
  void dynamicScalingGrowsTheBaseBeyondTheContext() {
    RotaryFrequencies rotary = RotaryFrequencies.of(10_000, 8, 16, new RopeScaling.Dynamic(2));
    assertClose(
        rotary.inverseFrequencies(24), 1, 0.07937005259840997, 0.006299605249474365, 0.0005);
    assertThat(rotary.dependsOnLength()).isTrue();
  }

  @Property
  void dynamicScalingWithinTheContextIsTheDefault(
      @ForAll @DoubleRange(min = 1, max = 16) double factor,
      @ForAll @IntRange(max = 64) int length) {
    assertThat(of(new RopeScaling.Dynamic(factor), 64).inverseFrequencies(length))
        .isEqualTo(of(new RopeScaling.Default(), 64).inverseFrequencies(length));
  }

  @Test
  void linearScalingByOneIsTheDefault() {
    assertThat(of(new RopeScaling.Linear(1), 64).inverseFrequencies(9))
        .isEqualTo(of(new RopeScaling.Default(), 64).inverseFrequencies(9));
  }

  @Test
  void llama3KeepsShortWavelengthsStretchesLongOnesAndBlendsBetween() {
    float[] plain = of(new RopeScaling.Default(), 256).inverseFrequencies(1);
    float[] scaled = of(new RopeScaling.Llama3(8, 1, 4, 64), 256).inverseFrequencies(1);
    assertClose(
        scaled,
        1,
        0.24438459943539834,
        0.013042256043820465,
        0.003952847075210474,
        0.00125,
        0.0003952847075210474,
        0.000125,
        3.952847075210474e-05);
    assertThat(scaled[0]).isEqualTo(plain[0]);
    assertThat(scaled[7]).isEqualTo(plain[7] / 8);
  }

  @Test
  void yarnKeepsFastFrequenciesDividesSlowOnesAndRampsBetween() {
    float[] plain = of(new RopeScaling.Default(), 2048).inverseFrequencies(1);
    float[] scaled = of(yarn(4, true), 2048).inverseFrequencies(1);
    assertClose(
        scaled,
        1,
        0.31622776601683794,
        0.1,
        0.02569350598886808,
        0.00625,
        0.001383496476323666,
        0.00025,
        7.905694150420948e-05);
    assertThat(scaled[0]).isEqualTo(plain[0]);
    assertThat(scaled[7]).isCloseTo(plain[7] / 4, within(1e-11f));
  }

  @Test
  void yarnWithoutTruncationRampsFromFractionalDimensions() {
    assertClose(
        of(yarn(4, false), 2048).inverseFrequencies(1),
        1,
        0.31622776601683794,
        0.1,
        0.023870192321736323,
        0.005056971521129435,
        0.000811290381701431,
        0.00025,
        7.905694150420948e-05);
  }

  @Test
  void yarnTakesTheFactorAsWrittenAndTheRatioOfTheContextLengthsWithoutOne() {
    float[] fourfold = of(yarn(4, true), 2048).inverseFrequencies(1);
    RotaryFrequencies written = of(stretchedFrom2048(OptionalDouble.of(4)), 16_384);
    assertThat(written.inverseFrequencies(1)).isEqualTo(fourfold);
    assertThat(written.attentionFactor()).isEqualTo((float) 1.138629436111989);
    RotaryFrequencies byRatio = of(stretchedFrom2048(OptionalDouble.empty()), 8192);
    assertThat(byRatio.inverseFrequencies(1)).isEqualTo(fourfold);
    assertThat(byRatio.attentionFactor()).isEqualTo((float) 1.138629436111989);
  }

  private static RopeScaling.Yarn stretchedFrom2048(OptionalDouble factor) {
    OptionalDouble none = OptionalDouble.empty();
    return new RopeScaling.Yarn(factor, OptionalInt.of(2048), none, 32, 1, none, none, true);
  }

  @Test
  void yarnAttentionFactorFollowsTheFactorUnlessItIsGiven() {
    OptionalDouble none = OptionalDouble.empty();
    assertThat(attentionFactor(4, none, none, none)).isEqualTo((float) 1.138629436111989);
    assertThat(attentionFactor(0.5, none, none, none)).isEqualTo(1f);
    assertThat(attentionFactor(4, OptionalDouble.of(1.5), none, none)).isEqualTo(1.5f);
    assertThat(attentionFactor(4, none, OptionalDouble.of(0.707), none))
        .isEqualTo((float) 1.138629436111989);
    assertThat(attentionFactor(4, none, OptionalDouble.of(0.707), OptionalDouble.of(1.2)))
        .isCloseTo((float) 0.941403523749669, within(1e-7f));
  }

  @Test
  void tablesHoldCosinesAndSinesTimesTheAttentionFactor() {
    RotaryFrequencies rotary =
        RotaryFrequencies.of(10_000, 4, 2048, yarn(4, true, OptionalDouble.of(2)));
    float[] frequencies = rotary.inverseFrequencies(8);
    RotaryFrequencies.Tables tables = rotary.tables(new int[] {0, 7, 3});
    assertThat(tables.rows()).isEqualTo(3);
    assertThat(tables.columns()).isEqualTo(2);
    assertThat(tables.cos()[0]).isEqualTo(2f);
    assertThat(tables.sin()[1]).isEqualTo(0f);
    assertThat(tables.cos()[2]).isCloseTo((float) (2 * Math.cos(7)), within(1e-6f));
    assertThat(tables.sin()[5])
        .isCloseTo((float) (2 * Math.sin(3 * (double) frequencies[1])), within(1e-6f));
  }

  @Test
  void tablesOfDynamicScalingUseTheHighestPosition() {
    RotaryFrequencies rotary = RotaryFrequencies.of(10_000, 8, 16, new RopeScaling.Dynamic(2));
    RotaryFrequencies.Tables tables = rotary.tables(new int[] {23, 1});
    assertThat(tables.sin()[5]).isCloseTo((float) Math.sin(0.07937005), within(1e-7f));
    assertThat(rotary.tables(new int[] {1}, 24).sin()[1]).isEqualTo(tables.sin()[5]);
    assertThat(rotary.tables(new int[] {1}).sin()[1])
        .isCloseTo((float) Math.sin(0.1), within(1e-7f));
  }

  @Test
  void refusesParametersOutOfRange() {
    RopeScaling plain = new RopeScaling.Default();
    refuses(
        IllegalArgumentException.class, () -> RotaryFrequencies.of(0, 8, 16, plain), "rope_theta");
    refuses(
        IllegalArgumentException.class, () -> RotaryFrequencies.of(10, 7, 16, plain), "found 7");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RotaryFrequencies.of(10, 2, 16, new RopeScaling.Dynamic(2)))
        .withMessageContaining("dynamic");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RotaryFrequencies.of(10, 2, 16, plain).tables(new int[] {-1}))
        .withMessageContaining("found -1");
  }

  private static RotaryFrequencies of(RopeScaling scaling, int maxPositionEmbeddings) {
    return RotaryFrequencies.of(10_000, 16, maxPositionEmbeddings, scaling);
  }

  private static float attentionFactor(
      double factor, OptionalDouble given, OptionalDouble mscale, OptionalDouble mscaleAllDim) {
    RopeScaling.Yarn yarn =
        new RopeScaling.Yarn(
            OptionalDouble.of(factor),
            OptionalInt.empty(),
            given,
            32,
            1,
            mscale,
            mscaleAllDim,
            true);
    return of(yarn, 2048).attentionFactor();
  }

  private static RopeScaling.Yarn yarn(double factor, boolean truncate) {
    return yarn(factor, truncate, OptionalDouble.empty());
  }

  private static RopeScaling.Yarn yarn(double factor, boolean truncate, OptionalDouble attention) {
    return new RopeScaling.Yarn(
        OptionalDouble.of(factor),
        OptionalInt.empty(),
        attention,
        32,
        1,
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        truncate);
  }

  private static void assertClose(float[] actual, double... expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) actual[i])
          .as("frequency %d", i)
          .isCloseTo(expected[i], within(RELATIVE * expected[i]));
    }
  }
}
