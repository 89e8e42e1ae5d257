package io.adapt4j.langchain4j;

import dev.langchain4j.data.image.Image;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.vision.VisionLanguageModel;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Models that read pictures as LangChain4j chat models; needs the module {@code vision}. They read
 * {@code ImageContent} of user messages with base64 data, and refuse URLs. The rest is as {@link
 * Adapt4jChatModel} says.
 */
public final class LangChain4jVision {

  private LangChain4jVision() {}

  /**
   * Adapts a model in this process to a LangChain4j chat model.
   *
   * @param model the model, which the caller closes
   * @param options options that requests do not set
   * @return the chat model
   */
  public static ChatModel chatModel(VisionLanguageModel model, GenerationOptions options) {
    return add(Adapt4jChatModel.builder(), ChatModelBuilder.DEFAULT_NAME, model)
        .options(options)
        .build();
  }

  /**
   * Adapts a model in this process to a LangChain4j streaming chat model.
   *
   * @param model the model, which the caller closes
   * @param options options that requests do not set
   * @return the chat model
   */
  public static StreamingChatModel streamingChatModel(
      VisionLanguageModel model, GenerationOptions options) {
    return add(Adapt4jStreamingChatModel.builder(), ChatModelBuilder.DEFAULT_NAME, model)
        .options(options)
        .build();
  }

  /**
   * Adds a model to a builder, otherwise as {@link ChatModelBuilder#model(String, LanguageModel)}.
   * An adapter that a request names also reads its pictures.
   *
   * @param <B> the builder's type
   * @param builder the builder
   * @param name the model's name in requests
   * @param model the model, which the caller closes
   * @return the builder
   */
  public static <B extends ChatModelBuilder<B>> B add(
      B builder, String name, VisionLanguageModel model) {
    Objects.requireNonNull(model, "model");
    return builder.replier(name, new ModelReplier(model.languageModel(), new Access(model)));
  }

  private record Access(VisionLanguageModel model) implements ModelAccess {

    @Override
    public Generation chat(
        Question question,
        ChatOptions chat,
        GenerationOptions options,
        Consumer<String> onText,
        CancellationToken cancellation) {
      Map<String, byte[]> pictures = new LinkedHashMap<>();
      for (Image image : question.pictures()) {
        String name = "image " + (pictures.size() + 1);
        pictures.put(name, decoded(name, image.base64Data()));
      }
      return model.chat(question.messages(), pictures, chat, options, onText, cancellation);
    }

    private static byte[] decoded(String name, String base64) {
      try {
        return Base64.getDecoder().decode(base64);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(name + ": expected base64: " + e.getMessage(), e);
      }
    }

    @Override
    public void checkPictures(Question question) {
      if (question.pictures().stream().anyMatch(image -> image.base64Data() == null)) {
        throw Requests.unsupported("images by URL; give their base64 data. Others are");
      }
    }

    @Override
    public ModelAccess withAdapter(LanguageModel adapted, String name) {
      return new Access(model.withAdapter(name));
    }
  }
}
