package io.adapt4j.verification;

import static io.adapt4j.verification.ExampleFiles.example;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.method.TrainingDefaults;
import io.adapt4j.core.internal.train.Neftune;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.RunOutcome;
import io.adapt4j.lora.Ia3;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.Targets;
import io.adapt4j.qlora.QLora;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adapters have defaults of their own, and absurd ranks do not train. */
class MethodDefaultsTest {

  private static final ModelSource STORIES = ModelSource.path(example("models/stories260K"));

  @TempDir private Path folder;

  @Test
  void everyMethodStatesItsOwn() {
    assertThat(rate(FullFineTuning.create())).isEqualTo(2e-5);
    assertThat(rate(Lora.rank(8))).isEqualTo(2e-4);
    assertThat(rate(Lora.rank(8).dora())).isEqualTo(2e-4);
    assertThat(rate(Ia3.create())).isEqualTo(3e-3);
    assertThat(rate(QLora.nf4())).isEqualTo(2e-4);
    assertThat(rate(Neftune.of(Lora.rank(8), 5))).isEqualTo(2e-4);
    assertThat(rate(Lora.rank(8).plus(16))).isEqualTo(5e-5);
    assertThat(Methods.of(QLora.nf4()).defaults(TaskKind.PREFERENCE).purpose())
        .isEqualTo("QLoRA on preferences with a reference model");
    assertThat(Methods.of(Lora.rank(8).dora()).defaults(TaskKind.REWARD).method())
        .isEqualTo("DoRA");
    assertThat(Methods.of(Ia3.create()).defaults(TaskKind.REWARD).method()).isEqualTo("(IA)3");
  }

  private static double rate(FineTuningMethod method) {
    TrainingDefaults defaults = Methods.of(method).defaults(TaskKind.NEXT_TOKENS);
    return defaults.learningRate();
  }

  @Test
  void aPlanNamesTheMethod() {
    FineTunePlan plan = tuner(Lora.rank(8)).build().plan();
    assertThat(plan.text()).contains("2e-04 (default; usual are 1e-05 to 0.002 for LoRA on next");
    assertThat(tuner(Lora.rank(8)).learningRate(0.5).build().questions())
        .singleElement()
        .asString()
        .contains("learningRate 0.5 is above", "LoRA on next tokens");
  }

  /** 64 wide, with 32 wide keys and values and 172 wide inner layers. */
  @Test
  void aRankThatNoProjectionCanUseIsRefusedWithTheRemedy() {
    for (FineTuningMethod method :
        List.of(Lora.rank(10_000), QLora.nf4().rank(10_000), Lora.rank(65), Lora.rank(65).dora())) {
      assertThatExceptionOfType(SettingsException.class)
          .isThrownBy(() -> tuner(method).build())
          .withMessageContaining("is above the smaller dimension of every projection it adapts")
          .withMessageContaining("at most 64")
          .withMessageContaining("Lower the rank");
    }
  }

  @Test
  void aRankThatSomeProjectionsCannotUseIsQuestioned() {
    FineTuner tuner = tuner(Lora.rank(64)).build();
    assertThat(tuner.questions())
        .singleElement()
        .asString()
        .contains("rank 64 is above", "k_proj has 64 inputs and 32 outputs", "rankOf");
    assertThat(tuner.plan().text()).startsWith("Warning: The rank 64");
    assertThat(tuner(Lora.rank(64).targets(Targets.names("q_proj", "o_proj"))).build().questions())
        .isEmpty();
    assertThat(tuner(Lora.rank(64).rankOf("[kv]_proj", 16)).build().questions()).isEmpty();
    assertThat(tuner(Lora.rank(32)).build().questions()).isEmpty();
  }

  @Test
  void theBestAdapterOfARuinedRunChangesNothing() {
    FineTuneReport report =
        tuner(Lora.rank(4))
            .learningRate(5)
            .maxSteps(6)
            .evaluateEvery(Interval.steps(2))
            .keepBest()
            .build()
            .run();
    assertThat(report.outcome()).isEqualTo(RunOutcome.WORSE);
    assertThat(report.text()).startsWith("WARNING: The run ended worse than it began");
    GenerationOptions greedy = GenerationOptions.greedy().toBuilder().maxNewTokens(12).build();
    try (LanguageModel base = LanguageModel.load(STORIES, Precision.FP32);
        LanguageModel best =
            LanguageModel.load(STORIES, Precision.FP32, LoraAdapter.at(report.best()))) {
      assertThat(best.score("Lily saw", " a red ball").logProbabilities())
          .isEqualTo(base.score("Lily saw", " a red ball").logProbabilities());
      assertThat(best.generate("Lily saw", greedy)).isEqualTo(base.generate("Lily saw", greedy));
    }
  }

  private FineTuner.Builder tuner(FineTuningMethod method) {
    Dataset rows =
        Datasets.of(
            IntStream.range(0, 24)
                .<Example>mapToObj(i -> new Example.Text("Lily saw " + i + " red balls."))
                .toList());
    return FineTuner.builder()
        .model(STORIES)
        .dataset(rows.split(0.75, 0.25, 0, 1))
        .method(method)
        .precision(Precision.FP32)
        .output(folder.resolve("run"));
  }
}
