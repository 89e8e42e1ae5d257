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
 * Options common to both kinds of chat models.
 *
 * @param <B> the builder
 */
public abstract class ChatModelBuilder<B extends ChatModelBuilder<B>> {

  /** Default name of a model. */
  public static final String DEFAULT_NAME = "adapt4j";

  private final Map<String, Replier> repliers = new LinkedHashMap<>();
  private GenerationOptions options = GenerationOptions.defaults();
  private ChatRequestParameters parameters = ChatRequestParameters.builder().build();
  private List<ChatModelListener> listeners = List.of();

  ChatModelBuilder() {}

  abstract B self();

  /**
   * Uses a model in this process, named {@value #DEFAULT_NAME}.
   *
   * @param model the model, which the caller closes
   */
  public B model(LanguageModel model) {
    return model(DEFAULT_NAME, model);
  }

  /**
   * Uses a model in this process. With several models, a request's {@code modelName} selects one;
   * the first is the default. A loaded adapter can be requested by its name: the model then answers
   * with this adapter only.
   *
   * @param name the model's name in requests
   */
  public B model(String name, LanguageModel model) {
    return replier(name, new ModelReplier(model));
  }

  /**
   * Uses any generator, named {@value #DEFAULT_NAME}. Tools and formats other than text are
   * refused.
   *
   * @param generator the generator
   */
  public B generator(TextGenerator generator) {
    return generator(DEFAULT_NAME, generator);
  }

  /** Uses any generator, otherwise as {@link #model(String, LanguageModel)}. */
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
   * Sets options used if neither a request nor the {@link #defaultRequestParameters} set them, and
   * those that LangChain4j does not have.
   *
   * @param value the options
   */
  public B options(GenerationOptions value) {
    options = Objects.requireNonNull(value, "options");
    return self();
  }

  /**
   * Sets the default parameters of requests.
   *
   * @param value the parameters
   */
  public B defaultRequestParameters(ChatRequestParameters value) {
    parameters = Objects.requireNonNull(value, "parameters");
    return self();
  }

  /**
   * Sets listeners for requests, answers and failures.
   *
   * @param value the listeners
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
