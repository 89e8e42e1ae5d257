package io.adapt4j.langchain4j;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.function.Consumer;

/** Generates the text of an answer, as {@code LanguageModel.chat} does. */
@FunctionalInterface
interface ModelAccess {

  /** Answers the messages of a question. */
  Generation chat(
      Question question,
      ChatOptions chat,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation);

  /** Refuses pictures that are not read, with an UnsupportedFeatureException. */
  default void checkPictures(Question question) {
    if (!question.pictures().isEmpty()) {
      throw Requests.unsupported("image contents");
    }
  }

  /** Returns the access to a model with one of its adapters. */
  default ModelAccess withAdapter(LanguageModel adapted, String name) {
    return of(adapted);
  }

  /** Returns the access to a model of texts. */
  static ModelAccess of(LanguageModel model) {
    return (question, chat, options, onText, cancellation) ->
        model.chat(question.messages(), chat, options, onText, cancellation);
  }
}
