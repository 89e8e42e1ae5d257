package io.adapt4j.langchain4j;

import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.TextGenerator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Collects what both kinds of chat models are made of.
 *
 * @param <B> the builder
 */
public abstract class ChatModelBuilder<B extends ChatModelBuilder<B>> {

  /** What a model is called that was given no name. */
  public static final String DEFAULT_NAME = "adapt4j";

  private final Map<String, Replier> repliers = new LinkedHashMap<>();
  private GenerationOptions options = GenerationOptions.defaults();
  private ChatRequestParameters parameters = ChatRequestParameters.builder().build();
  private List<ChatModelListener> listeners = List.of();

  ChatModelBuilder() {}

  abstract B self();

  /**
   * Answers with a model of this process, called {@value #DEFAULT_NAME}.
   *
   * @param model the model, which the caller closes
   * @return this builder
   */
  public B model(LanguageModel model) {
    return model(DEFAULT_NAME, model);
  }

  /**
   * Answers with a model of this process. Where several are named, a request's {@code modelName}
   * chooses; the first answers those that name none. An adapter on a model can be asked by its
   * name, as long as it is there: the model then answers with this adapter alone.
   *
   * @param name what requests call it
   * @param model the model, which the caller closes
   * @return this builder
   */
  public B model(String name, LanguageModel model) {
    return replier(name, new ModelReplier(model));
  }

  /**
   * Answers with any generator, called {@value #DEFAULT_NAME}. Tools and formats other than text
   * are refused.
   *
   * @param generator the generator
   * @return this builder
   */
  public B generator(TextGenerator generator) {
    return generator(DEFAULT_NAME, generator);
  }

  /**
   * Answers with any generator, otherwise as {@link #model(String, LanguageModel)}.
   *
   * @param name what requests call it
   * @param generator the generator
   * @return this builder
   */
  public B generator(String name, TextGenerator generator) {
    return replier(name, new GeneratorReplier(generator));
  }

  B replier(String name, Replier replier) {
    if (name.isBlank()) {
      throw new IllegalArgumentException("name: expected a text, found a blank one");
    }
    if (repliers.putIfAbsent(name, replier) != null) {
      throw new IllegalArgumentException("name: expected another than '" + name + "', found twice");
    }
    return self();
  }

  /**
   * Sets what neither a request nor the {@link #defaultRequestParameters} say, and what LangChain4j
   * has no word for.
   *
   * @param value the options
   * @return this builder
   */
  public B options(GenerationOptions value) {
    options = Objects.requireNonNull(value, "options");
    return self();
  }

  /**
   * Sets what holds for requests that do not say otherwise.
   *
   * @param value the parameters
   * @return this builder
   */
  public B defaultRequestParameters(ChatRequestParameters value) {
    parameters = Objects.requireNonNull(value, "parameters");
    return self();
  }

  /**
   * Sets what watches requests, answers and failures.
   *
   * @param value the listeners
   * @return this builder
   */
  public B listeners(List<ChatModelListener> value) {
    listeners = List.copyOf(value);
    return self();
  }

  ChatModels models() {
    if (repliers.isEmpty()) {
      throw new IllegalStateException("model must be set");
    }
    Requests.options(parameters, options);
    String first = repliers.keySet().iterator().next();
    ChatRequestParameters named =
        Adapt4jChatRequestParameters.builder().modelName(first).overrideWith(parameters).build();
    ChatModels models = new ChatModels(new LinkedHashMap<>(repliers), options, named, listeners);
    models.replier(Objects.requireNonNull(named.modelName()));
    return models;
  }
}
