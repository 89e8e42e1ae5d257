package extensions;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.Lora;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** A model of 260,000 parameters, and data that it learns in seconds. */
final class Tiny {

  static final Path ROOT = Path.of(System.getProperty("adapt4j.documents")).normalize();
  static final Path MODEL = ROOT.resolve("examples/models/stories260K");

  private static final List<String> ENDS =
      List.of("the moon.", "a big red ball.", "her dog.", "a car.");

  private Tiny() {}

  static ModelSource model() {
    return ModelSource.path(MODEL);
  }

  static Dataset texts() {
    return rows(i -> new Example.Text("Once upon a time Lily saw " + ENDS.get(i % 4)));
  }

  static Dataset pairs() {
    return rows(i -> new Example.Preference("Lily saw", " " + ENDS.get(i % 4), " nothing."));
  }

  private static Dataset rows(IntFunction<Example> row) {
    return Datasets.of(IntStream.range(0, 24).mapToObj(row).toList());
  }

  /** LoRA over twelve steps. */
  static FineTuner.Builder tuner(Path output) {
    return FineTuner.builder()
        .model(model())
        .dataset(texts().split(0.8, 0.2, 0, 1))
        .method(Lora.rank(4))
        .epochs(3)
        .maxSteps(12)
        .batchSize(4)
        .learningRate(2e-3)
        .output(output);
  }

  static List<Double> losses(FineTuner.Builder tuner) {
    List<Double> losses = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void step(StepEvent event) {
            losses.add(event.loss());
          }
        };
    tuner.listener(listener).build().run();
    return losses;
  }
}
