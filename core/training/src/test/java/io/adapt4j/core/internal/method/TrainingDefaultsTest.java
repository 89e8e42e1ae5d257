package io.adapt4j.core.internal.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adapt4j.core.optim.Optimizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Defaults by method and task. */
class TrainingDefaultsTest {

  @ParameterizedTest
  @CsvSource({
    "NEXT_TOKENS, 2e-5, 2e-4, 3e-3, 3, 8, 0.03",
    "CLASSIFICATION, 5e-5, 2e-4, 3e-3, 3, 16, 0.03",
    "EMBEDDINGS, 2e-5, 5e-5, 1e-3, 3, 32, 0.1",
    "PREFERENCE, 5e-7, 5e-6, 1e-4, 1, 8, 0.1",
    "PREFERENCE_WITHOUT_REFERENCE, 1e-6, 1e-5, 2e-4, 1, 8, 0.1",
    "REWARD, 1e-5, 1e-4, 3e-3, 1, 8, 0.03",
    "REINFORCEMENT, 1e-6, 1e-4, 1.5e-3, 1, 8, 0.1"
  })
  void methodAndTaskDecide(
      TaskKind task,
      double full,
      double lowRank,
      double scaling,
      int epochs,
      int batchSize,
      double warmup) {
    assertThat(TrainingDefaults.fullFineTuning(task).learningRate()).isEqualTo(full);
    assertThat(TrainingDefaults.lowRank("LoRA", task).learningRate()).isEqualTo(lowRank);
    assertThat(TrainingDefaults.scaling("(IA)3", task).learningRate()).isEqualTo(scaling);
    TrainingDefaults any = TrainingDefaults.lowRank("LoRA", task);
    assertThat(any.epochs()).isEqualTo(epochs);
    assertThat(any.batchSize()).isEqualTo(batchSize);
    assertThat(any.warmupRatio()).isEqualTo(warmup);
  }

  @ParameterizedTest
  @EnumSource
  void everyDefaultHasASourceAndIsNotQuestioned(TaskKind task) {
    for (TrainingDefaults trainingDefaults :
        new TrainingDefaults[] {
          TrainingDefaults.fullFineTuning(task),
          TrainingDefaults.lowRank("LoRA", task),
          TrainingDefaults.scaling("(IA)3", task)
        }) {
      assertThat(trainingDefaults.source()).isNotBlank();
      assertThat(trainingDefaults.question(trainingDefaults.learningRate())).isEmpty();
      assertThat(trainingDefaults.question(trainingDefaults.lowestRate())).isEmpty();
      assertThat(trainingDefaults.question(trainingDefaults.highestRate())).isEmpty();
      assertThat(trainingDefaults.question(trainingDefaults.highestRate() * 1.01)).isPresent();
      assertThat(trainingDefaults.question(trainingDefaults.lowestRate() * 0.99)).isPresent();
    }
    assertThat(TrainingDefaults.fullFineTuning(task).learningRate())
        .isLessThan(TrainingDefaults.lowRank("LoRA", task).learningRate());
  }

  @Test
  void aRateOutsideTheRangeIsQuestionedWithTheRangeTheReasonAndTheRemedy() {
    TrainingDefaults full = TrainingDefaults.fullFineTuning(TaskKind.NEXT_TOKENS);
    assertThat(full.question(2e-4).orElseThrow())
        .startsWith(
            "learningRate 2e-04 is above what is usual, 1e-06 to 5e-05 for full fine-tuning on next"
                + " tokens")
        .contains("forget", "default of 2e-05");
    assertThat(full.question(1e-9).orElseThrow())
        .startsWith("learningRate 1e-09 is below")
        .contains("hardly learns");
  }

  @Test
  void ratesAreWrittenAsTheFieldWritesThem() {
    assertThat(TrainingDefaults.text(2e-5)).isEqualTo("2e-05");
    assertThat(TrainingDefaults.text(1.5e-4)).isEqualTo("1.5e-04");
    assertThat(TrainingDefaults.text(0.003)).isEqualTo("0.003");
    assertThat(TrainingDefaults.text(1)).isEqualTo("1");
    assertThat(TrainingDefaults.text(1e7)).isEqualTo("1e+07");
  }

  @Test
  void ratesFollowTheOptimizer() {
    assertThat(Optimizer.adamW().usualRateFactor()).hasValue(1);
    assertThat(Optimizer.lion().usualRateFactor().orElseThrow()).isBetween(0.1, 1.0 / 3);
    assertThat(Optimizer.sgd(0.9).usualRateFactor()).isEmpty();
    TrainingDefaults scaled =
        TrainingDefaults.fullFineTuning(TaskKind.NEXT_TOKENS).scaledRates("with Lion", 0.2);
    assertThat(scaled.learningRate()).isEqualTo(2e-5 * 0.2);
    assertThat(scaled.purpose()).isEqualTo("with Lion on next tokens");
  }

  @Test
  void aDefaultOutsideItsOwnRangeIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new TrainingDefaults(
                    "mine", TaskKind.NEXT_TOKENS, 1, 1e-5, 1e-3, 3, 8, 0.03, "nobody"))
        .withMessageContaining("learningRate");
  }
}
