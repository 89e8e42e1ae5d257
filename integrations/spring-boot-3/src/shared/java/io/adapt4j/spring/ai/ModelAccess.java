package io.adapt4j.spring.ai;

import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.function.Consumer;

/** Generates the text of an answer, as {@code LanguageModel.chat} does. */
@FunctionalInterface
interface ModelAccess {

  /** Generates an answer. */
  Generation chat(
      Question question,
      ChatOptions chat,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation);

  /** Refuses pictures, which this does not read. */
  default void checkPictures(Question question) {
    Requests.refusePictures(question);
  }
}
