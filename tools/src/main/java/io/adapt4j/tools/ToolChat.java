package io.adapt4j.tools;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Conversations with a model that may call tools.
 *
 * <pre>{@code
 * ToolChat chat = ToolChat.of(model).tools(weather, clock);
 * ToolAnswer answer = chat.answer(messages, GenerationOptions.greedy());
 * }</pre>
 *
 * <p>The chat template tells the model of the tools and shows how it writes calls ({@link
 * ToolFormat#of}); where it has none, the system message does. Immutable; methods that change
 * something give copies. Safe for use by several threads, as the model is.
 */
public final class ToolChat {

  private final LanguageModel model;
  private final boolean hasSpecialSigns;
  private final Tools tools;
  private final ToolChoice choice;
  private final ChatOptions rendering;

  private ToolChat(
      LanguageModel model,
      boolean hasSpecialSigns,
      Tools tools,
      ToolChoice choice,
      ChatOptions rendering) {
    this.model = model;
    this.hasSpecialSigns = hasSpecialSigns;
    this.tools = tools;
    this.choice = choice;
    this.rendering = rendering;
  }

  /**
   * Begins with a model, without tools.
   *
   * @param model the model, which stays the caller's to close
   * @return the chat
   */
  public static ToolChat of(LanguageModel model) {
    return new ToolChat(
        model,
        AnswerForm.hasSpecialSigns(model),
        new Tools(List.of()),
        ToolChoice.auto(),
        ChatOptions.defaults());
  }

  /**
   * Returns a copy with tools, instead of those before.
   *
   * @param newTools the tools that may be called
   * @return the copy
   * @throws IllegalArgumentException if two have the same name
   */
  public ToolChat tools(Tool... newTools) {
    return tools(List.of(newTools));
  }

  /**
   * Returns a copy with tools, instead of those before.
   *
   * @param newTools the tools that may be called
   * @return the copy
   * @throws IllegalArgumentException if two have the same name
   */
  public ToolChat tools(Collection<Tool> newTools) {
    return new ToolChat(model, hasSpecialSigns, new Tools(newTools), choice, rendering);
  }

  /**
   * Returns a copy with another choice, {@link ToolChoice#auto} by default.
   *
   * @param newChoice whether a tool is to be called
   * @return the copy
   */
  public ToolChat choice(ToolChoice newChoice) {
    Objects.requireNonNull(newChoice, "choice");
    return new ToolChat(model, hasSpecialSigns, tools, newChoice, rendering);
  }

  /**
   * Returns a copy that renders conversations in another way, such as with the variable {@code
   * enable_thinking}. Tools in the options do not count.
   *
   * @param newRendering how to render
   * @return the copy
   */
  public ToolChat rendering(ChatOptions newRendering) {
    Objects.requireNonNull(newRendering, "rendering");
    return new ToolChat(model, hasSpecialSigns, tools, choice, newRendering.withoutTools());
  }

  /**
   * Answers a conversation.
   *
   * @param messages the conversation, usually ended by a message of a user or a tool
   * @param options how to choose tokens and when to stop
   * @return the answer
   * @throws IllegalArgumentException if a call is forced without tools, or of one that is not there
   * @throws io.adapt4j.core.chat.ChatException if the model has no chat template
   * @throws io.adapt4j.jinja.TemplateException if the template refuses the conversation
   */
  public ToolAnswer answer(List<ChatMessage> messages, GenerationOptions options) {
    return answer(messages, options, event -> {}, new CancellationToken());
  }

  /**
   * Does the same and hands the answer on as it comes.
   *
   * @param messages the conversation
   * @param options how to choose tokens and when to stop
   * @param onEvent takes the parts of the answer, on this thread
   * @param cancellation ends the generation after the current step
   * @return the answer
   */
  public ToolAnswer answer(
      List<ChatMessage> messages,
      GenerationOptions options,
      Consumer<ToolEvent> onEvent,
      CancellationToken cancellation) {
    ToolRequest request = request(messages, options);
    ToolParser parser = request.parser(onEvent);
    Generation generation =
        model.chat(messages, request.chat(), request.options(), parser::accept, cancellation);
    return request.answer(parser.finish(), generation);
  }

  /**
   * Prepares what {@link #answer} asks the model, for those who ask it themselves.
   *
   * @param messages the conversation
   * @param options how to choose tokens and when to stop
   * @return the request; the messages are to be handed to the model as they are
   */
  public ToolRequest request(List<ChatMessage> messages, GenerationOptions options) {
    Tools active = active();
    ChatOptions chat = rendering.withGenerationPrompt();
    if (!active.isEmpty()) {
      chat = chat.withTools(active.all().stream().map(Tool::definition).toList());
    }
    AnswerForm form = AnswerForm.of(model.chatTemplate(), messages, chat);
    GenerationOptions generating =
        hasSpecialSigns ? options.toBuilder().skipSpecialTokens(false).build() : options;
    return new ToolRequest(chat, generating, form, active.all());
  }

  private Tools active() {
    if (choice.kind() == ToolChoice.Kind.NONE) {
      return new Tools(List.of());
    }
    choice.name().ifPresent(tools::require);
    if (choice.forcesCall() && tools.isEmpty()) {
      throw new IllegalArgumentException("a call is required, but there are no tools");
    }
    return tools;
  }

  /**
   * Answers a conversation, runs the tools that the answer calls, and goes on until an answer calls
   * none. A call that is forced is forced in the first answer only. What a function throws is told
   * to the model as the result, after {@code Error: }.
   *
   * @param messages the conversation
   * @param options how to choose tokens and when to stop, of each answer
   * @param mostAnswers how many answers there are at most, at least 1
   * @return the conversation
   * @throws IllegalArgumentException if the number is below 1; else as {@link #answer}
   */
  public ToolRun run(List<ChatMessage> messages, GenerationOptions options, int mostAnswers) {
    return run(messages, options, mostAnswers, event -> {}, new CancellationToken());
  }

  /**
   * Does the same and hands the answers on as they come.
   *
   * @param messages the conversation
   * @param options how to choose tokens and when to stop, of each answer
   * @param mostAnswers how many answers there are at most, at least 1
   * @param onEvent takes the parts of the answers, on this thread
   * @param cancellation ends the generation after the current step, and runs no more tools
   * @return the conversation
   */
  public ToolRun run(
      List<ChatMessage> messages,
      GenerationOptions options,
      int mostAnswers,
      Consumer<ToolEvent> onEvent,
      CancellationToken cancellation) {
    if (mostAnswers < 1) {
      throw new IllegalArgumentException("mostAnswers must be at least 1, but is " + mostAnswers);
    }
    List<ChatMessage> all = new ArrayList<>(messages);
    ToolChat chat = this;
    for (int answers = 1; ; answers++) {
      ToolAnswer answer = chat.answer(all, options, onEvent, cancellation);
      all.add(answer.message());
      boolean runs = answers < mostAnswers && !cancellation.isCancelled() && canRun(answer.calls());
      if (!runs) {
        return new ToolRun(all, answer, answer.calls().isEmpty());
      }
      for (ToolCall call : answer.calls()) {
        all.add(call.result(result(call)));
      }
      chat = choice.forcesCall() ? choice(ToolChoice.auto()) : this;
    }
  }

  private boolean canRun(List<ToolCall> calls) {
    return !calls.isEmpty()
        && calls.stream().allMatch(call -> tools.require(call.name()).function().isPresent());
  }

  private String result(ToolCall call) {
    ToolFunction function = tools.require(call.name()).function().orElseThrow();
    try {
      return Objects.requireNonNullElse(function.call(call.argumentsMap()), "");
    } catch (RuntimeException e) {
      return "Error: " + Objects.requireNonNullElse(e.getMessage(), e.getClass().getSimpleName());
    }
  }
}
