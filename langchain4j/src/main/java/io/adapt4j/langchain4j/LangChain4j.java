package io.adapt4j.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.embedding.EmbeddingModel;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.TextGenerator;

/**
 * Models of Adapt4J as LangChain4j takes them, and the other way round. No adapter closes what it
 * is made of.
 */
public final class LangChain4j {

  private LangChain4j() {}

  /**
   * Answers conversations with a model of this process. See {@link Adapt4jChatModel} for what a
   * request may say, and its builder for default parameters, listeners and several models.
   *
   * @param model what answers
   * @param options what a request does not say
   * @return the same model
   */
  public static ChatModel chatModel(LanguageModel model, GenerationOptions options) {
    return Adapt4jChatModel.builder().model(model).options(options).build();
  }

  /**
   * Answers conversations with any generator, such as a server. Tools and formats other than text
   * are refused: a generator gives texts alone.
   *
   * @param generator what answers
   * @param options what a request does not say
   * @return the same generator
   */
  public static ChatModel chatModel(TextGenerator generator, GenerationOptions options) {
    return Adapt4jChatModel.builder().generator(generator).options(options).build();
  }

  /**
   * Answers conversations piece by piece, otherwise as {@link #chatModel(LanguageModel,
   * GenerationOptions)}.
   *
   * @param model what answers
   * @param options what a request does not say
   * @return the same model
   */
  public static StreamingChatModel streamingChatModel(
      LanguageModel model, GenerationOptions options) {
    return Adapt4jStreamingChatModel.builder().model(model).options(options).build();
  }

  /**
   * Answers conversations piece by piece, otherwise as {@link #chatModel(TextGenerator,
   * GenerationOptions)}.
   *
   * @param generator what answers
   * @param options what a request does not say
   * @return the same generator
   */
  public static StreamingChatModel streamingChatModel(
      TextGenerator generator, GenerationOptions options) {
    return Adapt4jStreamingChatModel.builder().generator(generator).options(options).build();
  }

  /**
   * Gives out vectors of a model of this process. Requests with {@code EmbeddingInputType.QUERY}
   * are embedded after the model's prompt {@code query}, those with {@code DOCUMENT} after {@code
   * passage} or {@code document}, all others, and all of a model without such prompts, as its
   * folder says.
   *
   * @param embedder the model
   * @param name what {@code modelName()} says
   * @return the same model
   */
  public static EmbeddingModel embeddingModel(TextEmbedder embedder, String name) {
    return new EmbedderModel(embedder, name);
  }

  /**
   * Takes answers of a chat model of LangChain4j. The seed is not passed on; options that have no
   * counterpart (min-p, repetition penalty, stop ids, ignoring the end token) are refused where
   * they are set.
   *
   * @param model the model
   * @return the same model
   */
  public static TextGenerator generator(ChatModel model) {
    return new LangChain4jGenerator(model);
  }
}
