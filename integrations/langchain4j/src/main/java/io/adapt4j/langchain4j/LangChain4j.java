package io.adapt4j.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.embedding.EmbeddingModel;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.TextGenerator;

/**
 * Adapters of Adapt4J models to LangChain4j and vice versa. No adapter closes the object that it
 * wraps.
 */
public final class LangChain4j {

  private LangChain4j() {}

  /**
   * Adapts a model in this process to a LangChain4j chat model. See {@link Adapt4jChatModel} for
   * the supported request parameters, and its builder for default parameters, listeners and several
   * models.
   *
   * @param model the model
   * @param options options that requests do not set
   * @return the chat model
   */
  public static ChatModel chatModel(LanguageModel model, GenerationOptions options) {
    return Adapt4jChatModel.builder().model(model).options(options).build();
  }

  /**
   * Adapts any generator, such as a server, to a LangChain4j chat model. Tools and formats other
   * than text are refused.
   *
   * @param generator the generator
   * @return the chat model
   */
  public static ChatModel chatModel(TextGenerator generator, GenerationOptions options) {
    return Adapt4jChatModel.builder().generator(generator).options(options).build();
  }

  /**
   * Adapts a model in this process to a LangChain4j streaming chat model, otherwise as {@link
   * #chatModel(LanguageModel, GenerationOptions)}.
   *
   * @return the chat model
   */
  public static StreamingChatModel streamingChatModel(
      LanguageModel model, GenerationOptions options) {
    return Adapt4jStreamingChatModel.builder().model(model).options(options).build();
  }

  /**
   * Adapts any generator to a LangChain4j streaming chat model, otherwise as {@link
   * #chatModel(TextGenerator, GenerationOptions)}.
   *
   * @return the chat model
   */
  public static StreamingChatModel streamingChatModel(
      TextGenerator generator, GenerationOptions options) {
    return Adapt4jStreamingChatModel.builder().generator(generator).options(options).build();
  }

  /**
   * Adapts an embedding model in this process to LangChain4j. Requests with {@code
   * EmbeddingInputType.QUERY} use the model's prompt {@code query}, those with {@code DOCUMENT} its
   * prompt {@code passage} or {@code document}; all others, and models without such prompts, use
   * the folder's default.
   *
   * @param embedder the model
   * @param name the result of {@code modelName()}
   * @return the embedding model
   */
  public static EmbeddingModel embeddingModel(TextEmbedder embedder, String name) {
    return new EmbedderModel(embedder, name);
  }

  /**
   * Adapts a LangChain4j chat model to a text generator. The seed is not passed on; options without
   * a counterpart (min-p, repetition penalty, stop ids, ignoring the end token) are refused if they
   * are set.
   *
   * @return the generator
   */
  public static TextGenerator generator(ChatModel model) {
    return new LangChain4jGenerator(model);
  }
}
