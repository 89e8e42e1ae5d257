package io.adapt4j.cli;

import io.adapt4j.core.SequenceToSequenceModel;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Models that write one text for another, and the options that mean nothing to them. */
final class Sequences {

  private Sequences() {}

  /** Whether a folder holds such a model. */
  static boolean are(Path folder) {
    return SequenceToSequenceModel.reads(ModelSource.path(folder));
  }

  /** The model with its adapters, closed by the caller. */
  static SequenceToSequenceModel load(Path folder, List<Path> adapters) {
    return SequenceToSequenceModel.load(
        ModelSource.path(folder),
        adapters.stream()
            .map(adapter -> Adapters.read(adapter, /* anyChatTemplate= */ false))
            .toArray(Adapter[]::new));
  }

  /**
   * Refuses options.
   *
   * @param given whether each is
   * @throws IllegalArgumentException naming the first that is
   */
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

  /**
   * Refuses a model of this kind.
   *
   * @param folder the model's folder
   * @param remedy what to do instead
   */
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
