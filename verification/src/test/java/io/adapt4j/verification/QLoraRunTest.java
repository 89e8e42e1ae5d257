package io.adapt4j.verification;

import static io.adapt4j.verification.ExampleFiles.example;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.memory.MemoryNames;
import io.adapt4j.core.internal.plan.RunPlan;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.regularization.Regularization;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.qlora.QLora;
import io.adapt4j.qlora.Quantization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** QLoRA on the real small model, by the same means as any other method. */
class QLoraRunTest {

  private static final ModelSource BASE = ModelSource.path(example("models/stories260K"));
  private static final QLora METHOD = QLora.nf4().rank(4).dropout(0.1);

  @TempDir private Path folder;

  @Test
  void aRunLearnsAndItsAdapterServesBothBases() {
    long before = Tensor.live();
    Map<Integer, Double> losses = new TreeMap<>();
    FineTuneReport report =
        tuner(folder.resolve("run"), Precision.FP32, losses, 0)
            .method(QLora.nf4().rank(4))
            .epochs(6)
            .learningRate(5e-3)
            .build()
            .run();
    assertThat(losses.get(24)).isLessThan(losses.get(1) - 0.3);
    LoraAdapter adapter = LoraAdapter.at(report.last());
    double base = score(Quantization.nf4());
    double fourBit = score(Quantization.nf4(), adapter);
    assertThat(fourBit).isGreaterThan(base + 0.3);
    try (LanguageModel plain = LanguageModel.load(BASE, Precision.FP32, adapter)) {
      assertThat(mean(plain)).isCloseTo(fourBit, within(0.1));
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static double score(Quantization quantization, LoraAdapter... adapters) {
    try (LanguageModel model = LanguageModel.load(BASE, quantization, Precision.FP32, adapters)) {
      return mean(model);
    }
  }

  /** The mean log-probability of a token of the first passage. */
  private static double mean(LanguageModel model) {
    String text =
        ((Example.Text) Datasets.jsonl(example("data/shakespeare/passages.jsonl")).get(0)).text();
    TokenScores scores = model.score("", text.substring(0, 150));
    return scores.sum() / scores.tokenIds().size();
  }

  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"FP32", "BF16"})
  void anInterruptedRunEndsInTheSameAdapter(Precision precision) throws IOException {
    Map<Integer, Double> whole = new TreeMap<>();
    Path expected = tuner(folder.resolve("whole"), precision, whole, 0).build().run().last();

    Map<Integer, Double> parts = new TreeMap<>();
    interrupt(precision, parts);
    Path found = tuner(folder.resolve("cut"), precision, parts, 3).resume().build().run().last();

    assertThat(parts).isEqualTo(whole);
    assertThat(Files.readAllBytes(found.resolve("adapter_model.safetensors")))
        .isEqualTo(Files.readAllBytes(expected.resolve("adapter_model.safetensors")));
  }

  private void interrupt(Precision precision, Map<Integer, Double> losses) {
    FineTuner[] running = new FineTuner[1];
    running[0] =
        tuner(folder.resolve("cut"), precision, losses, 0)
            .listener(
                new TrainingListener() {
                  @Override
                  public void step(StepEvent event) {
                    if (event.step() == 3) {
                      running[0].stop();
                    }
                  }
                })
            .build();
    running[0].run();
  }

  @Test
  void aRunDoesNotGoOnOverAnotherQuantization() {
    interrupt(Precision.FP32, new TreeMap<>());
    for (QLora other :
        new QLora[] {METHOD.blockSize(128), METHOD.doubleQuant(false), METHOD.skip("o_proj")}) {
      FineTuner tuner =
          tuner(folder.resolve("cut"), Precision.FP32, new TreeMap<>(), 3)
              .method(other)
              .resume()
              .build();
      assertThatThrownBy(tuner::run).hasMessageContaining("method");
    }
  }

  @Test
  void anAdapterGoesOnFromAStoredOne() {
    Path first =
        tuner(folder.resolve("first"), Precision.FP32, new TreeMap<>(), 0).build().run().last();
    Map<Integer, Double> losses = new TreeMap<>();
    tuner(folder.resolve("second"), Precision.FP32, losses, 0)
        .method(QLora.of(Quantization.nf4(), Lora.continuing(first)))
        .build()
        .run();
    assertThat(losses).hasSize(8);
    Provenance record = Provenance.find(folder.resolve("second")).orElseThrow();
    assertThat(record.json().at("/configuration/method/qlora/type").textValue()).isEqualTo("nf4");
    assertThat(record.json().at("/configuration/method/qlora/continuing").textValue())
        .isEqualTo(first.toAbsolutePath().normalize().toString());
    assertThat(record.json().at("/configuration/gradientCheckpointing").booleanValue()).isTrue();
  }

  @Test
  void aRecordedRunCanBeDoneAgain() throws IOException {
    Path first =
        tuner(folder.resolve("run"), Precision.FP32, new TreeMap<>(), 0).build().run().last();
    Path again = FineTuner.repeat(folder.resolve("run")).build().run().last();
    assertThat(Files.readAllBytes(again.resolve("adapter_model.safetensors")))
        .isEqualTo(Files.readAllBytes(first.resolve("adapter_model.safetensors")));
  }

  @Test
  void theBaseInFourBitsIsTheReferenceOfAPenalty() {
    long before = Tensor.live();
    Regularization penalty =
        Regularization.klToBase(Datasets.jsonl(example("data/tinystories/stories.jsonl")).take(8));
    Map<Integer, Double> losses = new TreeMap<>();
    tuner(folder.resolve("run"), Precision.FP32, losses, 0).regularize(penalty).build().run();
    assertThat(losses).hasSize(8);
    assertThat(Tensor.live()).isEqualTo(before);
    FineTuner withHead =
        tuner(folder.resolve("head"), Precision.FP32, losses, 0)
            .method(METHOD.lora(lora -> lora.modulesToSave("lm_head")))
            .regularize(penalty)
            .build();
    assertThatThrownBy(withHead::run).hasMessageContaining("held packed");
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void itsPlanCountsWeightsInFourBitsAndRecomputedLayers() {
    FineTuner tuner = tuner(folder, Precision.FP32, new TreeMap<>(), 0).build();
    var forecast = ((RunPlan) tuner.plan()).forecast().orElseThrow();
    assertThat(forecast.recompute()).isTrue();
    // Five layers: q and o 64 x 64, k and v 32 x 64, three of 172 x 64; two weights a byte.
    assertThat(forecast.memory().lasting(MemoryNames.PACKED_CODES))
        .isEqualTo(5 * (2 * 64 * 64 + 2 * 32 * 64 + 3 * 172 * 64) / 2);
    assertThat(forecast.full()).isPresent();
    assertThat(tuner.plan().text()).contains("full fine-tuning with AdamW in fp32 would need");
  }

  private static FineTuner.Builder tuner(
      Path output, Precision precision, Map<Integer, Double> losses, int after) {
    return FineTuner.builder()
        .model(BASE)
        .dataset(Datasets.jsonl(example("data/shakespeare/passages.jsonl")).take(16))
        .method(METHOD)
        .epochs(2)
        .batchSize(4)
        .maxLength(64)
        .precision(precision)
        .evaluateEvery(Interval.steps(6))
        .output(output)
        .listener(
            new TrainingListener() {
              @Override
              public void step(StepEvent event) {
                assertThat(event.step()).isGreaterThan(after);
                losses.put(event.step(), event.loss());
              }
            });
  }
}
