package io.adapt4j.serve.vision;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.ModelPrompts;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.List;

/**
 * A language model that reads pictures. {@link ServedVision} implements it with the module {@code
 * vision}, if that is on the class path. Called by several threads.
 */
public interface PictureModel {

  /** {@return the model for texts, which answers prompts with pictures too} */
  LanguageModel languageModel();

  /**
   * Returns a view that reads and answers with one adapter alone.
   *
   * @param name name of a loaded adapter
   * @return the view
   * @throws IllegalArgumentException if no adapter has the name
   */
  PictureModel withAdapter(String name);

  /**
   * Encodes a conversation.
   *
   * @param messages the conversation
   * @param pictures one for each content part {@code {"type": "image"}}, in their order
   * @param rendering rendering options
   * @param options generation options
   * @param cancellation cancels the encoding
   * @return the prompt, closed by the caller after its answers
   * @throws IllegalArgumentException if a picture cannot be read; its message begins with the
   *     picture's name
   * @throws java.util.concurrent.CancellationException if it is cancelled
   */
  Prompt prompt(
      List<ChatMessage> messages,
      List<Attached> pictures,
      ChatOptions rendering,
      GenerationOptions options,
      CancellationToken cancellation);

  /**
   * A picture of a request.
   *
   * @param name its place in the request, for errors
   * @param bytes content of its file
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Attached(String name, byte[] bytes) {}

  /** A prompt whose pictures are held in memory until it is closed. */
  interface Prompt extends AutoCloseable {

    /** {@return tokens and options for {@link PictureModel#languageModel()}} */
    ModelPrompts.Prepared prepared();

    @Override
    void close();
  }
}
