package io.adapt4j.core;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.generate.Generator;
import java.util.List;

/**
 * Encoder of texts and conversations as prompts of a {@link LanguageModel}, to count their tokens
 * or to answer them with {@link LanguageModel#generate(int[], GenerationOptions,
 * java.util.function.Consumer, CancellationToken)} more than once.
 *
 * <p>A long text is encoded in parts, using little memory, and only up to the model's context
 * length. Thread-safe; usable until the model is closed.
 */
public final class ModelPrompts {

  private final LanguageModel model;
  private final ModelChat chat;
  private final Generator generator;

  ModelPrompts(LanguageModel model, ModelChat chat, Generator generator) {
    this.model = model;
    this.chat = chat;
    this.generator = generator;
  }

  /**
   * Encodes a text to be continued.
   *
   * @param prompt the text
   * @param options generation options
   * @param cancellation cancels the encoding
   * @return the prompt
   * @throws io.adapt4j.core.generate.PromptTooLongException if the prompt does not fit into the
   *     context
   * @throws java.util.concurrent.CancellationException if it is cancelled
   * @throws IllegalArgumentException if the text has hundreds of thousands of characters without a
   *     place to split it
   */
  public Prepared text(String prompt, GenerationOptions options, CancellationToken cancellation) {
    Texts.require("prompt", prompt);
    Texts.require("options", options);
    Texts.require("cancellation", cancellation);
    return model.share(
        () ->
            new Prepared(
                generator.encode(
                    options,
                    most -> model.model.promptIds(prompt, most, cancellation::isCancelled)),
                options));
  }

  /**
   * Prepares token ids to be continued.
   *
   * @param prompt token ids, at least one; nothing is added
   * @return the prompt
   * @throws io.adapt4j.core.generate.PromptTooLongException if the prompt does not fit into the
   *     context
   * @throws IllegalArgumentException if the prompt is empty or has an unknown id
   */
  public Prepared ids(int[] prompt, GenerationOptions options) {
    Texts.require("prompt", prompt);
    Texts.require("options", options);
    return model.share(
        () -> {
          generator.requireUsable(prompt, options);
          return new Prepared(prompt, options);
        });
  }

  /**
   * Encodes a conversation to be answered, as {@link LanguageModel#chat(List, ChatOptions,
   * GenerationOptions, java.util.function.Consumer, CancellationToken)} does.
   *
   * @param messages the conversation
   * @param rendering rendering options; a generation prompt is added unless it continues the last
   *     message
   * @param cancellation cancels rendering and encoding
   * @return the prompt, with options that end the answer at the end of its turn
   * @throws io.adapt4j.core.generate.PromptTooLongException if the prompt does not fit into the
   *     context
   * @throws java.util.concurrent.CancellationException if it is cancelled
   * @throws io.adapt4j.core.chat.ChatException if the model has no chat template
   * @throws io.adapt4j.jinja.TemplateException if the template refuses the conversation
   */
  public Prepared chat(
      List<ChatMessage> messages,
      ChatOptions rendering,
      GenerationOptions options,
      CancellationToken cancellation) {
    Texts.requireAll("messages", messages);
    Texts.require("rendering", rendering);
    Texts.require("options", options);
    Texts.require("cancellation", cancellation);
    ChatOptions answered =
        rendering.continuesFinalMessage() ? rendering : rendering.withGenerationPrompt();
    return model.share(
        () -> chat.prompt(messages, answered, options, generator, cancellation::isCancelled));
  }

  /** An encoded prompt and the options to answer it with. Immutable. */
  public static final class Prepared {

    private final int[] tokenIds;
    private final GenerationOptions options;

    Prepared(int[] tokenIds, GenerationOptions options) {
      this.tokenIds = tokenIds.clone();
      this.options = options;
    }

    /** {@return the tokens, a new array} */
    public int[] tokenIds() {
      return tokenIds.clone();
    }

    /** {@return the number of tokens} */
    public int length() {
      return tokenIds.length;
    }

    /** {@return how to choose tokens and when to stop, such as at the end of the answer's turn} */
    public GenerationOptions options() {
      return options;
    }
  }
}
