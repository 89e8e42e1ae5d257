package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.SmallEncoder;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.task.TaskDefinitions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.preference.Reference;
import io.adapt4j.core.task.PreferenceTask;
import io.adapt4j.core.task.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run does where nothing is said depends on its method and its task, and can be seen. */
class DefaultsByMethodTest {

  @TempDir private Path folder;

  @Test
  void aPlanShowsTheDefaultsAndWhatTheyAreFor() throws IOException {
    FineTunePlan plan = tokens().build().plan();
    assertThat(values(plan))
        .contains(
            entry("learningRate", "2e-05"),
            entry("epochs", "3"),
            entry("batchSize", "8"),
            entry("warmup", "0.03 of the steps"));
    assertThat(plan.options()).allMatch(FineTunePlan.Option::isDefault);
    assertThat(plan.questions()).isEmpty();
    assertThat(plan.text())
        .contains(
            "learningRate   2e-05 (default; usual are 1e-06 to 5e-05 for full fine-tuning on next"
                + " tokens (",
            "epochs         3 (default)",
            "batchSize      8 (default)")
        .doesNotContain("Warning");
  }

  @Test
  void whatIsStatedIsShownAsSuchAndQuestionedWhereItIsAbsurd() throws IOException {
    FineTuner tuner = tokens().learningRate(1).batchSize(4).build();
    assertThat(tuner.questions())
        .singleElement()
        .asString()
        .startsWith("learningRate 1 is above what is usual, 1e-06 to 5e-05 for full fine-tuning")
        .contains("forget");
    FineTunePlan plan = tuner.plan();
    assertThat(plan.options())
        .extracting(FineTunePlan.Option::name, FineTunePlan.Option::isDefault)
        .containsExactly(
            tuple("learningRate", false),
            tuple("epochs", true),
            tuple("batchSize", false),
            tuple("warmup", true));
    assertThat(plan.questions()).isEqualTo(tuner.questions());
    assertThat(plan.text()).startsWith("Warning: learningRate 1 is above");
    JsonNode json = Json.written(plan.json());
    assertThat(json.path("warnings").get(0).asText()).isEqualTo(tuner.questions().get(0));
    assertThat(json.path("options").get(0).path("value").asText()).isEqualTo("1");
    assertThat(json.path("options").get(1).path("default").asBoolean()).isTrue();
  }

  @Test
  void tasksHaveDefaultsOfTheirOwn() throws IOException {
    Path encoder = SmallEncoder.write(folder.resolve("encoder"));
    Dataset found =
        Datasets.of(
            List.of(
                new Example.QueryPassage("the cat", "a cat"),
                new Example.QueryPassage("the dog", "a dog")));
    assertThat(values(on(encoder, Task.embeddings(), found).build().plan()))
        .contains(entry("learningRate", "2e-05"), entry("epochs", "3"), entry("batchSize", "32"));
    Dataset classified =
        Datasets.of(
            List.of(
                new Example.Classified("the cat", "cat"), new Example.Classified("a dog", "dog")));
    assertThat(values(on(encoder, Task.classification(), classified).build().plan()))
        .contains(entry("learningRate", "5e-05"), entry("epochs", "3"), entry("batchSize", "16"));
    Dataset preferred = Datasets.of(List.of(new Example.Preference("Tom ", "was happy", "sat")));
    PreferenceTask dpo = Task.preference(PreferenceLoss.dpo(0.1));
    assertThat(
            values(
                on(
                        SmallModel.write(folder.resolve("model")),
                        dpo.reference(Reference.precomputed()),
                        preferred)
                    .build()
                    .plan()))
        .contains(entry("learningRate", "5e-07"), entry("epochs", "1"), entry("batchSize", "8"));
    PreferenceTask orpo = Task.preference(PreferenceLoss.orpo(0.1));
    assertThat(TaskDefinitions.of(dpo).kind(dpo)).isEqualTo(TaskKind.PREFERENCE);
    assertThat(TaskDefinitions.of(orpo).kind(orpo))
        .isEqualTo(TaskKind.PREFERENCE_WITHOUT_REFERENCE);
  }

  @Test
  void optimizersWithRatesOfTheirOwnAreNotMeasuredByAdams() throws IOException {
    FineTunePlan lion = tokens().optimizer(Optimizer.lion()).build().plan();
    assertThat(values(lion)).contains(entry("learningRate", "4e-06"));
    assertThat(tokens().optimizer(Optimizer.sgd(0.9)).learningRate(0.5).build().questions())
        .isEmpty();
    assertThat(tokens().optimizer(Optimizer.adafactor()).learningRate(0.5).build().questions())
        .hasSize(1);
  }

  private static Map<String, String> values(FineTunePlan plan) {
    return plan.options().stream()
        .collect(Collectors.toMap(FineTunePlan.Option::name, FineTunePlan.Option::value));
  }

  private FineTuner.Builder tokens() throws IOException {
    return on(
        SmallModel.write(folder.resolve("base")), Task.nextTokens(), SmallModel.sentences(20));
  }

  private FineTuner.Builder on(Path base, Task task, Dataset data) {
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .task(task)
        .dataset(data)
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .output(folder.resolve("run"));
  }
}
