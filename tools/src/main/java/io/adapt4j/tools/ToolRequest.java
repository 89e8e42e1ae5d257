package io.adapt4j.tools;

import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Prepared request of {@link ToolChat}, for callers that run the model themselves with {@link
 * io.adapt4j.core.LanguageModel#chat(List, ChatOptions, GenerationOptions, Consumer,
 * io.adapt4j.core.generate.CancellationToken)} and pass the text to a parser.
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

  /** {@return rendering options of the conversation, with tools} */
  public ChatOptions chat() {
    return chat;
  }

  /** {@return how to choose tokens and when to stop, with the constraint of calls} */
  public GenerationOptions options() {
    return options;
  }

  /** {@return whether an answer may contain calls or thoughts} */
  public boolean mayHaveParts() {
    return !tools.isEmpty() || form.thinking() || form.mayThink();
  }

  /**
   * Creates the parser of one answer.
   *
   * @param onEvent receives the parts of the answer
   * @return the parser
   */
  public ToolParser parser(Consumer<ToolEvent> onEvent) {
    return ToolParser.of(form.format(), tools, form.thinking(), onEvent);
  }

  /**
   * Assembles an answer.
   *
   * @param parsed the parsed answer
   * @param generation the generation
   * @return the answer
   */
  public ToolAnswer answer(ParsedAnswer parsed, Generation generation) {
    Objects.requireNonNull(generation, "generation");
    return new ToolAnswer(
        parsed.text(),
        Optional.of(parsed.thinking()).filter(thinking -> !thinking.isEmpty()),
        parsed.calls(),
        generation,
        parsed.unparsed());
  }
}
