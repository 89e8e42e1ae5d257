package io.adapt4j.core;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.PreparedPrompt;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.generate.Generator;
import java.util.List;

/**
 * Prompts of a {@link LanguageModel}: texts and conversations in tokens, to be counted or to be
 * answered with {@link LanguageModel#generate(int[], GenerationOptions,
 * java.util.function.Consumer, CancellationToken)} more than once.
 *
 * <p>A long text is encoded part by part, in little memory, and no further than the model's context
 * goes. Thread-safe; of use until the model is closed.
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
   * Prepares a text to be continued.
   *
   * @param prompt the text
   * @param options how to choose tokens and when to stop
   * @param cancellation ends the encoding
   * @return the prompt
   * @throws io.adapt4j.core.generate.PromptTooLongException if the prompt does not fit into the
   *     context
   * @throws java.util.concurrent.CancellationException if it is cancelled
   * @throws IllegalArgumentException if the text has hundreds of thousands of characters without
   *     any place to divide it
   */
  public PreparedPrompt text(
      String prompt, GenerationOptions options, CancellationToken cancellation) {
    Texts.require("prompt", prompt);
    Texts.require("options", options);
    Texts.require("cancellation", cancellation);
    return model.share(
        () ->
            new PreparedPrompt(
                generator.encode(
                    options,
                    most -> model.model.promptIds(prompt, most, cancellation::isCancelled)),
                options));
  }

  /**
   * Prepares tokens to be continued.
   *
   * @param prompt token ids, at least one, to which nothing is added
   * @param options how to choose tokens and when to stop
   * @return the prompt
   * @throws io.adapt4j.core.generate.PromptTooLongException if the prompt does not fit into the
   *     context
   * @throws IllegalArgumentException if the prompt is empty or has an unknown id
   */
  public PreparedPrompt ids(int[] prompt, GenerationOptions options) {
    Texts.require("prompt", prompt);
    Texts.require("options", options);
    return model.share(
        () -> {
          generator.requireUsable(prompt, options);
          return new PreparedPrompt(prompt, options);
        });
  }

  /**
   * Prepares a conversation to be answered, as {@link LanguageModel#chat(List, ChatOptions,
   * GenerationOptions, java.util.function.Consumer, CancellationToken)} does.
   *
   * @param messages the conversation
   * @param rendering how to render it; a generation prompt is added unless it continues the last
   *     message
   * @param options how to choose tokens and when to stop
   * @param cancellation ends rendering and encoding
   * @return the prompt, with options that end the answer where its turn ends
   * @throws io.adapt4j.core.generate.PromptTooLongException if the prompt does not fit into the
   *     context
   * @throws java.util.concurrent.CancellationException if it is cancelled
   * @throws io.adapt4j.core.chat.ChatException if the model has no chat template
   * @throws io.adapt4j.jinja.TemplateException if the template refuses the conversation
   */
  public PreparedPrompt chat(
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
}
