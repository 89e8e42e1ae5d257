package io.adapt4j.verification;

import static io.adapt4j.verification.ExampleFiles.example;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.TokenClassifier;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.Task;
import io.adapt4j.lora.Ia3;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.Miss;
import io.adapt4j.lora.Oft;
import io.adapt4j.lora.Shira;
import io.adapt4j.upkeep.feedback.PersonalData;
import io.adapt4j.upkeep.feedback.TokenClassifierFinder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Classifiers trained with LoRA on a decoder: the new output layer trains and is saved with it. */
class LoraTaskTest {

  private static final Path STORIES = example("models/stories260K");
  private static final ModelSource BASE = ModelSource.path(STORIES);

  @TempDir private Path folder;

  @Test
  void theScoresOfClassesAreSavedWithTheAdapterAndLoadWithTheBase() throws IOException {
    long before = Tensor.live();
    Split data = split(i -> new Example.Classified(text(i), i % 2 == 0 ? "big" : "red"));
    FineTuneReport report = train(Task.classification(), data);
    assertThat(report.bestMetrics().get("accuracy")).isEqualTo(1);

    JsonNode config =
        new ObjectMapper().readTree(report.best().resolve("adapter_config.json").toFile());
    assertThat(config.get("task_type").asText()).isEqualTo("SEQ_CLS");
    assertThat(config.get("modules_to_save").toString()).isEqualTo("[\"classifier\",\"score\"]");
    SafetensorsFile weights =
        SafetensorsFile.open(report.best().resolve("adapter_model.safetensors"));
    assertThat(weights.entries().keySet())
        .contains(
            "base_model.model.score.weight",
            "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight");

    LoraAdapter adapter = LoraAdapter.at(report.best());
    Path merged = folder.resolve("merged");
    adapter.writeMerged(STORIES, merged);
    try (Checkpoint checkpoint = Checkpoint.open(merged)) {
      assertThat(checkpoint.names()).contains("score.weight").doesNotContain("lm_head.weight");
    }
    try (TextClassifier adapted = TextClassifier.load(BASE, Precision.FP32, adapter);
        TextClassifier whole = TextClassifier.load(ModelSource.path(merged), Precision.FP32)) {
      for (int i = 0; i < 8; i++) {
        assertThat(adapted.classify(text(i)).label()).isEqualTo(i % 2 == 0 ? "big" : "red");
        assertThat(whole.classify(text(i)).score("big"))
            .isCloseTo(adapted.classify(text(i)).score("big"), within(1e-4));
      }
    }
    // PEFT leaves the names of the classes to whoever loads the base.
    Path peft = Files.createDirectories(folder.resolve("peft"));
    for (String file : List.of("adapter_config.json", "adapter_model.safetensors")) {
      Files.copy(report.best().resolve(file), peft.resolve(file));
    }
    try (TextClassifier named = TextClassifier.load(BASE, Precision.FP32, adapter);
        TextClassifier numbered = TextClassifier.load(BASE, Precision.FP32, LoraAdapter.at(peft))) {
      assertThat(numbered.labels()).containsExactly("LABEL_0", "LABEL_1");
      assertThat(numbered.classify(text(0)).score("LABEL_0"))
          .isEqualTo(named.classify(text(0)).score(named.labels().get(0)));
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void theClassesOfWordsAreSavedSoToo() {
    Split data =
        split(
            i ->
                new Example.Tagged(
                    List.of("Lily", "saw", "a", i % 2 == 0 ? "dog" : "ball"),
                    List.of("PER", "O", "O", i % 2 == 0 ? "ANI" : "O")));
    FineTuneReport report = train(Task.tokenClassification(), data);
    assertThat(report.bestMetrics().get("accuracy")).isEqualTo(1);
    try (TokenClassifier classifier = TokenClassifier.load(BASE, LoraAdapter.at(report.best()))) {
      assertThat(classifier.tagWords(List.of("Lily", "saw", "a", "dog")))
          .extracting(wordLabel -> wordLabel.label().orElse(""))
          .containsExactly("PER", "O", "O", "ANI");
    }
  }

  /** Tags in BIOES form, as those of models for personal data are. */
  @Test
  void entitiesInBioesFormAreMasked() {
    Split data =
        split(
            i ->
                new Example.Tagged(
                    List.of("Lily", "saw", i % 2 == 0 ? "big" : "red", "ball", "and", "ran"),
                    List.of("S-PERSON", "O", "B-THING", "E-THING", "O", "O")));
    FineTuneReport report = train(Task.tokenClassification(), data);
    assertThat(report.bestMetrics().get("accuracy")).isEqualTo(1);
    try (TokenClassifier classifier = TokenClassifier.load(BASE, LoraAdapter.at(report.best()))) {
      PersonalData masking =
          PersonalData.patterns().and(new TokenClassifierFinder(classifier, 0.5));
      assertThat(masking.mask("Lily saw red ball and ran"))
          .isEqualTo("[PERSON] saw [THING] and ran");
    }
  }

  /** Their first token is the space before them, whose class is that of the whole word. */
  @Test
  void wordsOfUnknownCharactersAreWholeEntities() {
    Split data =
        split(
            i ->
                new Example.Tagged(
                    List.of("Lily", "saw", "a", i % 2 == 0 ? "Ω" : "漢字", "and", "ran"),
                    List.of("O", "O", "O", "B-SIGN", "O", "O")));
    FineTuneReport report = train(Task.tokenClassification(), data);
    assertThat(report.bestMetrics().get("accuracy")).isEqualTo(1);
    try (TokenClassifier classifier = TokenClassifier.load(BASE, LoraAdapter.at(report.best()))) {
      for (String sign : List.of("Ω", "漢字")) {
        assertThat(classifier.tagWords(List.of("Lily", "saw", "a", sign, "and", "ran")).get(3))
            .extracting(wordLabel -> wordLabel.label().orElse(""))
            .isEqualTo("B-SIGN");
        assertThat(classifier.entities("Lily saw a " + sign + " and ran"))
            .singleElement()
            .satisfies(
                entity -> {
                  assertThat(entity.type()).isEqualTo("SIGN");
                  assertThat(entity.text()).isEqualTo(sign);
                });
      }
    }
  }

  /** The fit is in the adapter that is saved before a step is made, and goes on from there. */
  @ParameterizedTest
  @ValueSource(strings = {"lora", "ia3"})
  void aNewClassifierIsFittedBeforeTrainingAndSavedWithTheAdapter(String name) {
    FineTuningMethod method = name.equals("lora") ? Lora.rank(4) : Ia3.create();
    Split data = split(i -> new Example.Classified(text(i), i % 2 == 0 ? "big" : "red"));
    FineTuner.Builder builder =
        FineTuner.builder()
            .model(BASE)
            .task(Task.classification())
            .dataset(data)
            .method(method)
            .precision(Precision.FP32)
            .learningRate(1e-12)
            .maxSteps(1)
            .keepBest();
    FineTuneReport report = builder.output(folder.resolve("run")).build().run();
    assertThat(report.initialMetrics().get("accuracy")).isEqualTo(1);
    try (TextClassifier adapted =
        TextClassifier.load(BASE, Precision.FP32, Adapter.at(report.best()))) {
      for (int i = 0; i < 8; i++) {
        assertThat(adapted.classify(text(i)).label()).isEqualTo(i % 2 == 0 ? "big" : "red");
      }
    }
    if (name.equals("lora")) {
      FineTuner next =
          builder.method(Lora.continuing(report.last())).output(folder.resolve("next")).build();
      assertThat(next.plan().options()).noneMatch(option -> option.name().equals("headWarmStart"));
      assertThat(next.run().initialValidationLoss().orElseThrow())
          .isCloseTo(report.lastValidationLoss().orElseThrow(), within(1e-6));
    }
  }

  /** Every kind of adapter trains and saves the output layer, as LoRA does. */
  @ParameterizedTest
  @ValueSource(strings = {"ia3", "miss", "shira", "oft"})
  void theScoresOfClassesAreSavedWithAdaptersOfEveryKind(String name) throws IOException {
    FineTuningMethod method =
        switch (name) {
          case "ia3" -> Ia3.create();
          case "miss" -> Miss.rank(8);
          case "shira" -> Shira.rank(4);
          default -> Oft.blockSize(16);
        };
    Split data = split(i -> new Example.Classified(text(i), i % 2 == 0 ? "big" : "red"));
    FineTuneReport report = train(Task.classification(), data, method, 30);
    assertThat(report.bestMetrics().get("accuracy")).isEqualTo(1);
    JsonNode config =
        new ObjectMapper().readTree(report.best().resolve("adapter_config.json").toFile());
    assertThat(config.get("task_type").asText()).isEqualTo("SEQ_CLS");
    assertThat(config.get("modules_to_save").toString()).isEqualTo("[\"classifier\",\"score\"]");
    try (TextClassifier adapted =
        TextClassifier.load(BASE, Precision.FP32, Adapter.at(report.best()))) {
      for (int i = 0; i < 8; i++) {
        assertThat(adapted.classify(text(i)).label()).isEqualTo(i % 2 == 0 ? "big" : "red");
      }
    }
  }

  @Test
  void anAdapterOfAnotherTaskIsRefused() {
    Split data = split(i -> new Example.Classified(text(i), i % 2 == 0 ? "big" : "red"));
    FineTuneReport report = train(Task.classification(), data);
    assertThatThrownBy(() -> TokenClassifier.load(BASE, LoraAdapter.at(report.best())))
        .hasMessageContaining("ForTokenClassification");
  }

  private FineTuneReport train(Task task, Split data) {
    return train(task, data, Lora.rank(4).alpha(8), 6);
  }

  private FineTuneReport train(Task task, Split data, FineTuningMethod method, int epochs) {
    return FineTuner.builder()
        .model(BASE)
        .task(task)
        .dataset(data)
        .method(method)
        .precision(Precision.FP32)
        .epochs(epochs)
        .learningRate(1e-2)
        .batchSize(8)
        .keepBest()
        .output(folder.resolve("run"))
        .build()
        .run();
  }

  private static String text(int i) {
    return "Lily saw a " + (i % 2 == 0 ? "big" : "red") + " ball" + " and ran".repeat(i / 2 % 3);
  }

  private static Split split(IntFunction<Example> row) {
    Dataset all = Datasets.of(IntStream.range(0, 48).mapToObj(row).toList());
    return new Split(all, all.take(12), all.take(0));
  }
}
