package io.adapt4j.spring.ai;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.TextGenerator;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.MessageAggregator;
import org.springframework.ai.chat.observation.ChatModelObservationContext;
import org.springframework.ai.chat.observation.ChatModelObservationDocumentation;
import org.springframework.ai.chat.observation.DefaultChatModelObservationConvention;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.ToolCallingManager;
import org.springframework.ai.tool.definition.ToolDefinition;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.scheduler.Schedulers;

/**
 * A model in this process as a Spring AI chat model.
 *
 * <p>A prompt's options override the default options, and these the {@link GenerationOptions};
 * {@link Adapt4jChatOptions} has more than the options common to all models. Media other than
 * pictures, and pictures without {@link SpringAiVision}, are refused with an {@code
 * UnsupportedOperationException}, never ignored.
 *
 * <p>Safe for use by several threads: concurrent requests are computed as one batch. A cancelled
 * stream ends its answer at once. The model belongs to the caller, who closes it.
 */
public final class Adapt4jChatModel extends OptionsOfChatModel {

  /** Default name of a model, and the provider in observations. */
  public static final String DEFAULT_NAME = "adapt4j";

  private static final DefaultChatModelObservationConvention CONVENTION =
      new DefaultChatModelObservationConvention();

  private final String name;
  private final Answering answering;
  private final GenerationOptions generation;
  private final ToolCallingManager tools;
  private final ToolLoop loop;
  private final ObservationRegistry observations;

  private Adapt4jChatModel(Builder builder, Replier replier) {
    super(builder.options);
    this.name = builder.name;
    this.answering = new Answering(replier, builder.meters);
    this.generation = builder.generation;
    this.tools = builder.tools;
    this.loop = new ToolLoop(builder.tools);
    this.observations = builder.observations;
  }

  /**
   * Creates a builder with no model and default options.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public ChatResponse call(Prompt prompt) {
    return called(merged(prompt));
  }

  private ChatResponse called(Prompt prompt) {
    ChatModelObservationContext context = context(prompt);
    ChatResponse response =
        Objects.requireNonNull(
            observation(context)
                .observe(
                    () -> {
                      Reply reply =
                          answering.reply(question(prompt), piece -> {}, new CancellationToken());
                      ChatResponse answered =
                          Responses.response(newId(), name, reply, reply.text());
                      context.setResponse(answered);
                      return answered;
                    }));
    return loop.next(prompt, response, this::called);
  }

  @Override
  public Flux<ChatResponse> stream(Prompt prompt) {
    return Flux.defer(() -> streamed(merged(prompt)));
  }

  private Flux<ChatResponse> streamed(Prompt prompt) {
    ChatModelObservationContext context = context(prompt);
    Observation observation = observation(context).start();
    Flux<ChatResponse> pieces =
        Flux.<ChatResponse>create(sink -> answer(prompt, sink), FluxSink.OverflowStrategy.BUFFER)
            .subscribeOn(Schedulers.boundedElastic())
            .flatMapSequential(response -> loop.nextOfStream(prompt, response, this::streamed));
    return new MessageAggregator()
        .aggregate(pieces, context::setResponse)
        .doOnError(observation::error)
        .doOnTerminate(observation::stop)
        .doOnCancel(observation::stop);
  }

  private void answer(Prompt prompt, FluxSink<ChatResponse> sink) {
    CancellationToken cancellation = new CancellationToken();
    sink.onCancel(cancellation::cancel);
    String id = newId();
    try {
      Reply reply =
          answering.reply(
              question(prompt), piece -> sink.next(Responses.piece(id, name, piece)), cancellation);
      sink.next(Responses.response(id, name, reply, ""));
      sink.complete();
    } catch (RuntimeException e) {
      sink.error(e);
    }
  }

  private Question question(Prompt prompt) {
    Adapt4jChatOptions options = (Adapt4jChatOptions) Objects.requireNonNull(prompt.getOptions());
    String asked = options.getModel();
    if (asked != null && !asked.equals(name)) {
      throw Requests.unsupported("the model '" + asked + "' instead of '" + name + "'");
    }
    List<ToolDefinition> definitions = tools.resolveToolDefinitions(options);
    return Requests.question(prompt.getInstructions(), options, definitions, generation);
  }

  private Prompt merged(Prompt prompt) {
    return new Prompt(
        prompt.getInstructions(), Adapt4jChatOptions.merge(prompt.getOptions(), options()));
  }

  private ChatModelObservationContext context(Prompt prompt) {
    return ChatModelObservationContext.builder().prompt(prompt).provider(DEFAULT_NAME).build();
  }

  private Observation observation(ChatModelObservationContext context) {
    return ChatModelObservationDocumentation.CHAT_MODEL_OPERATION.observation(
        null, CONVENTION, () -> context, observations);
  }

  private static String newId() {
    return "adapt4j-" + UUID.randomUUID();
  }

  /** Builder of a chat model. */
  public static final class Builder {

