package io.adapt4j.verification;

import static io.adapt4j.verification.ExampleFiles.example;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.preference.Reference;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.Lora;
import io.adapt4j.qlora.QLora;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adapters that learn preferences, compared with the base with the adapter off. */
class LoraPreferenceTest {

  @TempDir private Path folder;

  private final List<StepEvent> steps = new ArrayList<>();

  @Test
  void heldOutAnswersArePreferredAfterTraining() {
    long before = Tensor.live();
    FineTuneReport report =
        tuner(Lora.rank(8), dpo(Reference.base())).epochs(4).keepBest().build().run();
    assertThat(Tensor.live()).isEqualTo(before);
    assertThat(steps.get(0).loss()).isCloseTo(Math.log(2), within(1e-6));
    assertThat(steps.get(0).metrics().get("accuracy")).isZero();
    assertThat(report.bestMetrics().get("accuracy")).isEqualTo(1);
    assertThat(report.bestMetrics().get("margin")).isGreaterThan(0.5);
  }

  @Test
  void aBaseOfFourBitsIsItsOwnReference() {
    FineTuneReport report =
        tuner(QLora.nf4().rank(8), dpo(Reference.base())).epochs(4).keepBest().build().run();
    assertThat(steps.get(0).loss()).isCloseTo(Math.log(2), within(1e-6));
    assertThat(report.bestMetrics().get("accuracy")).isGreaterThan(0.8);
  }

  @Test
  void aReferenceAskedBeforehandGivesTheSameSteps() {
    tuner(Lora.rank(8), dpo(Reference.base())).build().run();
    List<Double> asked = steps.stream().map(StepEvent::loss).toList();
    steps.clear();
    tuner(Lora.rank(8), dpo(Reference.precomputed()))
        .output(folder.resolve("stored"))
        .build()
        .run();
    for (int step = 0; step < asked.size(); step++) {
      assertThat(steps.get(step).loss()).isCloseTo(asked.get(step), within(1e-5));
    }
  }

  @Test
  void anInterruptedRunEndsInTheSameAdapter() {
    for (Task task : List.of(dpo(Reference.base()), Task.preference(PreferenceLoss.kto(0.1)))) {
      Path whole = folder.resolve("whole-" + task.hashCode());
      Path cut = folder.resolve("cut-" + task.hashCode());
      Lora method = Lora.rank(4).dropout(0.1);
      Path expected = tuner(method, task).output(whole).build().run().last();
      FineTuner[] running = new FineTuner[1];
      running[0] =
          tuner(method, task)
              .output(cut)
              .listener(
                  new TrainingListener() {
                    @Override
                    public void step(StepEvent event) {
                      if (event.step() == 2) {
                        running[0].stop();
                      }
                    }
                  })
              .build();
      running[0].run();
      Path found = tuner(method, task).output(cut).resume().build().run().last();
      assertThat(found.resolve("adapter_model.safetensors"))
          .hasSameBinaryContentAs(expected.resolve("adapter_model.safetensors"));
    }
  }

  private static Task dpo(Reference reference) {
    return Task.preference(PreferenceLoss.dpo(0.1)).reference(reference);
  }

  private FineTuner.Builder tuner(FineTuningMethod method, Task task) {
    return FineTuner.builder()
        .model(ModelSource.path(example("models/stories260K")))
        .task(task)
        .dataset(data())
        .method(method)
        .precision(Precision.FP32)
        .learningRate(3e-3)
        .batchSize(8)
        .epochs(2)
        .listener(
            new TrainingListener() {
              @Override
              public void step(StepEvent event) {
                steps.add(event);
              }
            })
        .output(folder.resolve("run"));
  }

  /** Cats are better than dogs. */
  private static Split data() {
    List<String> starts = List.of("Lily saw", "Tom had", "She wanted", "They liked", "He found");
    List<Example> rows = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      String prompt = starts.get(i % starts.size()) + " a" + " very".repeat(i / 5) + " big";
      rows.add(new Example.Preference(prompt, " cat.", " dog."));
    }
    Dataset all = Datasets.of(rows);
    return new Split(all.subset(IntStream.range(8, 32).toArray()), all.take(8), all.take(0));
  }
}
