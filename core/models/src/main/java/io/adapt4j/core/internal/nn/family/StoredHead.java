package io.adapt4j.core.internal.nn.family;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredValues;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.Architecture;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * An output matrix stored with different values although the configuration ties it to the
 * embedding. Transformers 4 ties them and ignores the stored one, Transformers 5 uses it; this
 * build follows the version that wrote the file. A stored matrix equal to the embedding is treated
 * as tied.
 */
record StoredHead(String name, String embedding, boolean used) {

  private static final String FIELD = "tie_word_embeddings is true, but ";

  /** Finds such a matrix in the checkpoint of a configuration. */
  static Optional<StoredHead> find(ModelConfig config, Architecture family, Network declared) {
    Path file = config.fields().file();
    Optional<String> own = ownName(config, family, declared);
    if (own.isEmpty() || !Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try (Checkpoint checkpoint = Checkpoint.open(file.toAbsolutePath().getParent())) {
      Set<String> names = checkpoint.names();
      String head = declared.storedNames().find(own.get(), names);
      String embedding = declared.storedNames().find(name(declared).orElseThrow(), names);
      return !names.contains(head)
              || !names.contains(embedding)
              || StoredValues.areEqual(checkpoint, head, embedding)
          ? Optional.empty()
          : Optional.of(new StoredHead(head, embedding, config.isOfTransformers5()));
    } catch (CheckpointException e) {
      // Reported when the weights are loaded.
      return Optional.empty();
    }
  }

  /** Returns the name of an untied output matrix; empty if it is never untied. */
  private static Optional<String> ownName(
      ModelConfig config, Architecture family, Network declared) {
    Optional<String> tied = name(declared);
    if (tied.isEmpty()) {
      return tied;
    }
    try (Network untied = family.declare(family.withOwnHead(config))) {
      return name(untied).filter(own -> !own.equals(tied.get()));
    } catch (CheckpointException e) {
      return Optional.empty();
    }
  }

  private static Optional<String> name(Network network) {
    return network
        .vocabulary()
        .map(VocabularyHead::weight)
        .map(weight -> weight.slices().get(0).name());
  }

  /** Returns whether it needs no warning: Transformers 5 writes every T5 and mT5 like this. */
  boolean isExpected(ModelConfig config) {
    return used && Set.of("t5", "mt5").contains(config.modelType());
  }

  /** Returns a warning that says which matrix is used, and the remedy. */
  String text() {
    String found = FIELD + name + " is stored with other values than " + embedding + ". ";
    return found
        + (used
            ? "The stored one is used, as in Transformers 5, which wrote the file; Transformers 4"
                + " ties the two and computes something else. Set the field to false for one"
                + " reading everywhere."
            : "It is not used, as in Transformers 4; Transformers 5 uses it and computes something"
                + " else. Set the field to false if the model has an output matrix of its own, or"
                + " remove the tensor.");
  }
}