    private String name = DEFAULT_NAME;
    private @Nullable Replier replier;
    private Adapt4jChatOptions options = Adapt4jChatOptions.builder().build();
    private GenerationOptions generation = GenerationOptions.defaults();
    private ToolCallingManager tools = ToolCallingManager.builder().build();
    private ObservationRegistry observations = ObservationRegistry.NOOP;
    private ChatMeters meters = ChatMeters.NONE;

    private Builder() {}

    /**
     * Sets the model name of answers; default {@value #DEFAULT_NAME}.
     *
     * @param value the model's name
     * @return this builder
     */
    public Builder name(String value) {
      name = Objects.requireNonNull(value, "name");
      return this;
    }

    /**
     * Uses a model in this process.
     *
     * @param model the model, which the caller closes
     * @return this builder
     */
    public Builder model(LanguageModel model) {
      return model(() -> model);
    }

    /**
     * Uses a model in this process that is obtained at the first request.
     *
     * @param model supplies the model, which the caller closes
     * @return this builder
     */
    public Builder model(Supplier<LanguageModel> model) {
      return replier(new ModelReplier(model));
    }

    /**
     * Uses any generator, such as a server. Tools and output schemas are refused.
     *
     * @param generator the generator
     * @return this builder
     */
    public Builder generator(TextGenerator generator) {
      return replier(new GeneratorReplier(() -> generator));
    }

    Builder replier(Replier value) {
      replier = value;
      return this;
    }

    /**
     * Sets the default options of prompts.
     *
     * @param value the options
     * @return this builder
     */
    public Builder defaultOptions(Adapt4jChatOptions value) {
      options = Objects.requireNonNull(value, "options");
      return this;
    }

    /**
     * Sets options used if neither a prompt nor the default options set them.
     *
     * @param value the options
     * @return this builder
     */
    public Builder generationOptions(GenerationOptions value) {
      generation = Objects.requireNonNull(value, "generationOptions");
      return this;
    }

    /**
     * Sets the manager that finds tools and, if Spring AI leaves that to models, runs them.
     *
     * @param value the manager
     * @return this builder
     */
    public Builder toolCallingManager(ToolCallingManager value) {
      tools = Objects.requireNonNull(value, "toolCallingManager");
      return this;
    }

    /**
     * Sets the registry for observations of requests.
     *
     * @param value the registry
     * @return this builder
     */
    public Builder observationRegistry(ObservationRegistry value) {
      observations = Objects.requireNonNull(value, "observationRegistry");
      return this;
    }

    /**
     * Sets the meters of answers and tokens.
     *
     * @param value the meters
     * @return this builder
     */
    public Builder meters(ChatMeters value) {
      meters = Objects.requireNonNull(value, "meters");
      return this;
    }

    /**
     * Builds the chat model.
     *
     * @return the chat model
     * @throws IllegalStateException if no model was set
     */
    public Adapt4jChatModel build() {
      Replier set = replier;
      if (set == null) {
        throw new IllegalStateException("model must be set");
      }
      return new Adapt4jChatModel(this, set);
    }
  }
}
