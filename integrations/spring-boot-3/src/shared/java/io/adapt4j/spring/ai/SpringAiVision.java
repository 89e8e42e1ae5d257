package io.adapt4j.spring.ai;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.vision.VisionLanguageModel;
import java.util.Objects;
import java.util.function.Consumer;
import org.springframework.beans.factory.ObjectProvider;

/**
 * Models that read pictures in Spring AI chat models; needs the module {@code vision}. They read
 * media of user messages whose data are the bytes of a picture, and refuse URLs.
 */
public final class SpringAiVision {

  private SpringAiVision() {}

  /**
   * Uses a model in this process, otherwise as {@link Adapt4jChatModel.Builder#model}.
   *
   * @param builder the builder
   * @param model the model, which the caller closes
   * @return the builder
   */
  public static Adapt4jChatModel.Builder add(
      Adapt4jChatModel.Builder builder, VisionLanguageModel model) {
    Objects.requireNonNull(model, "model");
    return builder.replier(new ModelReplier(model::languageModel, texts -> new Access(model)));
  }

  /**
   * Uses a bean of an application that is obtained at the first request. It reads pictures if it is
   * the {@link VisionLanguageModel#languageModel()} of another.
   *
   * @param builder the builder
   * @param model provides the model
   * @param vision provides models that read pictures, if there are any
   * @return the builder
   */
  public static Adapt4jChatModel.Builder add(
      Adapt4jChatModel.Builder builder,
      ObjectProvider<LanguageModel> model,
      ObjectProvider<VisionLanguageModel> vision) {
    return builder.replier(
        new ModelReplier(
            model::getObject,
            texts ->
                vision.stream()
                    .filter(candidate -> candidate.languageModel() == texts)
                    .findFirst()
                    .<ModelAccess>map(Access::new)
                    .orElseGet(() -> ModelReplier.ofTexts(texts))));
  }

  private record Access(VisionLanguageModel model) implements ModelAccess {

    @Override
    public Generation chat(
        Question question,
        ChatOptions chat,
        GenerationOptions options,
        Consumer<String> onText,
        CancellationToken cancellation) {
      return model.chat(
          question.messages(), question.pictures(), chat, options, onText, cancellation);
    }

    @Override
    public void checkPictures(Question question) {
      // All are read.
    }
  }
}
