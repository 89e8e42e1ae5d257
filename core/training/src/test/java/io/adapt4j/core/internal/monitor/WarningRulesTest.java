package io.adapt4j.core.internal.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.monitor.MadeUpRun;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.ResourceUse;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;
import io.adapt4j.core.train.TrainingWarning.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The early warnings on made-up curves: when they speak, and when they must not. */
class WarningRulesTest {

  private final List<TrainingWarning> warnings = new ArrayList<>();
  private final EarlyWarnings watch =
      EarlyWarnings.before(
          List.of(
              new TrainingListener() {
                @Override
                public void warned(TrainingWarning warning) {
                  warnings.add(warning);
                }
              }));

  private int step;

  WarningRulesTest() {
    watch.started(MadeUpRun.start(1000));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 100, 200})
  void ordinaryNoisyRunsRaiseNone(long seed) {
    for (long run = seed; run < seed + 20; run++) {
      step = 0;
      watch.started(MadeUpRun.start(2000));
      ordinaryRun(new Random(run));
      assertThat(kinds()).as("seed %d", run).isEmpty();
    }
  }

  private void ordinaryRun(Random noise) {
    evaluate(2.5);
    for (int evaluation = 1; evaluation <= 20; evaluation++) {
      double progress = Math.exp(-evaluation / 4.0);
      train(
          100,
          at -> 1.5 + progress + 0.3 * noise.nextGaussian(),
          at -> 1.2 * Math.exp(0.5 * noise.nextGaussian()),
          at -> (2L << 30) + (long) (2e8 * noise.nextDouble()));
      evaluate(1.6 + progress + 0.005 * noise.nextGaussian());
    }
  }

  @Test
  void validationThatRisesWhileTrainingFallsIsOverfitting() {
    evaluate(2.5);
    List<Double> validation = List.of(2.0, 1.8, 1.9, 2.05, 2.2);
    for (int epoch = 0; epoch < validation.size(); epoch++) {
      double loss = 2.0 - 0.3 * epoch;
      train(30, at -> loss);
      evaluate(validation.get(epoch));
    }
    assertThat(kinds()).containsExactly(Kind.OVERFITTING);
    assertThat(warnings.get(0).step()).isEqualTo(120);
    assertThat(warnings.get(0).message())
        .isEqualTo(
            "The validation loss rose from 1.8000 (step 60) to 2.0500 while the training loss fell"
                + " from 1.7000 to 1.1000: the model learns the training rows by heart.");
    assertThat(warnings.get(0).remedy()).contains("keepBest()").contains("earlyStopping()");
  }

  @Test
  void validationThatIsWorseThanBeforeTheFirstStepIsOverfittingToo() {
    evaluate(2.0);
    for (int epoch = 0; epoch < 3; epoch++) {
      double loss = 2.0 - 0.4 * epoch;
      train(30, at -> loss);
      evaluate(2.1 + 0.2 * epoch);
    }
    assertThat(kinds()).containsExactly(Kind.OVERFITTING);
  }

  @Test
  void validationThatWavesByOnePercentIsNotOverfitting() {
    for (int epoch = 0; epoch < 20; epoch++) {
      double loss = 2.0 - 0.02 * epoch;
      train(30, at -> loss);
      evaluate(1.8 + (epoch % 4) * 0.009);
    }
    assertThat(kinds()).isEmpty();
  }

  @Test
  void validationThatRisesTogetherWithTrainingIsNotOverfitting() {
    for (int epoch = 0; epoch < 5; epoch++) {
      double loss = 2.0 + 0.03 * epoch;
      train(30, at -> loss);
      evaluate(loss + 0.2);
    }
    assertThat(kinds()).doesNotContain(Kind.OVERFITTING);
  }

  @Test
  void threeGradientsFarAboveTheUsualAreSpikes() {
    train(100, at -> 2 - 0.005 * at, at -> at % 20 == 19 && at > 40 ? 30 : 2, at -> 0);
    assertThat(kinds()).containsExactly(Kind.GRADIENT_SPIKES);
    assertThat(warnings.get(0).message())
        .isEqualTo(
            "The gradient norm jumped to 30.0, where 2.00 is usual, and did so in steps 60, 80,"
                + " 100.");
  }

  @Test
  void aSingleSpikeAndASlowRiseOfGradientsAreNot() {
    train(300, at -> 3 - 0.005 * at, at -> at == 150 ? 90 : 1 + 0.05 * at, at -> 0);
    assertThat(kinds()).isEmpty();
  }

  @Test
  void aTrainingLossOfAlmostZeroIsSuspicious() {
    train(40, at -> 2.0 * Math.exp(-at / 2.0));
    assertThat(kinds()).containsExactly(Kind.LOSS_NEAR_ZERO);
    assertThat(warnings.get(0).message()).startsWith("The training loss is almost zero: 0.00");
  }

  @Test
  void aValidationLossOfAlmostZeroBeforeTheFirstStepIsSuspicious() {
    evaluate(0.001);
    assertThat(kinds()).containsExactly(Kind.LOSS_NEAR_ZERO);
    assertThat(warnings.get(0).message())
        .contains("before the first step: 0.00100")
        .contains("the model has seen these rows");
  }

  @Test
  void aSmallLossIsNotAlmostZero() {
    evaluate(0.5);
    train(200, at -> 0.05 + 0.4 * Math.exp(-at / 20.0));
    evaluate(0.08);
    assertThat(kinds()).isEmpty();
  }

  @Test
  void aValidationLossThatDoesNotMoveMeansNothingIsLearned() {
    evaluate(2.3);
    train(40, at -> 2.3 + 0.1 * Math.sin(at));
    evaluate(2.3001);
    assertThat(kinds()).isEmpty();
    train(40, at -> 2.3 + 0.1 * Math.sin(at));
    evaluate(2.2995);
    assertThat(kinds()).containsExactly(Kind.NOTHING_LEARNED);
    assertThat(warnings.get(0).message())
        .isEqualTo(
            "The validation loss is 2.2995, as it was before (2.3000). Nothing is being learned.");
  }

  @Test
  void aValidationLossThatFellOnceIsNotNothing() {
    evaluate(2.3);
    train(50, at -> 2.3);
    evaluate(2.2);
    train(50, at -> 2.2);
    evaluate(2.2999);
    train(50, at -> 2.2);
    evaluate(2.2999);
    assertThat(kinds()).doesNotContain(Kind.NOTHING_LEARNED);
  }

  @Test
  void withoutValidationAFlatTrainingLossMeansNothingIsLearned() {
    Random noise = new Random(1);
    train(400, at -> 2.3 + 0.02 * noise.nextGaussian());
    assertThat(kinds()).containsExactly(Kind.NOTHING_LEARNED);
    assertThat(warnings.get(0).message()).startsWith("The training loss is still 2.29");
  }

  @Test
  void theWarmUpIsNotHeldAgainstARun() {
    for (int at = 0; at < 500; at++) {
      watch.step(MadeUpRun.step(++step, 2.3, 1, 1e-7 * step, ResourceUse.UNKNOWN));
    }
    assertThat(kinds()).isEmpty();
  }

  @Test
  void aSlowFallAndALossTooNoisyToTellAreNotNothing() {
    Random noise = new Random(2);
    train(400, at -> 2.3 - 0.0003 * at + 0.02 * noise.nextGaussian());
    assertThat(kinds()).isEmpty();
    step = 0;
    watch.started(MadeUpRun.start(1000));
    train(400, at -> 2.3 + 0.5 * noise.nextGaussian());
    assertThat(kinds()).isEmpty();
  }

  @Test
  void threeSkippedStepsAreReportedWithTheReason() {
    skip("the loss is NaN");
    train(20, at -> 2 - 0.01 * at);
    skip("the loss is NaN");
    assertThat(kinds()).isEmpty();
    skip("the gradient norm is Infinity");
    assertThat(kinds()).containsExactly(Kind.LOSS_NOT_FINITE);
    assertThat(warnings.get(0).message()).contains("in the last the gradient norm is Infinity.");
  }

  @Test
  void skippedStepsFarApartAreNot() {
    for (int i = 0; i < 5; i++) {
      skip("the loss is NaN");
      train(60, at -> 2 - 0.004 * step);
    }
    assertThat(kinds()).isEmpty();
  }

  @Test
  void aValidationLossThatIsNotANumberIsReportedAtOnce() {
    evaluate(Double.NaN);
    assertThat(kinds()).containsExactly(Kind.LOSS_NOT_FINITE);
  }

  @Test
  void aTrainingLossThatRisesClearlyIsReported() {
    Random noise = new Random(3);
    train(100, at -> 2.5 - 0.005 * at + 0.1 * noise.nextGaussian());
    train(100, at -> 2.0 + 0.02 * at + 0.1 * noise.nextGaussian());
    assertThat(kinds()).containsExactly(Kind.LOSS_RISING);
    assertThat(warnings.get(0).step()).isBetween(130, 180);
    assertThat(warnings.get(0).remedy()).contains("Lower the learning rate");
  }

  @Test
  void aLossThatFallsSteeplyToTheEndAsksForMoreTraining() {
    Random noise = new Random(5);
    evaluate(4.3);
    train(125, at -> 4.3 - 0.008 * at + 0.1 * noise.nextGaussian());
    evaluate(3.4);
    train(125, at -> 3.3 - 0.008 * at + 0.1 * noise.nextGaussian());
    evaluate(2.5);
    end(StopReason.COMPLETED);
    assertThat(kinds()).containsExactly(Kind.STILL_FALLING);
    assertThat(warnings.get(0).text())
        .contains("still falling at the end: from 2.", "over the last 75 steps")
        .contains("the validation loss from 3.4000 to 2.5000")
        .contains("Train longer (more epochs)");
  }

  @Test
  void aLossThatHasFlattenedOrThatValidationDoesNotFollowDoesNot() {
    evaluate(4.3);
    train(125, at -> 1 + 3 * Math.exp(-at / 20.0));
    evaluate(1.2);
    train(125, at -> 1 + 3 * Math.exp(-(125 + at) / 20.0));
    evaluate(1.1);
    end(StopReason.COMPLETED);
    assertThat(kinds()).isEmpty();
    step = 0;
    watch.started(MadeUpRun.start(250));
    evaluate(4.3);
    train(125, at -> 4.3 - 0.008 * at);
    evaluate(3.4);
    train(125, at -> 3.3 - 0.008 * at);
    evaluate(3.39);
    end(StopReason.COMPLETED);
    assertThat(kinds()).isEmpty();
  }

  @Test
  void aRunThatWasStoppedIsNotAskedToGoOn() {
    train(250, at -> 4.3 - 0.008 * at);
    end(StopReason.STOP_REQUESTED);
    assertThat(kinds()).isEmpty();
  }

  @Test
  void memoryThatGrowsWithoutEndIsReported() {
    train(1000, at -> 3 - 0.002 * at, at -> 1, at -> (1L << 30) + at * (1L << 20));
    assertThat(kinds()).containsExactly(Kind.MEMORY_GROWING);
    assertThat(warnings.get(0).message())
        .isEqualTo(
            "The memory of the process rose from 1024 to 1524 MiB in 500 steps and went on"
                + " rising.");
  }

  @Test
  void memoryThatGrowsToALevelOrFollowsTheLengthOfTextsIsNot() {
    Random noise = new Random(4);
    train(
        2000,
        at -> 3 - 0.001 * at,
        at -> 1,
        at -> (1L << 30) + Math.min(at, 300) * (2L << 20) + (long) (1e9 * noise.nextDouble()));
    assertThat(kinds()).isEmpty();
  }

  @Test
  void eachKindIsSaidOnceARunAndAllAreKept() {
    for (int i = 0; i < 5; i++) {
      evaluate(Double.NaN);
      evaluate(0.001);
    }
    assertThat(kinds()).containsExactly(Kind.LOSS_NOT_FINITE, Kind.LOSS_NEAR_ZERO);
    assertThat(watch.raised()).isEqualTo(warnings);
    watch.started(MadeUpRun.start(10));
    assertThat(watch.raised()).isEmpty();
    evaluate(Double.NaN);
    assertThat(kinds()).hasSize(3);
  }

  @Test
  void everyEventReachesTheListenersBeforeItsWarning() {
    List<String> calls = new ArrayList<>();
    EarlyWarnings before =
        EarlyWarnings.before(
            List.of(
                new TrainingListener() {
                  @Override
                  public void evaluated(EvaluationEvent event) {
                    calls.add("evaluated");
                  }

                  @Override
                  public void warned(TrainingWarning warning) {
                    calls.add("warned");
                  }
                }));
    before.started(MadeUpRun.start(10));
    before.evaluated(EvaluationEvent.of(0, Double.NaN, false));
    assertThat(calls).containsExactly("evaluated", "warned");
  }

  private List<Kind> kinds() {
    return warnings.stream().map(TrainingWarning::kind).toList();
  }

  private void evaluate(double loss) {
    watch.evaluated(EvaluationEvent.of(step, loss, false));
  }

  private void end(StopReason reason) {
    watch.ended(
        new RunEnd(reason, step, OptionalInt.empty(), OptionalDouble.empty(), Duration.ZERO));
  }

  private void skip(String reason) {
    watch.skipped(new SkippedStep(++step, 1000, reason, Double.NaN, Double.NaN, 1));
  }

  private void train(int steps, IntToDoubleFunction loss) {
    train(steps, loss, at -> 1, at -> 0);
  }

  private void train(
      int steps, IntToDoubleFunction loss, IntToDoubleFunction norm, IntToLongFunction resident) {
    for (int at = 0; at < steps; at++) {
      long bytes = resident.applyAsLong(at);
      ResourceUse use =
          new ResourceUse(
              OptionalLong.empty(),
              bytes == 0 ? OptionalLong.empty() : OptionalLong.of(bytes),
              OptionalDouble.empty());
      watch.step(MadeUpRun.step(++step, loss.applyAsDouble(at), norm.applyAsDouble(at), 1e-4, use));
    }
  }
}
