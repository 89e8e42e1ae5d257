package io.adapt4j.core.internal.nn.picture;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.chat.PictureTokens;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceLoader;

/** Training of a model on rows with pictures, which another module brings. Thread-safe. */
public interface PictureTraining {

  /** Brings the training of a model; found by {@link ServiceLoader}. */
  interface Provider {

    /** Returns the training of a model, if its family is supported. */
    Optional<PictureTraining> of(Path folder, ModelConfig config);
  }

  /** Finds the training of a model. */
  static Optional<PictureTraining> find(Path folder, ModelConfig config) {
    return ServiceLoader.load(Provider.class).stream()
        .flatMap(provider -> provider.get().of(folder, config).stream())
        .findFirst();
  }

  /** Returns what renders conversations where the model has no chat template, if anything does. */
  default Optional<ChatTemplate> template() {
    return Optional.empty();
  }

  /** Returns how pictures of conversations are encoded. */
  PictureTokens tokens(Tokenizer tokenizer, ChatTemplate template);

  /** Declares what computes the rows of the pictures that were encoded. */
  PictureEncoder declare();
}
