package io.adapt4j.cli;

import io.adapt4j.core.SequenceToSequenceModel;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Encoder-decoder models, and the options that do not apply to them. */
final class Sequences {

  private Sequences() {}

  /** Returns whether a folder holds such a model. */
  static boolean are(Path folder) {
    return SequenceToSequenceModel.reads(ModelSource.path(folder));
  }

  /** Loads the model with its adapters; closed by the caller. */
  static SequenceToSequenceModel load(Path folder, List<Path> adapters) {
    return SequenceToSequenceModel.load(
        ModelSource.path(folder),
        adapters.stream()
            .map(adapter -> Adapters.read(adapter, /* anyChatTemplate= */ false))
            .toArray(Adapter[]::new));
  }

  /** Rejects options. */
  static void refuse(Map<String, Boolean> given) {
    given.forEach(
        (option, isGiven) -> {
          if (isGiven) {
            throw new IllegalArgumentException(
                option
                    + ": expected with a model that continues texts; this one writes one text for"
                    + " another. Leave the option out.");
          }
        });
  }

  /** Rejects a model of this kind. */
  static void refuse(Path folder, String remedy) {
    if (are(folder)) {
      throw new IllegalArgumentException(
          "MODEL: expected one that continues texts, found "
              + folder
              + ", which writes one text for another. "
              + remedy);
    }
  }
}
