package io.adapt4j.verification;

import static io.adapt4j.verification.ExampleFiles.example;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraInit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An adapter on the real small model, trained with dropout and interrupted. */
class LoraResumeTest {

  private enum Kind {
    PLAIN,
    VARIANT,
    EVA;

    Lora method() {
      return switch (this) {
        case PLAIN -> Lora.rank(4).dropout(0.1);
        case VARIANT ->
            Lora.rank(4).dora().initialize(LoraInit.pissa(4)).rankOf("v_proj", 2).plus(4);
        case EVA -> Lora.rank(4).dropout(0.1).initialize(LoraInit.eva());
      };
    }
  }

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"FP32,PLAIN", "BF16,PLAIN", "FP32,VARIANT", "BF16,VARIANT", "FP32,EVA"})
  void anInterruptedRunEndsInTheSameAdapter(Precision precision, Kind kind) throws IOException {
    Map<Integer, Double> whole = new TreeMap<>();
    FineTuner uninterrupted = tuner(folder.resolve("whole"), precision, kind, whole, 0).build();
    Path expected = uninterrupted.run().last();

    Map<Integer, Double> parts = new TreeMap<>();
    Stopping first = new Stopping(parts, 3);
    first.tuner =
        tuner(folder.resolve("cut"), precision, kind, new TreeMap<>(), 0).listener(first).build();
    first.tuner.run();
    Path found =
        tuner(folder.resolve("cut"), precision, kind, parts, 3).resume().build().run().last();

    assertThat(parts).isEqualTo(whole);
    assertThat(Files.readAllBytes(found.resolve("adapter_model.safetensors")))
        .isEqualTo(Files.readAllBytes(expected.resolve("adapter_model.safetensors")));
  }

  private static FineTuner.Builder tuner(
      Path output, Precision precision, Kind kind, Map<Integer, Double> losses, int after) {
    return FineTuner.builder()
        .model(ModelSource.path(example("models/stories260K")))
        .dataset(Datasets.jsonl(example("data/shakespeare/passages.jsonl")).take(16))
        .method(kind.method())
        .neftune(kind == Kind.VARIANT ? 5 : 0)
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

  /** Asks a run to stop after some steps. */
  private static final class Stopping implements TrainingListener {

    private final Map<Integer, Double> losses;
    private final int last;
    private FineTuner tuner;

    Stopping(Map<Integer, Double> losses, int last) {
      this.losses = losses;
      this.last = last;
    }

    @Override
    public void step(StepEvent event) {
      losses.put(event.step(), event.loss());
      if (event.step() == last) {
        tuner.stop();
      }
    }
  }
}
