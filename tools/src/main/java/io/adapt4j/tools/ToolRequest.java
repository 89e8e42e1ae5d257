package io.adapt4j.tools;

import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What {@link ToolChat} asks a model, for callers that ask it themselves: with {@link
 * io.adapt4j.core.LanguageModel#chat(List, ChatOptions, GenerationOptions, Consumer,
 * io.adapt4j.core.generate.CancellationToken)}, and hand the text to a parser.
 */
public final class ToolRequest {

  private final ChatOptions chat;
  private final GenerationOptions options;
  private final AnswerForm form;
  private final List<Tool> tools;

  ToolRequest(ChatOptions chat, GenerationOptions options, AnswerForm form, List<Tool> tools) {
    this.chat = chat;
    this.options = options;
    this.form = form;
    this.tools = tools;
  }

  /** {@return how to render the conversation, with tools} */
  public ChatOptions chat() {
    return chat;
  }

  /** {@return how to choose tokens and when to stop, with the constraint of calls} */
  public GenerationOptions options() {
    return options;
  }

  /** {@return whether an answer may have more than text: calls or thoughts} */
  public boolean mayHaveParts() {
    return !tools.isEmpty() || form.thinking() || form.mayThink();
  }

  /**
   * Creates the parser of one answer.
   *
   * @param onEvent takes the parts of the answer
   * @return the parser
   */
  public ToolParser parser(Consumer<ToolEvent> onEvent) {
    return ToolParser.of(form.format(), tools, form.thinking(), onEvent);
  }

  /**
   * Puts an answer together.
   *
   * @param parsed what a parser read
   * @param generation what the model gave
   * @return the answer
   */
  public ToolAnswer answer(ParsedAnswer parsed, Generation generation) {
    Objects.requireNonNull(generation, "generation");
    return new ToolAnswer(
        parsed.text(),
        Optional.of(parsed.thinking()).filter(thinking -> !thinking.isEmpty()),
        parsed.calls(),
        generation);
  }
}
