package io.adapt4j.federated;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.lora.Lora;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A tiny model, and three sites that each write of something else. */
final class StorySites {

  static final Path MODEL = Path.of("../../examples/models/stories260K");

  private static final List<String> SUBJECTS = List.of("red ball", "big dog", "little boat");

  private StorySites() {}

  static Dataset rows(int site) {
    List<Example> rows = new ArrayList<>();
    for (int i = 0; i < 8 + 4 * site; i++) {
      rows.add(
          new Example.Text(
              "Once there was a %s. It was very %s and had %d friends."
                  .formatted(SUBJECTS.get(site), i % 2 == 0 ? "happy" : "sad", i)));
    }
    return Datasets.of(rows);
  }

  static Site site(int number) {
    return Site.of("site-" + number, rows(number));
  }

  /** Two rounds of one epoch, without sites. */
  static FederatedFineTuner.Builder options(Path output) {
    return FederatedFineTuner.builder()
        .model(ModelSource.path(MODEL))
        .method(Lora.rank(4))
        .rounds(2)
        .training((builder, round) -> builder.epochs(1).batchSize(4).learningRate(1e-2))
        .output(output);
  }
}
